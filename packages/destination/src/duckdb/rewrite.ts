/** Tables that are written anew, in the place of the old ones: what ALTER TABLE of DuckDB cannot do, or not reliably. */
import type { SqlDatabase, TableChanges } from "../sql/database.ts";
import { defaultSql, filled, inTheWay } from "../sql/keys.ts";
import { literal, quoted } from "../sql/names.ts";
import { type Column, type Columns, type ColumnType, systemColumns, type Table } from "../table.ts";
import { dialect } from "./dialect.ts";

/** A column's values as those of a wider type. */
export function widened(from: ColumnType, to: ColumnType, column: string): string {
  return from === "timestamp" && to === "string" ? `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%fZ')` : column;
}

/** A column as we make it. */
export function definition(table: Table, name: string, type: string): string {
  const isRequired = table.primaryKey.includes(name) || name === "_synced_at";
  return `${quoted(name)} ${type}${isRequired ? " NOT NULL" : ""}`;
}

/**
 * Writes a table anew as its definition wants it, with the indexes and the columns that people made. Its comments are
 * gone.
 *
 * @param here a condition on DuckDB's catalog for what is in the schema
 * @throws DestinationError `SCHEMA_CONFLICT` for what a new table could not have
 */
export async function rewrite(
  database: SqlDatabase,
  here: string,
  table: Table,
  { widenings, oldKey = [] }: TableChanges,
): Promise<void> {
  const own = `${here} AND lower(table_name) = lower(${literal(table.name)})`;
  await checkConstraints(database, own, table);
  const indexes = await database.read(`SELECT sql FROM duckdb_indexes() WHERE ${own}`);
  const stored = await database.read(
    `SELECT column_name AS name, data_type AS type, is_nullable AS nullable, column_default AS value
     FROM duckdb_columns() WHERE ${own} ORDER BY column_index`,
  );
  const wanted = new Map<string, [string, Column]>(
    Object.entries<Column>({ ...table.columns, ...(systemColumns satisfies Columns) }).map((each) => [
      each[0].toLowerCase(),
      each,
    ]),
  );
  const definitions: string[] = [];
  const values: string[] = [];
  for (const { name, type, nullable, value } of stored) {
    const found = quoted(String(name));
    const [own, column] = wanted.get(String(name).toLowerCase()) ?? [];
    const widening = widenings.find((each) => each.name === own);
    const from = widening ? widened(widening.from, widening.to, found) : found;
    if (own !== undefined && column) {
      definitions.push(definition(table, own, dialect.types[column.type]));
      values.push(table.primaryKey.includes(own) ? filled(dialect, from, column) : from);
    } else {
      const required = nullable || oldKey.includes(String(name)) ? "" : " NOT NULL";
      definitions.push(`${found} ${type}${required}${value === null ? "" : ` DEFAULT ${value}`}`);
      values.push(found);
    }
    wanted.delete(String(name).toLowerCase());
  }
  for (const [name, column] of wanted.values()) {
    definitions.push(definition(table, name, dialect.types[column.type]));
    values.push(defaultSql(dialect, column) ?? "NULL");
  }
  const [old, made] = [table.name, "_sync_rewritten"].map((each) => database.names.table(each));
  await database.run(`CREATE TABLE ${made} (${definitions.join(", ")})`);
  await database.run(`INSERT INTO ${made} SELECT ${values.join(", ")} FROM ${old}`);
  await database.run(`DROP TABLE ${old}`);
  await database.run(`ALTER TABLE ${made} RENAME TO ${quoted(table.name)}`);
  for (const { sql } of indexes) await database.run(String(sql));
}

/** A table that people made anew with constraints, or to which another one refers: DuckDB cannot drop these. */
async function checkConstraints(database: SqlDatabase, own: string, table: Table): Promise<void> {
  const found = await database.read(
    `SELECT table_name AS name, constraint_text AS text FROM duckdb_constraints() WHERE constraint_type <> 'NOT NULL'
     AND ((${own}) OR (database_name = current_database() AND lower(referenced_table) = lower(${literal(table.name)})))`,
  );
  if (found.length > 0)
    throw inTheWay(
      database,
      table,
      found.map(({ name, text }) => `${text} of table ${name}`),
    );
}
