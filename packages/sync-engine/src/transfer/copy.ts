import { type Destination, declaredTable, type Table } from "@org/destination";

/**
 * Copies a pipeline's rows, including deleted ones, and its states into an empty destination, under the tables' declared
 * names. Syncs of the pipeline cannot write while it copies.
 *
 * @param options.tables declarations of the tables to copy
 */
export async function copyPipeline({
  from,
  to,
  pipeline,
  tables: declared,
  signal,
}: {
  readonly from: Destination;
  readonly to: Destination;
  readonly pipeline: string;
  readonly tables: readonly Table[];
  readonly signal?: AbortSignal | undefined;
}): Promise<void> {
  const contents = (await from.contents!(signal && { signal })).find((each) => each.pipeline === pipeline);
  const tables = (contents?.tables ?? []).flatMap((stored) => {
    const known = declaredTable(from, stored, declared);
    return known ? [{ real: stored.name, stored: known.stored, copy: { ...known.stored, name: known.name } }] : [];
  });
  const reading = await from.open({ pipeline, ...(signal && { signal }) });
  try {
    const writing = await to.open({ pipeline, ...(signal && { signal }) });
    try {
      await reading.prepare(tables.map(({ stored }) => stored));
      await writing.prepare(tables.map(({ copy }) => copy));
      for (const { stored, copy } of tables) {
        for await (const page of reading.rows!(stored)) await writing.restore!(copy, page);
      }
      const states = await reading.states();
      for (const { stream, tables: names } of contents?.streams ?? []) {
        const state = states.get(stream);
        const table = tables.find(({ real }) => names.includes(real))?.copy;
        if (state && table) await writing.commit(stream, { table, state });
      }
    } finally {
      await writing.close();
    }
  } finally {
    await reading.close();
  }
}
