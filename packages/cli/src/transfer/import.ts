import { createReadStream } from "node:fs";
import type { Destination, Session, StoredValues, Table } from "@org/destination";
import { UsageError } from "../errors.ts";
import { readLines } from "../read-lines.ts";
import { FORMAT, type Line, parseLine, rowOf } from "./format.ts";

/** So many rows are written in one transaction. */
const BATCH_ROWS = 5000;

export interface ImportOptions {
  /** Who is to own the tables. @default who owned them before */
  readonly pipeline?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ImportResult {
  readonly pipeline: string;
  readonly rows: number;
  readonly streams: readonly string[];
}

/**
 * Writes what was exported into another destination: first all rows, then the states. Until its end there is no state, so
 * an import that ends before can be done again.
 *
 * @param path of the exported file
 * @throws UsageError where the file is no whole export, or the pipeline has something there already; DestinationError
 */
export async function importPipeline(
  path: string,
  destination: Destination,
  { pipeline, signal }: ImportOptions = {},
): Promise<ImportResult> {
  if (!destination.capabilities.transfer) throw new UsageError(`${destination.name} cannot take an export yet.`);
  const lines = linesOf(path, signal);
  try {
    const { value: head } = await lines.next();
    if (head?.type !== "export") throw new UsageError(`${path} is not what "dagsync state export" wrote.`);
    if (head.format > FORMAT) {
      throw new UsageError(`${path} was exported by a newer release (format ${head.format}). Update this program.`);
    }
    const name = pipeline ?? head.pipeline;
    const session = await destination.open({ pipeline: name, ...(signal && { signal }) });
    try {
      if ((await session.states()).size > 0) {
        throw new UsageError(`${destination.name} holds pipeline ${name} already: import it under another name.`);
      }
      return { pipeline: name, ...(await importLines(path, lines, destination, session)) };
    } finally {
      await session.close();
    }
  } finally {
    await lines.return(undefined);
  }
}

type StateLine = Extract<Line, { type: "state" }>;

async function importLines(
  path: string,
  lines: AsyncIterable<Line>,
  destination: Destination,
  session: Session,
): Promise<Omit<ImportResult, "pipeline">> {
  const tables = new Map<string, { readonly table: Table; live: number }>();
  const states: StateLine[] = [];
  let current: { readonly table: Table; live: number } | undefined;
  let batch: StoredValues[] = [];
  let rows = 0;
  let isWhole = false;
  const store = async () => {
    if (current && batch.length > 0) await session.restore!(current.table, batch);
    batch = [];
  };
  for await (const line of lines) {
    if (line.type === "row" && current) {
      const row = rowOf(current.table, line.row);
      batch.push(row);
      rows += 1;
      if (row._deleted_at === null) current.live += 1;
      if (batch.length >= BATCH_ROWS) await store();
      continue;
    }
    await store();
    if (line.type === "table") {
      current = { table: line.table as Table, live: 0 };
      tables.set(line.table.name, current);
      await session.prepare([current.table]);
    } else if (line.type === "state") states.push(line);
    else if (line.type === "end") isWhole = line.rows === rows;
  }
  if (!isWhole) {
    throw new UsageError(`${path} is cut off: its rows were stored, its states were not. Import the whole file again.`);
  }
  for (const { table, live } of tables.values()) {
    const held = await session.count(table, {});
    if (held === live) continue;
    const name = destination.realTable?.(table).name ?? table.name;
    throw new UsageError(
      `${destination.name} holds ${held} rows in ${name}, and the export ${live}: something else was there before. ` +
        "Drop the table and import again.",
    );
  }
  for (const { stream, tables: names, version, value } of states) {
    for (const name of names) {
      const table = tables.get(name)?.table;
      if (table) await session.commit(stream, { table, state: { version, value } });
    }
  }
  return { rows, streams: states.map(({ stream }) => stream) };
}

async function* linesOf(path: string, signal: AbortSignal | undefined): AsyncGenerator<Line, undefined> {
  let number = 0;
  try {
    for await (const text of readLines(createReadStream(path))) {
      signal?.throwIfAborted();
      number += 1;
      yield lineOf(text, `${path}:${number}`);
    }
  } catch (error) {
    throw unreadable(error, path, number + 1);
  }
}

/** What reading the file failed by, in words; anything else as it is. */
function unreadable(error: unknown, path: string, number: number): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") {
    return new UsageError(`${path}: not UTF-8 at line ${number} or soon after it. Was the file converted?`);
  }
  if (code === "EISDIR") return new UsageError(`${path} is a folder: name the file that "dagsync state export" wrote.`);
  return syscall ? new UsageError(`The file ${path} cannot be read (${code}).`) : error;
}

function lineOf(text: string, where: string): Line {
  try {
    return parseLine(text);
  } catch (cause) {
    throw new UsageError(`${where}: this is not a line of an export. Was the file cut off or changed?`, { cause });
  }
}
