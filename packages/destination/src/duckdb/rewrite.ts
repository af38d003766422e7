/** Rewrites tables in place of the old ones, for changes that DuckDB's ALTER TABLE cannot make, or not reliably. */
import type { SqlDatabase, TableChanges } from "../sql/database.ts";
import { defaultSql, filled, inTheWay } from "../sql/keys.ts";
import { literal, quoted } from "../sql/names.ts";
import { type Column, type ColumnType, type StoredValues, systemColumns, type Table } from "../table.ts";
import { dialect } from "./dialect.ts";

/** Converts a column's values to a wider type. */
export function widened(from: ColumnType, to: ColumnType, column: string): string {
  return from === "timestamp" && to === "string" ? `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%fZ')` : column;
}

/** A column's definition as we write it. */
export function definition(table: Table, name: string, type: string): string {
  const isRequired = table.primaryKey.includes(name) || name === "_synced_at";
  return `${quoted(name)} ${type}${isRequired ? " NOT NULL" : ""}`;
}

/**
 * Rewrites a table to match its definition, keeping the indexes and columns that users added. Its comments are lost.
 *
 * @param here a condition on DuckDB's catalog for what is in the schema
 * @throws DestinationError `SCHEMA_CONFLICT` for what a new table could not have
 */
export async function rewrite(database: SqlDatabase, here: string, table: Table, changes: TableChanges): Promise<void> {
  const own = `${here} AND lower(table_name) = lower(${literal(table.name)})`;
  const key = await keyOf(database, own, table, changes);
  const indexes = await database.read(`SELECT sql FROM duckdb_indexes() WHERE ${own}`);
  const stored = await database.read(
    `SELECT column_name AS name, data_type AS type, is_nullable AS nullable, column_default AS value
     FROM duckdb_columns() WHERE ${own} ORDER BY column_index`,
  );
  const columns = columnsOf(table, stored, changes);
  const [old, made] = [table.name, "_sync_rewritten"].map((each) => database.names.table(each));
  await database.run(`CREATE TABLE ${made} (${columns.map((column) => column.definition).join(", ")})`);
  await database.run(`INSERT INTO ${made} SELECT ${columns.map(({ value }) => value).join(", ")} FROM ${old}`);
  await database.run(`DROP TABLE ${old}`);
  await database.run(`ALTER TABLE ${made} RENAME TO ${quoted(table.name)}`);
  if (key) await database.run(`ALTER TABLE ${old} ADD PRIMARY KEY (${key.map(quoted).join(", ")})`);
  for (const { sql } of indexes) await database.run(String(sql));
}

/** The new table's columns, and their values for a row of the old one. */
function columnsOf(table: Table, stored: readonly StoredValues[], { widenings, oldKey = [] }: TableChanges) {
  const wanted = new Map(
    Object.entries<Column>({ ...table.columns, ...systemColumns }).map(
      (each) => [each[0].toLowerCase(), each] as const,
    ),
  );
  const found = stored.map(({ name, type, nullable, value }) => {
    const column = quoted(String(name));
    const [own, wants] = wanted.get(String(name).toLowerCase()) ?? [];
    wanted.delete(String(name).toLowerCase());
    if (own === undefined || !wants) {
      const isRequired = !nullable && !oldKey.includes(String(name));
      const more = `${isRequired ? " NOT NULL" : ""}${value === null ? "" : ` DEFAULT ${value}`}`;
      return { definition: `${column} ${type}${more}`, value: column };
    }
    const widening = widenings.find((each) => each.name === own);
    const values = widening ? widened(widening.from, widening.to, column) : column;
    return {
      definition: definition(table, own, dialect.types[wants.type]),
      value: table.primaryKey.includes(own) ? filled(dialect, values, wants) : values,
    };
  });
  const added = [...wanted.values()].map(([name, column]) => ({
    definition: definition(table, name, dialect.types[column.type]),
    value: defaultSql(dialect, column) ?? "NULL",
  }));
  return [...found, ...added];
}

/**
 * The primary key that users gave the table, which has none by itself: if it was the old key, it becomes the new one.
 *
 * @throws DestinationError `SCHEMA_CONFLICT` for constraints that users added, and for other tables that refer to this
 * one: DuckDB cannot drop any of these
 */
async function keyOf(
  database: SqlDatabase,
  own: string,
  table: Table,
  { oldKey }: TableChanges,
): Promise<readonly string[] | undefined> {
  const constraints = await database.read(
    `SELECT table_name AS name, constraint_text AS text, constraint_type = 'PRIMARY KEY' AND (${own}) AS is_key,
       to_json(constraint_column_names) AS columns
     FROM duckdb_constraints() WHERE constraint_type <> 'NOT NULL'
     AND ((${own}) OR (database_name = current_database() AND lower(referenced_table) = lower(${literal(table.name)})))`,
  );
  const others = constraints.filter(({ is_key }) => !is_key).map(({ name, text }) => `${text} of table ${name}`);
  if (others.length > 0) throw inTheWay(database, table, others);
  const columns = constraints.find(({ is_key }) => is_key)?.columns as readonly string[] | undefined;
  const isOldKey =
    oldKey !== undefined && columns?.length === oldKey.length && columns.every((name) => oldKey.includes(name));
  return isOldKey ? table.primaryKey : columns;
}
