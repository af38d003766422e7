/** Writes rows to the working copy, and rejects those that could not be read back from a data file. */
import { stage } from "../duckdb/commit.ts";
import type { Database } from "../duckdb/database.ts";
import { rowWriter } from "../duckdb/row-writer.ts";
import { quoted } from "../sql/names.ts";
import type { RowWriter } from "../sql/session.ts";
import type { Column, Table } from "../table.ts";
import { invalidRows } from "../unfit-rows.ts";
import { type FileFormat, longestTexts } from "./formats.ts";

/** The DuckDB adapter's writer, for files of one format. */
export function fileRowWriter(database: Database, format: FileFormat): RowWriter {
  const writer = rowWriter(database);
  const limit = longestTexts(format);
  if (limit === Number.POSITIVE_INFINITY) return writer;
  return {
    ...writer,
    async write(batch, mode) {
      const result = await writer.write(batch, mode);
      const { upserts = [], replace = [] } = batch;
      if (upserts.length > 0 || replace.length > 0) await checkLengths(database, batch.table, limit);
      return result;
    },
    async restore(table, rows) {
      await writer.restore(table, rows);
      await checkLengths(database, table, limit);
    },
  };
}

/** @throws DestinationError `INVALID_ROW` for staged rows whose texts are longer than the limit, in bytes */
async function checkLengths(database: Database, table: Table, limit: number): Promise<void> {
  const texts = Object.entries<Column>(table.columns).filter(([, { type }]) => type === "string" || type === "json");
  const lengths = texts.map(([name]) => `coalesce(strlen(${quoted(name)}), 0)`);
  if (lengths.length === 0) return;
  const key = table.primaryKey.map(quoted).join(", ");
  const long = await database.read(`SELECT ${key} FROM temp.main.${stage} WHERE ${lengths.join(" + ")} > ${limit}`);
  if (long.length === 0) return;
  const reason = `its text is longer than ${limit / 2 ** 20} MB in total, which readers of this format cannot read back`;
  throw invalidRows(
    table,
    long.map((row) => ({ key: row, reason })),
  );
}
