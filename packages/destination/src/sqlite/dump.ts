/** Writes rows as CSV. SQLite has no COPY, but it joins columns much faster than JavaScript reads them one by one. */
import { DumpFile } from "../sql/dump-file.ts";
import { quoted } from "../sql/names.ts";
import type { Dumped, DumpOptions } from "../sql-reader.ts";
import type { Column } from "../table.ts";
import type { SqliteValue } from "./values.ts";

/** Its values, in the order of the result's columns. */
export type DumpedRow = readonly SqliteValue[] | Readonly<Record<string, SqliteValue>>;

/** What a dump needs of the open file. */
interface Readable {
  iterate(sql: string): Iterator<DumpedRow>;
  /** Repeats the work while the file is busy. */
  patiently<T>(work: () => T): Promise<T>;
  breathe(): Promise<void>;
}

export async function dumpRows(sql: string, { file, columns, onRows }: DumpOptions, from: Readable): Promise<Dumped> {
  const target = await DumpFile.create(file);
  const rows = from.iterate(`SELECT ${partsOf(Object.entries(columns)).join(", ")} FROM (${sql})`);
  let count = 0;
  // A row that the buffer had no room for.
  let waiting: readonly string[] | undefined;
  try {
    for (let isEnd = false; !isEnd; ) {
      isEnd = await from.patiently(() => {
        for (;;) {
          const next = rows.next();
          if (next.done) return true;
          count += 1;
          const line = lineOf(next.value);
          if (target.add(line)) continue;
          waiting = line;
          return false;
        }
      });
      await target.flush();
      // It may be larger than the buffer.
      if (waiting && !target.add(waiting)) await target.write(Buffer.from(waiting.join("")));
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

/** The texts of a row, not joined: V8 keeps the joined ones for longer than they are needed. */
function lineOf(row: DumpedRow): readonly string[] {
  const line: string[] = [];
  for (const part of Array.isArray(row) ? row : Object.values(row)) line.push(String(part ?? ""));
  line.push("\n");
  return line;
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
