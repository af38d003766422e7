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

/** What a table has of staged rows: all of them as they are, some of their keys, or none. */
type Stored = "same" | "some" | "none";

/** Writes batches, one after the other. */
export class BatchWriter {
  readonly #database: Database;
  /** What the last batch met in its table: the next one of a table probably meets the same. */
  readonly #last = new Map<string, Stored>();

  constructor(database: Database) {
    this.#database = database;
  }

  async write(batch: Batch, mode?: "rehearsal"): Promise<CommitResult> {
    const database = this.#database;
    const { table, replace = [], upserts = [], remove = [] } = batch;
    const staged = await stageRows(database, table, [...replace.flatMap((each) => each.rows), ...upserts]);
    const stored = mode ? "some" : await this.#look(table, staged);
    const { inserted, updated } = await store(database, table, staged.rows, stored);
    const unchanged = staged.rows - inserted - updated;
    // Before the marking, so that a removed placeholder is not counted as deleted too.
    const removed = remove.length > 0 || mode ? await removeRows(database, table, remove) : 0;
    const isAnyMissing = replace.length > 0 && (mode !== undefined || (await isAnyRowMissing(database, batch)));
    const deleted = isAnyMissing ? await markDeleted(database, batch) : 0;
    return { inserted, updated, unchanged, deleted, removed };
  }

  /**
   * Looks at the table before rows are written. Most batches are all new, or bring no change, and statements that write
   * cost several times as much, even if there is nothing to write.
   */
  async #look(table: Table, staged: StagedColumns): Promise<Stored> {
    if (staged.rows === 0) return "none";
    const stored = await this.#compare(table, staged);
    this.#last.set(table.name, stored);
    return stored;
  }

  async #compare(table: Table, staged: StagedColumns): Promise<Stored> {
    const isProbablyNew = this.#last.get(table.name) === "none";
    if (isProbablyNew && !(await isAnyStored(this.#database, table))) return "none";
    if (await areAllStored(this.#database, table, staged)) return "same";
    return isProbablyNew || (await isAnyStored(this.#database, table)) ? "some" : "none";
  }
}

/** Whether the table has the key of any staged row. */
async function isAnyStored(database: Database, table: Table): Promise<boolean> {
  const found = await database.read(
    `SELECT 1 FROM ${database.names.table(table.name)} AS target
     SEMI JOIN temp.main.${stage} AS source ON ${sameKey(table, "target")} LIMIT 1`,
  );
  return found.length > 0;
}

/**
 * Whether the table has all staged rows as they are. DuckDB reads only those parts of the table whose values lie between
 * the staged ones in every column: few, since rows are stored in the order of some time of theirs, if not of their keys.
 */
async function areAllStored(database: Database, table: Table, staged: StagedColumns): Promise<boolean> {
  const [found] = await database.read(
    `SELECT count(*) AS same FROM ${database.names.table(table.name)} AS target
     SEMI JOIN temp.main.${stage} AS source ON ${staged.sameSql("target", "source")} WHERE target._deleted_at IS NULL`,
  );
  return found?.same === staged.rows;
}

async function isAnyRowMissing(database: Database, batch: Batch): Promise<boolean> {
  const parameters = new Parameters();
  const target = `${database.names.table(batch.table.name)} AS target`;
  const found = await database.read(
    `SELECT 1 FROM ${target} WHERE ${missingSql(database, batch, parameters)} LIMIT 1`,
    parameters,
  );
  return found.length > 0;
}

async function store(
  database: Database,
  table: Table,
  rows: number,
  stored: Stored,
): Promise<{ inserted: number; updated: number }> {
  if (rows === 0 || stored === "same") return { inserted: 0, updated: 0 };
  if (stored === "none") return { inserted: await insert(database, table), updated: 0 };
  return merge(database, table);
}

/** Stages the rows, the last of each key. */
export async function stageRows(database: Database, table: Table, rows: readonly Row[]): Promise<StagedColumns> {
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
  return columns;
}

/** Inserts the staged rows, none of which the table has. */
function insert(database: Database, table: Table): Promise<number> {
  const names = Object.keys(table.columns).map(quoted).join(", ");
  return database.run(
    `INSERT INTO ${database.names.table(table.name)} (${names}, _synced_at) SELECT ${names}, now() FROM temp.main.${stage}`,
  );
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
