/** Reads whole tables, and lists what a database holds, to move pipelines between destinations. */
import type { State, StoredPipeline, StoredTable } from "../destination.ts";
import { type Columns, type StoredValues, systemColumns, type Table } from "../table.ts";
import type { SqlDatabase } from "./database.ts";
import { quoted } from "./names.ts";
import { Parameters } from "./parameters.ts";
import { checked, columnOf } from "./scope.ts";

/** Rows per page: few enough for wide rows, many enough for large tables. */
export const pageRows = 2000;

/** A table including the columns that every table has besides its own. */
export function withSystemColumns(table: Table): Table {
  return { ...table, columns: { ...table.columns, ...systemColumns } };
}

/** All rows of a table, ordered by key. Each page starts after the last key of the previous one. */
export async function* readPages(database: SqlDatabase, table: Table): AsyncGenerator<readonly StoredValues[]> {
  const { columns } = withSystemColumns(table);
  const key = table.primaryKey.map(quoted).join(", ");
  let last: StoredValues | undefined;
  do {
    const given = new Parameters();
    const values = table.primaryKey.map(
      (name) => last && given.add(columnOf(table, name), checked(table, name, last[name])),
    );
    const after = last ? `WHERE (${key}) > (${values.join(", ")})` : "";
    const sql = `SELECT ${Object.keys(columns).map(quoted).join(", ")} FROM ${database.names.table(table.name)}
      ${after} ORDER BY ${key} LIMIT ${pageRows}`;
    const rows = await database.queue(`Reading ${table.name}`, () => database.read(sql, given, columns));
    if (rows.length > 0) yield rows;
    last = rows.length < pageRows ? undefined : rows.at(-1);
  } while (last);
}

const stateColumns = {
  tables: { type: "json", description: "" },
  committed_at: { type: "timestamp", description: "" },
} as const satisfies Columns;

/** Like {@link readContents}, and closes the connection. */
export async function lookAt(database: SqlDatabase): Promise<readonly StoredPipeline[]> {
  try {
    return await database.queue("Reading its contents", () => readContents(database));
  } finally {
    await database.close();
  }
}

/**
 * What the pipelines of a schema have stored, from the bookkeeping and the tables themselves. Works without
 * bookkeeping.
 */
export async function readContents(database: SqlDatabase): Promise<readonly StoredPipeline[]> {
  const { names, catalog, dialect } = database;
  const existing = await catalog.tables();
  if (!existing.has("_sync_tables")) return [];
  const states = await database.read(
    `SELECT pipeline, stream, version, value, ${dialect.nameList.json("tables")} AS tables, committed_at
     FROM ${names.table("_sync_state")} ORDER BY pipeline, stream`,
    undefined,
    stateColumns,
  );
  const owned = await database.read(
    `SELECT table_name, pipeline FROM ${names.table("_sync_tables")} ORDER BY pipeline, table_name`,
  );
  const pipelines = [...new Set([...owned, ...states].map(({ pipeline }) => String(pipeline)))].sort();
  const contents: StoredPipeline[] = [];
  for (const pipeline of pipelines) {
    const tables = owned.filter((each) => each.pipeline === pipeline).map(({ table_name }) => String(table_name));
    const found: StoredTable[] = [];
    for (const table of tables) if (existing.has(table)) found.push(await describe(database, table));
    const streams = states
      .filter((each) => each.pipeline === pipeline)
      .map(({ stream, version, value, tables, committed_at }) => ({
        stream: String(stream),
        tables: tables as string[],
        state: stateOf(Number(version), String(value)),
        committedAt: String(committed_at),
      }));
    contents.push({ pipeline, tables: found, streams });
  }
  return contents;
}

async function describe(database: SqlDatabase, name: string): Promise<StoredTable> {
  const found = await database.catalog.describe(name);
  const columns = [...(found?.columns.values() ?? [])].map((column) => column.name);
  const [counts] = await database.read(
    `SELECT count(*) AS held, count(_deleted_at) AS deleted FROM ${database.names.table(name)}`,
  );
  const deleted = Number(counts?.deleted);
  return {
    name,
    columns: columns.filter((column) => !Object.hasOwn(systemColumns, column)),
    rows: Number(counts?.held) - deleted,
    deleted,
  };
}

function stateOf(version: number, text: string): State | undefined {
  try {
    return { version, value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
