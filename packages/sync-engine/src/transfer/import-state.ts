import type { Destination, Session, StoredValues, Table } from "@org/destination";
import { readLines } from "@org/kit";
import { SyncError } from "../errors.ts";
import { FORMAT, type Line, parseLine, rowOf, type StateLine } from "./format.ts";

/** Rows per transaction. */
const BATCH_ROWS = 5000;

export interface ImportStateOptions {
  readonly destination: Destination;
  /** The output of {@link exportState}, in chunks of any size, such as a file's read stream. Read to its end. */
  readonly from: AsyncIterable<Uint8Array | string>;
  /** Its name in messages, such as a file path. @default "the export" */
  readonly name?: string | undefined;
  /** The pipeline to own the tables. @default the exported one */
  readonly pipeline?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ImportStateResult {
  readonly pipeline: string;
  readonly rows: number;
  readonly streams: readonly string[];
}

/**
 * Imports an exported pipeline into another destination: first all rows, then the states. If it ends early there are no
 * states, so it can be repeated.
 *
 * @throws SyncError `INVALID_EXPORT` if the text is not a complete export, `NEWER_STATE` if a newer release wrote it,
 * `ALREADY_STORED` if the destination already holds the pipeline or other rows in its tables, `NOT_SUPPORTED` if the
 * destination cannot import; DestinationError; anything that `from` throws; the signal's reason
 * @example
 * const { rows } = await importState({ destination, from: createReadStream("state.ndjson") });
 */
export async function importState({
  destination,
  from,
  name = "the export",
  pipeline,
  signal,
}: ImportStateOptions): Promise<ImportStateResult> {
  if (!destination.capabilities.transfer) {
    throw new SyncError("NOT_SUPPORTED", `${destination.name} does not support imports yet.`);
  }
  const lines = linesOf(from, name, signal);
  try {
    const { value: head } = await lines.next();
    if (head?.type !== "export") throw new SyncError("INVALID_EXPORT", `${name} was not written by \`exportState\`.`);
    if (head.format > FORMAT) {
      const message = `${name} was exported by a newer release (format ${head.format}). Update this program.`;
      throw new SyncError("NEWER_STATE", message);
    }
    const owner = pipeline ?? head.pipeline;
    const session = await destination.open({ pipeline: owner, ...(signal && { signal }) });
    try {
      if ((await session.states()).size > 0) {
        const message = `${destination.name} holds pipeline ${owner} already: import it under another name.`;
        throw new SyncError("ALREADY_STORED", message);
      }
      return { pipeline: owner, ...(await importLines(lines, name, destination, session)) };
    } finally {
      await session.close();
    }
  } finally {
    await lines.return(undefined);
  }
}

interface Imported {
  readonly table: Table;
  /** Rows that are not deleted. */
  live: number;
}

async function importLines(
  lines: AsyncIterable<Line>,
  from: string,
  destination: Destination,
  session: Session,
): Promise<Omit<ImportStateResult, "pipeline">> {
  const tables = new Map<string, Imported>();
  const states: StateLine[] = [];
  let current: Imported | undefined;
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
      current = { table: line.table, live: 0 };
      tables.set(line.table.name, current);
      await session.prepare([current.table]);
    } else if (line.type === "state") states.push(line);
    else if (line.type === "end") isWhole = line.rows === rows;
  }
  if (!isWhole) {
    const message = `${from} is truncated: its rows were stored, but not its states. Import the complete file again.`;
    throw new SyncError("INVALID_EXPORT", message);
  }
  for (const imported of tables.values()) await expectRows(imported, destination, session);
  for (const { stream, tables: names, version, value } of states) {
    for (const name of names) {
      const table = tables.get(name)?.table;
      if (table) await session.commit(stream, { table, state: { version, value } });
    }
  }
  return { rows, streams: states.map(({ stream }) => stream) };
}

/** @throws SyncError `ALREADY_STORED` if a table holds more than the imported rows */
async function expectRows({ table, live }: Imported, destination: Destination, session: Session): Promise<void> {
  const held = await session.count(table, {});
  if (held === live) return;
  const name = destination.realTable?.(table).name ?? table.name;
  throw new SyncError(
    "ALREADY_STORED",
    `${destination.name} has ${held} rows in ${name}, but the export has ${live}: the table was not empty before. ` +
      "Drop the table and import again.",
  );
}

async function* linesOf(
  from: ImportStateOptions["from"],
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Line, undefined> {
  let number = 0;
  try {
    for await (const text of readLines(from)) {
      signal?.throwIfAborted();
      number += 1;
      yield lineOf(text, `${name}:${number}`);
    }
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_ENCODING_INVALID_ENCODED_DATA") throw error;
    const message = `${name}: not UTF-8 at or after line ${number + 1}. Was the file converted?`;
    throw new SyncError("INVALID_EXPORT", message, { cause: error });
  }
}

function lineOf(text: string, where: string): Line {
  try {
    return parseLine(text);
  } catch {
    // The original message would quote the line's data.
    throw new SyncError("INVALID_EXPORT", `${where}: not a line of an export. Was the file truncated or changed?`);
  }
}
