import {
  type DeclaredTable,
  type Destination,
  declaredTable,
  type Session,
  type StoredPipeline,
  type Table,
} from "@org/destination";
import { SyncError } from "../errors.ts";
import { FORMAT, lineText, rowLine, type StateLine } from "./format.ts";

export interface ExportStateOptions {
  readonly destination: Destination;
  /** Declarations of the tables, such as `airflowTables`. The stored names may have a prefix. */
  readonly tables: readonly Table[];
  /** @default the destination's only pipeline */
  readonly pipeline?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Exports a pipeline as JSON lines for {@link importState}: its rows, including deleted ones, and its states. Yields a
 * page of rows at a time. Syncs of the pipeline cannot write until the iteration ends.
 *
 * @throws SyncError `NOTHING_STORED` if the destination does not hold the pipeline, `INVALID_OPTION` if it holds several
 * and none is chosen, `UNKNOWN_TABLE` for a stored table that is not in `tables`, `NOT_SUPPORTED` if the destination
 * cannot be exported; DestinationError; the signal's reason
 * @example
 * const text = Readable.from(exportState({ destination, tables: airflowTables }));
 * await pipeline(text, createWriteStream("state.ndjson"));
 */
export async function* exportState({
  destination,
  tables: declared,
  pipeline,
  signal,
}: ExportStateOptions): AsyncGenerator<string, void, void> {
  const { name, contents } = destination;
  if (!contents) throw new SyncError("NOT_SUPPORTED", `${name} does not support exports yet.`);
  const found = chosen(name, await contents.call(destination, signal && { signal }), pipeline);
  const tables = found.tables.map((stored) => {
    const known = declaredTable(destination, stored, declared);
    if (known) return { ...known, realName: stored.name };
    throw new SyncError(
      "UNKNOWN_TABLE",
      `This release does not know a table like ${stored.name}, so it cannot move it.`,
    );
  });
  const session = await destination.open({ pipeline: found.pipeline, ...(signal && { signal }) });
  try {
    const exportedAt = new Date().toISOString();
    yield lineText({ type: "export", format: FORMAT, pipeline: found.pipeline, exportedAt });
    await session.prepare(tables.map(({ stored }) => stored));
    let rows = 0;
    for (const { name, stored } of tables) {
      const { description, primaryKey, columns } = stored;
      yield lineText({ type: "table", table: { name, description, primaryKey, columns } });
      for await (const page of session.rows!(stored)) {
        rows += page.length;
        yield page.map((row) => rowLine(stored, row)).join("");
      }
    }
    for (const state of await states(session, found, tables)) yield lineText(state);
    yield lineText({ type: "end", rows });
  } finally {
    await session.close();
  }
}

function chosen(place: string, all: readonly StoredPipeline[], pipeline: string | undefined): StoredPipeline {
  if (all.length === 0) throw new SyncError("NOTHING_STORED", `${place} contains no synced data.`);
  const found = all.filter((each) => pipeline === undefined || each.pipeline === pipeline);
  if (found.length === 1) return found[0]!;
  const held = `It has: ${all.map((each) => each.pipeline).join(", ")}.`;
  if (found.length === 0) throw new SyncError("NOTHING_STORED", `${place} has no such pipeline. ${held}`);
  throw new SyncError("INVALID_OPTION", `${place} has several pipelines: name one with \`pipeline\`. ${held}`);
}

/** Reads the states while the session blocks writers. Skips unreadable ones: the next sync reads those streams again. */
async function states(
  session: Session,
  { streams }: StoredPipeline,
  tables: readonly (DeclaredTable & { readonly realName: string })[],
): Promise<StateLine[]> {
  const current = await session.states();
  return [...current].map(([stream, { version, value }]) => {
    const written = streams.find((each) => each.stream === stream)?.tables ?? [];
    const names = tables.filter(({ realName }) => written.includes(realName)).map(({ name }) => name);
    return { type: "state", stream, tables: names, version, value };
  });
}
