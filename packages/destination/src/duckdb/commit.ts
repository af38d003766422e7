/**
 * Writes a batch with SQL: stages its columns, merges them, and marks the rest of its scopes. Part of the commit's
 * transaction.
 */
import type { DuckDBValue } from "@duckdb/node-api";
import type { Batch, CommitResult } from "../destination.ts";
import type { Scope } from "../scope.ts";
import { quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { keysSql, scopesSql } from "../sql/scope.ts";
import type { Column, Row, StoredValues, Table } from "../table.ts";
import { holdableKeys, RowCheck } from "../unfit-rows.ts";
import type { Database } from "./database.ts";
import { driverType, driverValue } from "./values.ts";

/** The temporary table that rows are staged in. */
export const stage = "_sync_stage";

export async function writeRows(database: Database, batch: Batch, mode?: "rehearsal"): Promise<CommitResult> {
  const { table, replace = [], upserts = [], remove = [], keep = [] } = batch;
  const rows = [...replace.flatMap((each) => each.rows), ...upserts];
  const staged = await stageRows(database, table, rows);
  const { inserted, updated } = staged > 0 || mode ? await merge(database, table, mode) : { inserted: 0, updated: 0 };
  const unchanged = staged - inserted - updated;
  // Before the marking, so that a removed placeholder is not counted as deleted too.
  const removed = remove.length > 0 || mode ? await removeRows(database, table, remove) : 0;
  const scopes = replace.map((each) => each.scope);
  const deleted = scopes.length > 0 ? await markDeleted(database, table, scopes, keep) : 0;
  return { inserted, updated, unchanged, deleted, removed };
}

/** Stages the rows in a temporary table, the last of each key, and returns their number. */
export async function stageRows(database: Database, table: Table, rows: readonly Row[]): Promise<number> {
  const { driver } = database;
  const names = Object.keys(table.columns);
  const definitions = Object.values<Column>(table.columns);
  const keyIndexes = table.primaryKey.map((name) => names.indexOf(name));
  const columns: DuckDBValue[][] = names.map(() => []);
  const positions = new Map<string, number>();
  const check = new RowCheck(table);
  for (const row of rows) {
    const values = check.stored(row);
    if (!values) continue;
    const key = JSON.stringify(keyIndexes.map((index) => String(values[index])));
    let position = positions.get(key);
    if (position === undefined) {
      position = positions.size;
      positions.set(key, position);
    }
    for (let index = 0; index < names.length; index += 1) {
      const value = driverValue(driver, definitions[index] as Column, values[index] ?? null);
      (columns[index] as DuckDBValue[])[position] = value;
    }
  }
  check.finish();
  // The table itself provides the types, so that the stage cannot differ from it.
  const target = database.names.table(table.name);
  await database.run(
    `CREATE OR REPLACE TEMP TABLE ${stage} AS SELECT ${names.map(quoted).join(", ")} FROM ${target} LIMIT 0`,
  );
  await database.largeRows?.expect(table.name, columns);
  if (positions.size > 0) {
    await database.append(
      stage,
      definitions.map((column) => driverType(driver, column)),
      columns,
    );
  }
  return positions.size;
}

async function merge(
  database: Database,
  table: Table,
  mode?: "rehearsal",
): Promise<{ inserted: number; updated: number }> {
  const names = Object.keys(table.columns).map(quoted);
  const target = database.names.table(table.name);
  const [known] = await database.read(
    `SELECT 1 FROM ${target} AS target SEMI JOIN temp.main.${stage} AS source ON ${sameKey(table, "target")} LIMIT 1`,
  );
  if (!known && !mode) {
    // A merge would read the whole table unnecessarily.
    const inserted = await database.run(
      `INSERT INTO ${target} (${names.join(", ")}, _synced_at)
       SELECT ${names.join(", ")}, now() FROM temp.main.${stage}`,
    );
    return { inserted, updated: 0 };
  }
  const content = Object.keys(table.columns)
    .filter((name) => !table.primaryKey.includes(name))
    .map(quoted);
  const changed = content.map((name) => `target.${name} IS DISTINCT FROM source.${name}`);
  const actions = await database.read(
    `MERGE INTO ${target} AS target USING temp.main.${stage} AS source ON ${sameKey(table, "target")}
     WHEN MATCHED AND (${[...changed, "target._deleted_at IS NOT NULL"].join(" OR ")}) THEN
       UPDATE SET ${content.map((name) => `${name} = source.${name}, `).join("")}_synced_at = now(), _deleted_at = NULL
     WHEN NOT MATCHED THEN
       INSERT (${names.join(", ")}, _synced_at) VALUES (${names.map((name) => `source.${name}`).join(", ")}, now())
     RETURNING merge_action`,
  );
  const inserted = actions.filter(({ merge_action }) => merge_action === "INSERT").length;
  return { inserted, updated: actions.length - inserted };
}

async function removeRows(database: Database, table: Table, keys: readonly StoredValues[]): Promise<number> {
  const parameters = new Parameters();
  const named = keysSql(database.dialect, table, keys, parameters);
  return database.run(`DELETE FROM ${database.names.table(table.name)} WHERE ${named}`, parameters);
}

async function markDeleted(
  database: Database,
  table: Table,
  scopes: readonly Scope[],
  keep: readonly StoredValues[],
): Promise<number> {
  const parameters = new Parameters();
  const where = scopesSql(database.dialect, table, scopes, parameters);
  const kept =
    keep.length > 0 ? `AND NOT ${keysSql(database.dialect, table, holdableKeys(table, keep), parameters)}` : "";
  return database.run(
    `UPDATE ${database.names.table(table.name)} AS target SET _deleted_at = now()
     WHERE _deleted_at IS NULL AND (${where}) ${kept}
       AND NOT EXISTS (SELECT 1 FROM temp.main.${stage} AS source WHERE ${sameKey(table, "target")})`,
    parameters,
  );
}

export function sameKey(table: Table, target: string): string {
  return table.primaryKey.map((name) => `${target}.${quoted(name)} = source.${quoted(name)}`).join(" AND ");
}
