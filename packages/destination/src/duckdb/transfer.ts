/** Whole tables, out of a file and into one, and what a file holds: for moving pipelines between destinations. */
import type { StoredPipeline } from "../destination.ts";
import { type StoredRow, systemColumns, type Table } from "../table.ts";
import { sameKey, stage, stageRows } from "./commit.ts";
import type { Database } from "./database.ts";
import { readDuckdb } from "./read.ts";
import { literal, namesIn, quoted } from "./sql.ts";

const pageRows = 2000;
let copies = 0;

/** A table with the columns that every table has besides its own. */
function withSystemColumns(table: Table): Table {
  return { ...table, columns: { ...table.columns, ...systemColumns } };
}

/**
 * All rows of a table in the order of their keys. They are put in order once, in a temporary table that DuckDB keeps on
 * disk where it is large; pages of that are found by their row numbers, and other calls may come in between.
 */
export async function* readPages(database: Database, table: Table): AsyncGenerator<readonly StoredRow[]> {
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
    // It goes with the session at the latest.
    await database.queue(doing, () => database.run(`DROP TABLE ${copy}`)).catch(() => undefined);
  }
}

/** Writes rows as they are over those with the same keys. Part of a transaction. */
export async function restoreRows(database: Database, table: Table, rows: readonly StoredRow[]): Promise<void> {
  const whole = withSystemColumns(table);
  if ((await stageRows(database, whole, rows as never)) === 0) return;
  const target = database.names.table(table.name);
  const columns = Object.keys(whole.columns).map(quoted).join(", ");
  await database.run(
    `DELETE FROM ${target} AS target USING temp.main.${stage} AS source WHERE ${sameKey(table, "target")}`,
  );
  await database.run(`INSERT INTO ${target} (${columns}) SELECT ${columns} FROM temp.main.${stage}`);
}

/** What the pipelines of a schema have, by the bookkeeping and the tables themselves. */
export function readContents(path: string, schema: string, signal?: AbortSignal): Promise<readonly StoredPipeline[]> {
  const names = namesIn(schema);
  const where = `WHERE database_name = current_database() AND schema_name = ${literal(schema)}`;
  return readDuckdb(
    path,
    async (query) => {
      const found = await query(`SELECT table_name, column_name FROM duckdb_columns() ${where} ORDER BY column_index`);
      const columns = Map.groupBy(found, ({ table_name }) => String(table_name));
      if (!columns.has("_sync_tables")) return [];
      const states = await query(
        `SELECT pipeline, stream, version, value, to_json(tables) AS tables, committed_at
         FROM ${names.table("_sync_state")} ORDER BY pipeline, stream`,
      );
      const owned = await query(
        `SELECT table_name, pipeline FROM ${names.table("_sync_tables")} ORDER BY pipeline, table_name`,
      );
      const pipelines = [...new Set([...owned, ...states].map(({ pipeline }) => String(pipeline)))].sort();
      const contents: StoredPipeline[] = [];
      for (const pipeline of pipelines) {
        const tables = [];
        for (const { table_name } of owned.filter((each) => each.pipeline === pipeline)) {
          const name = String(table_name);
          const own = columns.get(name)?.map(({ column_name }) => String(column_name));
          if (!own) continue;
          const [counts] = await query(
            `SELECT count(*) FILTER (_deleted_at IS NULL) AS rows, count(_deleted_at) AS deleted FROM ${names.table(name)}`,
          );
          tables.push({
            name,
            columns: own.filter((column) => !Object.hasOwn(systemColumns, column)),
            rows: Number(counts?.rows),
            deleted: Number(counts?.deleted),
          });
        }
        const streams = states
          .filter((each) => each.pipeline === pipeline)
          .map(({ stream, version, value, tables, committed_at }) => ({
            stream: String(stream),
            tables: tables as string[],
            state: stateOf(Number(version), String(value)),
            committedAt: String(committed_at),
          }));
        contents.push({ pipeline, tables, streams });
      }
      return contents;
    },
    signal && { signal },
  );
}

function stateOf(version: number, text: string) {
  try {
    return { version, value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
