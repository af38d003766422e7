import type { Destination, Session, StoredPipeline } from "@org/destination";
import { UsageError } from "../errors.ts";
import { FORMAT, type Line, rowLine } from "./format.ts";
import { type KnownTable, knownTable } from "./known-tables.ts";

export interface ExportOptions {
  /** @default the only one of the destination */
  readonly pipeline?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A pipeline's tables and states as text, a page of rows at a time. No sync of the pipeline can write meanwhile.
 *
 * @throws UsageError where the pipeline is not there, or the destination cannot be exported; DestinationError
 */
export async function* exportPipeline(
  destination: Destination,
  { pipeline, signal }: ExportOptions = {},
): AsyncGenerator<string> {
  const { name, contents } = destination;
  if (!contents) throw new UsageError(`${name} cannot be exported yet.`);
  const found = chosen(name, await contents.call(destination, signal && { signal }), pipeline);
  const tables = found.tables.map(knownTable);
  const session = await destination.open({ pipeline: found.pipeline, ...(signal && { signal }) });
  try {
    const head = {
      type: "export",
      format: FORMAT,
      pipeline: found.pipeline,
      exportedAt: new Date().toISOString(),
    } as const;
    yield line(head);
    await session.prepare(tables.map(({ stored }) => stored));
    let rows = 0;
    for (const table of tables) {
      const { description, primaryKey, columns } = table.stored;
      yield line({ type: "table", table: { name: table.name, description, primaryKey: [...primaryKey], columns } });
      for await (const page of session.rows!(table.stored)) {
        rows += page.length;
        yield page.map((row) => `${rowLine(table.stored, row)}\n`).join("");
      }
    }
    for (const state of await states(session, found, tables)) yield line(state);
    yield line({ type: "end", rows });
  } finally {
    await session.close();
  }
}

function chosen(place: string, all: readonly StoredPipeline[], pipeline: string | undefined): StoredPipeline {
  const names = all.map((each) => each.pipeline);
  if (all.length === 0) throw new UsageError(`${place} holds nothing that a sync wrote.`);
  const found = all.filter((each) => pipeline === undefined || each.pipeline === pipeline);
  if (found.length === 1) return found[0]!;
  const problem = found.length > 1 ? "holds several pipelines: name one with --pipeline." : "holds no such pipeline.";
  throw new UsageError(`${place} ${problem} It holds: ${names.join(", ")}.`);
}

/** Read while nobody else can write. One that cannot be read is left out: the next sync then reads its stream again. */
async function states(session: Session, { streams }: StoredPipeline, tables: readonly KnownTable[]): Promise<Line[]> {
  const current = await session.states();
  return [...current].map(([stream, { version, value }]) => {
    const written = streams.find((each) => each.stream === stream)?.tables ?? [];
    const names = tables.filter(({ stored }) => written.includes(stored.name)).map(({ name }) => name);
    return { type: "state", stream, tables: names, version, value };
  });
}

function line(value: Line): string {
  return `${JSON.stringify(value)}\n`;
}
