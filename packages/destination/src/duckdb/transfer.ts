/** Reads and restores whole tables, to move pipelines between destinations. */
import { quoted } from "../sql/names.ts";
import { pageRows, withSystemColumns } from "../sql/transfer.ts";
import type { StoredValues, Table } from "../table.ts";
import { sameKey, stage, stageRows } from "./commit.ts";
import type { Database } from "./database.ts";

let copies = 0;

/**
 * All rows of a table, ordered by key. They are sorted once, into a temporary table that DuckDB keeps on disk if it is
 * large. Its pages are found by row number, and other calls may run in between.
 */
export async function* readPages(database: Database, table: Table): AsyncGenerator<readonly StoredValues[]> {
  copies += 1;
  const copy = `temp.main._sync_copy_${copies}`;
  const columns = Object.keys(withSystemColumns(table).columns).map(quoted).join(", ");
  const doing = `Reading ${table.name}`;
  await database.queue(doing, () =>
    database.run(
      `CREATE TEMP TABLE _sync_copy_${copies} AS SELECT ${columns} FROM ${database.names.table(table.name)}
       ORDER BY ${table.primaryKey.map(quoted).join(", ")}`,
    ),
  );
  try {
    for (let start = 0; ; start += pageRows) {
      const range = `rowid >= ${start} AND rowid < ${start + pageRows}`;
      const sql = `SELECT ${columns} FROM ${copy} WHERE ${range} ORDER BY rowid`;
      const rows = await database.queue(doing, () => database.read(sql));
      if (rows.length > 0) yield rows;
      if (rows.length < pageRows) return;
    }
  } finally {
    // It is dropped with the session at the latest.
    await database.queue(doing, () => database.run(`DROP TABLE ${copy}`)).catch(() => undefined);
  }
}

/** Writes rows unchanged over those with the same keys. Part of a transaction. */
export async function restoreRows(database: Database, table: Table, rows: readonly StoredValues[]): Promise<void> {
  const whole = withSystemColumns(table);
  if ((await stageRows(database, whole, rows as never)).rows === 0) return;
  const target = database.names.table(table.name);
  const columns = Object.keys(whole.columns).map(quoted).join(", ");
  await database.run(
    `DELETE FROM ${target} AS target USING temp.main.${stage} AS source WHERE ${sameKey(table, "target")}`,
  );
  await database.run(`INSERT INTO ${target} (${columns}) SELECT ${columns} FROM temp.main.${stage}`);
}
