/** Makes tables ready: creates, adds columns, widens types, keeps comments true. Never narrows, never drops. */
import { DestinationError } from "../errors.ts";
import { type Column, type Columns, type ColumnType, systemColumns, type Table } from "../table.ts";
import type { Database } from "./database.ts";
import { literal, quoted } from "./sql.ts";
import { databaseTypes } from "./values.ts";

/**
 * Which type may become which, and how its values do. Nothing is lost: an int64 becomes a float64 only while no stored
 * value is too large for it, which is checked.
 */
const widenings: { readonly [from in ColumnType]?: { readonly [to in ColumnType]?: (column: string) => string } } = {
  int64: { float64: (column) => column, string: (column) => column },
  float64: { string: (column) => column },
  boolean: { string: (column) => column },
  json: { string: (column) => column },
  timestamp: { string: (column) => `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%fZ')` },
};

interface Found {
  readonly type: string;
  readonly comment: string | null;
}

/** Prepares one table for a pipeline. Part of a transaction. */
export async function prepareTable(database: Database, pipeline: string, table: Table): Promise<void> {
  checkNames(database, table);
  const { place } = database;
  const conflict = (reason: string) =>
    new DestinationError("SCHEMA_CONFLICT", `Table ${table.name} in ${place} does not fit: ${reason}`);
  const found = await describe(database, table.name);
  const [owner] = await database.read(
    `SELECT pipeline, primary_key FROM ${database.names.table("_sync_tables")} WHERE lower(table_name) = lower(${literal(table.name)})`,
  );
  if (owner && owner.pipeline !== pipeline) {
    throw new DestinationError(
      "OWNED",
      `Table ${table.name} in ${place} belongs to pipeline ${owner.pipeline}, so pipeline ${pipeline} may not write ` +
        "into it. Choose another schema or file, or sync under the pipeline's name.",
    );
  }
  if (!owner && found) {
    throw new DestinationError(
      "OWNED",
      `Table ${table.name} in ${place} exists, but was not made by a sync. Rename it, or choose another schema or file.`,
    );
  }
  const key = JSON.stringify(table.primaryKey);
  if (!found) return create(database, pipeline, table, key);
  if (owner?.primary_key !== key) {
    throw conflict(
      `its rows are identified by ${owner?.primary_key}, and now by ${key}. Drop the table to have it read again.`,
    );
  }
  for (const [name, column] of Object.entries<Column>({ ...table.columns, ...systemColumns })) {
    const existing = found.columns.get(name.toLowerCase());
    if (!existing) {
      await database.run(
        `ALTER TABLE ${database.names.table(table.name)} ADD COLUMN ${quoted(name)} ${databaseTypes[column.type]}`,
      );
    } else if (existing.type !== databaseTypes[column.type]) {
      await widen(database, table, name, column, existing.type, conflict);
    }
    if (existing?.comment !== column.description) await comment(database, table, name, column.description);
  }
  if (found.comment !== table.description) await comment(database, table, undefined, table.description);
}

async function create(database: Database, pipeline: string, table: Table, key: string): Promise<void> {
  const columns: Columns = { ...table.columns, ...systemColumns };
  const definitions = Object.entries(columns).map(([name, { type }]) => {
    const required = table.primaryKey.includes(name) || name === "_synced_at";
    return `${quoted(name)} ${databaseTypes[type]}${required ? " NOT NULL" : ""}`;
  });
  // No PRIMARY KEY: its index would halve the speed, and the merge keeps keys unique anyway.
  await database.run(`CREATE TABLE ${database.names.table(table.name)} (${definitions.join(", ")})`);
  await comment(database, table, undefined, table.description);
  for (const [name, column] of Object.entries(columns)) await comment(database, table, name, column.description);
  const { VARCHAR } = database.driver;
  await database.run(
    `INSERT INTO ${database.names.table("_sync_tables")} VALUES ($1, $2, $3, now()) ON CONFLICT DO UPDATE SET primary_key = excluded.primary_key`,
    [table.name, pipeline, key],
    [VARCHAR, VARCHAR, VARCHAR],
  );
}

async function widen(
  database: Database,
  table: Table,
  name: string,
  column: Column,
  found: string,
  conflict: (reason: string) => DestinationError,
): Promise<void> {
  const from = (Object.keys(databaseTypes) as ColumnType[]).find((type) => databaseTypes[type] === found);
  const widening = from && widenings[from]?.[column.type];
  const advice = "Nothing was changed. Drop the table to have it read again, or use the release that made it.";
  if (!widening) {
    throw conflict(`column ${name} is ${from ?? found}, which cannot become ${column.type} without loss. ${advice}`);
  }
  const target = database.names.table(table.name);
  if (from === "int64" && column.type === "float64") {
    const large = await database.read(
      `SELECT 1 FROM ${target} WHERE ${quoted(name)} NOT BETWEEN -${2 ** 53} AND ${2 ** 53} LIMIT 1`,
    );
    if (large.length > 0) {
      throw conflict(`column ${name} holds integers above 2^53, which a float64 would round. ${advice}`);
    }
  }
  await database.run(
    `ALTER TABLE ${target} ALTER ${quoted(name)} SET DATA TYPE ${databaseTypes[column.type]} USING ${widening(quoted(name))}`,
  );
}

async function comment(database: Database, table: Table, column: string | undefined, text: string): Promise<void> {
  const target = database.names.table(table.name);
  const subject = column === undefined ? `TABLE ${target}` : `COLUMN ${target}.${quoted(column)}`;
  await database.run(`COMMENT ON ${subject} IS ${literal(text)}`);
}

async function describe(database: Database, table: string) {
  const where = `WHERE database_name = current_database() AND schema_name = ${literal(database.names.schema)} AND lower(table_name) = lower(${literal(table)})`;
  const columns = await database.read(`SELECT column_name, data_type, comment FROM duckdb_columns() ${where}`);
  if (columns.length === 0) return undefined;
  const [own] = await database.read(`SELECT comment FROM duckdb_tables() ${where}`);
  return {
    comment: own?.comment,
    columns: new Map<string, Found>(
      columns.map((column) => [
        String(column.column_name).toLowerCase(),
        { type: String(column.data_type), comment: column.comment as string | null },
      ]),
    ),
  };
}

/** DuckDB takes names that differ only in case for one. */
function checkNames(database: Database, table: Table): void {
  const refuse = (reason: string) =>
    new DestinationError("SCHEMA_CONFLICT", `Table ${table.name} in ${database.place}: ${reason}`);
  if (/^_sync_/i.test(table.name)) throw refuse("names that begin with _sync_ are the destination's own.");
  const seen = new Map<string, string>();
  for (const name of Object.keys(table.columns)) {
    const same = seen.get(name.toLowerCase());
    if (same !== undefined)
      throw refuse(`columns ${same} and ${name} differ only in case, which DuckDB does not tell apart.`);
    seen.set(name.toLowerCase(), name);
  }
}
