/** Rows as lines of CSV. SQLite has no COPY, but joins a row's columns itself, which is much faster than handing them out. */
import { DumpFile } from "../sql/dump-file.ts";
import { quoted } from "../sql/names.ts";
import type { Dumped, DumpOptions } from "../sql-reader.ts";
import type { Column } from "../table.ts";
import type { SqliteValue } from "./values.ts";

/** What is needed of the open file. */
interface Readable {
  iterate(sql: string): Iterator<Record<string, SqliteValue>>;
  /** Tries again where the file is busy. */
  patiently<T>(work: () => T): Promise<T>;
  breathe(): Promise<void>;
}

export async function dumpRows(sql: string, { file, columns, onRows }: DumpOptions, from: Readable): Promise<Dumped> {
  const target = await DumpFile.create(file);
  const rows = from.iterate(`SELECT ${partsOf(Object.entries(columns)).join(", ")} FROM (${sql})`);
  let count = 0;
  // What had no room before the last flush.
  let waiting: string | undefined;
  try {
    for (let isEnd = false; !isEnd; ) {
      isEnd = await from.patiently(() => {
        for (;;) {
          if (waiting === undefined) {
            const next = rows.next();
            if (next.done) return true;
            waiting = lineOf(next.value);
            count += 1;
          }
          if (!target.add(waiting)) return false;
          waiting = undefined;
        }
      });
      await target.flush();
      // It may have more than all of the room.
      if (waiting !== undefined && !target.add(waiting)) await target.write(Buffer.from(waiting));
      waiting = undefined;
      onRows?.(count);
      await from.breathe();
    }
    await target.flush();
    return { rows: count, lines: target.lines };
  } finally {
    rows.return?.();
    await target.close();
  }
}

function lineOf(row: Readonly<Record<string, SqliteValue>>): string {
  let line = "";
  for (const part of Object.values(row)) line += part ?? "";
  return `${line}\n`;
}

/** SQLite's limit is 127 arguments of a function. */
const mostArguments = 100;

/**
 * Texts of several columns each, and between them floating-point numbers, which only JavaScript formats without loss.
 */
function partsOf(columns: readonly (readonly [string, Column])[]): readonly string[] {
  const parts: string[] = [];
  let texts: string[] = [];
  const end = () => {
    if (texts.length > 0) parts.push(`concat(${texts.join(", ")})`);
    texts = [];
  };
  for (const [index, [name, { type }]] of columns.entries()) {
    if (index > 0) texts.push("','");
    if (type === "float64") {
      end();
      parts.push(quoted(name));
    } else texts.push(textOf(name, type));
    if (texts.length >= mostArguments) end();
  }
  end();
  return parts.map((part, index) => `${part} AS part${index}`);
}

/** One argument of `concat`, which takes null for an empty text; `||` makes the whole of it null. */
function textOf(name: string, type: Column["type"]): string {
  const value = quoted(name);
  return type === "string" || type === "json" ? `'"' || replace(${value}, '"', '""') || '"'` : value;
}
