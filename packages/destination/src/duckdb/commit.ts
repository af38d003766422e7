/**
 * Writes a batch with SQL: stages its columns, merges them, and marks the rest of its scopes. Part of the commit's
 * transaction.
 */
import type { Batch, CommitResult } from "../destination.ts";
import { keyText } from "../key-text.ts";
import { quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { keysSql, scopesSql } from "../sql/scope.ts";
import type { Row, StoredValues, Table } from "../table.ts";
import { holdableKeys, RowCheck } from "../unfit-rows.ts";
import type { Database } from "./database.ts";
import { StagedColumns } from "./staged-columns.ts";

/** The rows of a batch: a temporary view of the table that they are staged in. */
export const stage = "_sync_stage";
const stageTable = "_sync_stage_rows";

export async function writeRows(database: Database, batch: Batch, mode?: "rehearsal"): Promise<CommitResult> {
  const { table, replace = [], upserts = [], remove = [] } = batch;
  const rows = [...replace.flatMap((each) => each.rows), ...upserts];
  const staged = await stageRows(database, table, rows);
  const found = mode ? everything : await look(database, batch);
  const { inserted, updated } = await store(database, table, staged, found);
  const unchanged = staged - inserted - updated;
  // Before the marking, so that a removed placeholder is not counted as deleted too.
  const removed = remove.length > 0 || mode ? await removeRows(database, table, remove) : 0;
  const deleted = found.isAnyMissing && replace.length > 0 ? await markDeleted(database, batch) : 0;
  return { inserted, updated, unchanged, deleted, removed };
}

/** What a batch meets in its table. */
interface Found {
  /** How many of the staged rows have a version there. */
  readonly known: number;
  /** Whether there is any row to be marked as deleted. */
  readonly isAnyMissing: boolean;
}

/** What makes a rehearsal run all statements. */
const everything: Found = { known: Number.POSITIVE_INFINITY, isAnyMissing: true };

/**
 * Looks at the table once, and only at the columns that this takes. Most batches are all new, or bring no change, and
 * statements that write cost several times as much, even if there is nothing to write.
 */
async function look(database: Database, batch: Batch): Promise<Found> {
  const { table, replace = [] } = batch;
  const parameters = new Parameters();
  const target = `${database.names.table(table.name)} AS target`;
  const missing =
    replace.length > 0 ? `EXISTS (SELECT 1 FROM ${target} WHERE ${missingSql(database, batch, parameters)})` : "false";
  const [found] = await database.read(
    `SELECT (SELECT count(*) FROM ${target} SEMI JOIN temp.main.${stage} AS source ON ${sameKey(table, "target")}) AS known,
       ${missing} AS missing`,
    parameters,
  );
  return { known: Number(found?.known), isAnyMissing: found?.missing === true };
}

async function store(
  database: Database,
  table: Table,
  staged: number,
  { known }: Found,
): Promise<{ inserted: number; updated: number }> {
  if (known === 0) return { inserted: staged > 0 ? await insert(database, table) : 0, updated: 0 };
  if (known === staged && !(await isAnyChanged(database, table))) return { inserted: 0, updated: 0 };
  return merge(database, table);
}

/** Stages the rows, the last of each key, and returns their number. */
export async function stageRows(database: Database, table: Table, rows: readonly Row[]): Promise<number> {
  const names = Object.keys(table.columns);
  const keyIndexes = table.primaryKey.map((name) => names.indexOf(name));
  const columns = new StagedColumns(table, database.dialect.types);
  const positions = new Map<string, number>();
  const check = new RowCheck(table);
  for (const row of rows) {
    const values = check.stored(row);
    if (!values) continue;
    const key = keyText(keyIndexes.map((index) => values[index]));
    let position = positions.get(key);
    if (position === undefined) {
      position = positions.size;
      positions.set(key, position);
    }
    columns.set(position, values);
  }
  check.finish();
  const { stored } = columns;
  const values = stored.map((each) => each.values);
  await database.run(columns.tableSql(stageTable));
  await database.run(columns.viewSql(stage, stageTable));
  await database.largeRows?.expect(table.name, values);
  if (positions.size > 0) {
    await database.append(
      stageTable,
      stored.map(({ column }) => column),
      values,
    );
  }
  return positions.size;
}

/** Inserts the staged rows, none of which the table has. */
function insert(database: Database, table: Table): Promise<number> {
  const names = Object.keys(table.columns).map(quoted).join(", ");
  return database.run(
    `INSERT INTO ${database.names.table(table.name)} (${names}, _synced_at) SELECT ${names}, now() FROM temp.main.${stage}`,
  );
}

/** Whether any staged row differs from its version in the table. */
async function isAnyChanged(database: Database, table: Table): Promise<boolean> {
  const target = database.names.table(table.name);
  const changed = await database.read(
    `SELECT 1 FROM ${target} AS target JOIN temp.main.${stage} AS source ON ${sameKey(table, "target")}
     WHERE ${changedSql(table)} LIMIT 1`,
  );
  return changed.length > 0;
}

async function merge(database: Database, table: Table): Promise<{ inserted: number; updated: number }> {
  const names = Object.keys(table.columns).map(quoted);
  const actions = await database.read(
    `MERGE INTO ${database.names.table(table.name)} AS target USING temp.main.${stage} AS source
     ON ${sameKey(table, "target")}
     WHEN MATCHED AND (${changedSql(table)}) THEN
       UPDATE SET ${contentOf(table)
         .map((name) => `${name} = source.${name}, `)
         .join("")}_synced_at = now(), _deleted_at = NULL
     WHEN NOT MATCHED THEN
       INSERT (${names.join(", ")}, _synced_at) VALUES (${names.map((name) => `source.${name}`).join(", ")}, now())
     RETURNING merge_action`,
  );
  const inserted = actions.filter(({ merge_action }) => merge_action === "INSERT").length;
  return { inserted, updated: actions.length - inserted };
}

/** The columns that are not part of the key. */
const contentOf = (table: Table) =>
  Object.keys(table.columns)
    .filter((name) => !table.primaryKey.includes(name))
    .map(quoted);

/** The condition for a staged row that differs from its version in the table. */
function changedSql(table: Table): string {
  const changed = contentOf(table).map((name) => `target.${name} IS DISTINCT FROM source.${name}`);
  return [...changed, "target._deleted_at IS NOT NULL"].join(" OR ");
}

async function removeRows(database: Database, table: Table, keys: readonly StoredValues[]): Promise<number> {
  const parameters = new Parameters();
  const named = keysSql(database.dialect, table, keys, parameters);
  return database.run(`DELETE FROM ${database.names.table(table.name)} WHERE ${named}`, parameters);
}

function markDeleted(database: Database, batch: Batch): Promise<number> {
  const parameters = new Parameters();
  return database.run(
    `UPDATE ${database.names.table(batch.table.name)} AS target SET _deleted_at = now()
     WHERE ${missingSql(database, batch, parameters)}`,
    parameters,
  );
}

/** The condition for the table's rows that a batch's scopes cover, and that it does not contain. */
function missingSql(database: Database, batch: Batch, parameters: Parameters): string {
  const { table, replace = [], keep = [] } = batch;
  const scopes = replace.map((each) => each.scope);
  const where = scopesSql(database.dialect, table, scopes, parameters);
  const kept =
    keep.length > 0 ? `AND NOT ${keysSql(database.dialect, table, holdableKeys(table, keep), parameters)}` : "";
  return `_deleted_at IS NULL AND (${where}) ${kept}
    AND NOT EXISTS (SELECT 1 FROM temp.main.${stage} AS source WHERE ${sameKey(table, "target")})`;
}

export function sameKey(table: Table, target: string): string {
  return table.primaryKey.map((name) => `${target}.${quoted(name)} = source.${quoted(name)}`).join(" AND ");
}
