/** A source whose primary key is too small to distinguish its rows. */
import type { Table } from "@org/destination";
import type { Source, Stream } from "@org/sync-engine";

export function withSmallKey(source: Source, tableName: string, primaryKey: readonly string[]): Source {
  const smaller = (table: Table): Table => (table.name === tableName ? { ...table, primaryKey } : table);
  const streams = source.streams.map(
    (stream): Stream => ({
      ...stream,
      table: smaller(stream.table),
      async *read(context) {
        for await (const batch of stream.read(context)) {
          yield batch.table ? { ...batch, table: smaller(batch.table) } : batch;
        }
      },
    }),
  );
  return { ...source, streams };
}
