import type { Destination } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import type { SqlReader } from "../sql-reader.ts";
import { type StoredValues, systemColumns, type Table } from "../table.ts";
import { columnsOf, copyOptions, selection, type WriteOptions } from "./formats.ts";
import type { Seen } from "./manifest.ts";
import { type Converter, openConverter } from "./through-duckdb.ts";

export interface TableSource {
  readonly dialect: SqlReader["dialect"];
  /** What tells whether rows of a table changed. */
  see(table: Table, condition: string): Promise<Seen>;
  /** Writes a file. @returns how many rows */
  write(table: Table, options: WriteOptions): Promise<number>;
  close(): Promise<void>;
}

/** @param staging a folder for files that are being written */
export async function openSource(
  destination: Destination,
  staging: string,
  signal?: AbortSignal,
): Promise<TableSource> {
  if (!destination.read) {
    throw new DestinationError(
      "NOT_A_DESTINATION",
      `${destination.name} does not support SQL, so it cannot be exported.`,
    );
  }
  const reader = await destination.read({ signal, copyInto: staging });
  let converter: Converter | undefined;
  return {
    dialect: reader.dialect,
    see: async (table, condition) => {
      const columns = { synced: systemColumns._synced_at, deleted: systemColumns._deleted_at };
      const [found] = await reader.query(
        `SELECT count(*) AS "rows", max(_synced_at) AS synced, max(_deleted_at) AS deleted
         FROM ${reader.table(table)} WHERE ${condition}`,
        [],
        { columns },
      );
      const { rows, synced, deleted } = found as StoredValues;
      return { rows: Number(rows), synced: synced as string | null, deleted: deleted as string | null };
    },
    async write(table, options) {
      const { form, condition, file, expected, onRows } = options;
      const columns = columnsOf(table);
      if (!reader.copy) {
        converter ??= await openConverter(reader, staging, signal);
        return converter.write(table, options);
      }
      const sql = `SELECT ${selection(form, columns)} FROM ${reader.table(table)} WHERE ${condition}`;
      return reader.copy(sql, {
        file,
        format: copyOptions(form, columns),
        onProgress: onRows && ((share) => onRows(Math.floor(share * expected))),
      });
    },
    async close() {
      await converter?.close();
      await reader.close();
    },
  };
}
