import type { Destination, Session, Table } from "@org/destination";
import { limiterOf } from "./limiter.ts";
import { createRequest } from "./request.ts";
import type { Inventory, Source } from "./stream.ts";
import { defaultPipeline } from "./streams.ts";

export interface ReadInventoryOptions {
  readonly source: Pick<Source, "name" | "url" | "inventory">;
  /** Keys of {@link Source.inventory}. */
  readonly names: readonly string[];
  /** An empty destination for the rows. */
  readonly destination: Destination;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies server data that is not synced, such as the names of variables, into a destination.
 *
 * @returns the tables it wrote
 * @throws RangeError for an unknown name; a client's error or a DestinationError; the signal's reason
 * @example
 * const tables = await readInventory({ source: airflow({ client }), names: ["pools"], destination });
 */
export async function readInventory({
  source,
  names,
  destination,
  signal = new AbortController().signal,
}: ReadInventoryOptions): Promise<readonly Table[]> {
  const chosen = names.map((name): Inventory => {
    const found = source.inventory?.[name];
    if (found) return found;
    const known = Object.keys(source.inventory ?? {}).join(", ") || "nothing";
    throw new RangeError(`${source.name} has ${known} besides its streams, but not ${JSON.stringify(name)}.`);
  });
  const tables = chosen.map(({ table }) => table);
  const request = createRequest({ limiter: limiterOf(source.url), signal, emit() {} });
  const session = await destination.open({ pipeline: defaultPipeline(source), signal });
  try {
    await session.prepare(tables);
    for (const { table, read } of chosen) {
      for await (const rows of read({ request, signal })) await store(session, table, rows);
    }
  } finally {
    await session.close();
  }
  return tables;
}

async function store(session: Session, table: Table, upserts: readonly object[]): Promise<void> {
  await session.commit(table.name, { table, upserts: upserts as never, state: { version: 1, value: null } });
}
