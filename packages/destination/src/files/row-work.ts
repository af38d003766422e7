/** How rows get into the working copy: those that a data file could not give back are refused. */
import { stage } from "../duckdb/commit.ts";
import type { Database } from "../duckdb/database.ts";
import { rowWork } from "../duckdb/row-work.ts";
import { quoted } from "../sql/names.ts";
import type { RowWork } from "../sql/session.ts";
import type { Column, Table } from "../table.ts";
import { invalidRows } from "../unfit-rows.ts";
import { type FileFormat, longestTexts } from "./formats.ts";

/** The work of the DuckDB adapter, for files of one format. */
export function fileRowWork(database: Database, format: FileFormat): RowWork {
  const work = rowWork(database);
  const limit = longestTexts(format);
  if (limit === Number.POSITIVE_INFINITY) return work;
  return {
    ...work,
    async write(batch, mode) {
      const result = await work.write(batch, mode);
      const { upserts = [], replace = [] } = batch;
      if (upserts.length > 0 || replace.length > 0) await checkLengths(database, batch.table, limit);
      return result;
    },
    async restore(table, rows) {
      await work.restore(table, rows);
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
