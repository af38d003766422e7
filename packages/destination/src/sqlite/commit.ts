/**
 * Writes a batch row by row: SQLite runs in this process, where a prepared statement costs a few microseconds. Part of
 * the commit's transaction.
 */
import type { Batch, CommitResult } from "../destination.ts";
import { keyText } from "../key-text.ts";
import type { Scope } from "../scope.ts";
import { literal, quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { rowsLost } from "../sql/rows-lost.ts";
import { checked, columnOf, partSql } from "../sql/scope.ts";
import { withSystemColumns } from "../sql/transfer.ts";
import type { StoredForm } from "../stored-form.ts";
import type { Column, Row, StoredValues, Table } from "../table.ts";
import { timestampText } from "../timestamp.ts";
import { holdableKeys, RowCheck } from "../unfit-rows.ts";
import type { SqliteDatabase } from "./database.ts";
import { moment } from "./open.ts";
import { type SqliteValue, sqliteParameters, sqliteValue } from "./values.ts";

/** After this many rows other work gets its turn; about 10 ms. */
const breathEvery = 1000;

export async function writeRows(database: SqliteDatabase, batch: Batch): Promise<CommitResult> {
  const { table, replace = [], upserts = [], remove = [], keep = [] } = batch;
  const now = timestampText(moment());
  const rows = await encodedRows(database, table, [...replace.flatMap((each) => each.rows), ...upserts]);
  const encoded = [...rows.values()];
  const { inserted, updated } = await upsert(database, table, encoded, now);
  const content = contentIndexesOf(table);
  // A written row may differ from the given one, if a trigger changes it on purpose.
  const same = ["_deleted_at IS NULL", ...content.map((index) => `${quoted(columnNames(table)[index]!)} IS ?`)];
  await checkTaken(database, table, encoded, `(_synced_at = ? OR (${same.join(" AND ")}))`, (row) => [
    now,
    ...content.map((index) => row[index] as SqliteValue),
  ]);
  // Before the marking, so that a removed placeholder is not counted as deleted too.
  const removed = await removeRows(database, table, remove);
  const kept = holdableKeys(table, keep).map((key) => keyText(keyValues(table, key)));
  const named = new Set([...rows.keys(), ...kept]);
  let deleted = 0;
  for (const { scope } of replace) deleted += await markDeleted(database, table, scope, named, now);
  return { inserted, updated, unchanged: rows.size - inserted - updated, deleted, removed };
}

/** The rows as SQLite stores them, by key, the last of each. */
async function encodedRows(database: SqliteDatabase, table: Table, rows: readonly Row[]) {
  const names = Object.keys(table.columns);
  const columns = Object.values<Column>(table.columns);
  const keyIndexes = table.primaryKey.map((name) => names.indexOf(name));
  const encoded = new Map<string, SqliteValue[]>();
  const check = new RowCheck(table, undefined, "text");
  for (const [index, row] of rows.entries()) {
    if (index % breathEvery === 0) await database.breathe();
    const forms = check.stored(row);
    if (!forms) continue;
    const values = new Array<SqliteValue>(forms.length);
    for (let position = 0; position < forms.length; position += 1) {
      values[position] = checkedValue(columns[position] as Column, forms[position] as StoredForm);
    }
    encoded.set(keyText(keyIndexes.map((position) => values[position] as SqliteValue)), values);
  }
  check.finish();
  return encoded;
}

/** Writes rows with all columns, over those with the same keys. Part of a transaction. */
export async function restoreRows(
  database: SqliteDatabase,
  table: Table,
  rows: readonly StoredValues[],
): Promise<void> {
  const whole = withSystemColumns(table);
  const names = Object.keys(whole.columns).map(quoted);
  const put = database.prepare(
    `INSERT INTO ${quoted(table.name)} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})
     ON CONFLICT (${table.primaryKey.map(quoted).join(", ")}) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(", ")}`,
  );
  const encoded = await encodedRows(database, whole, rows as readonly Row[]);
  for (const [index, row] of [...encoded.values()].entries()) {
    if (index % breathEvery === 0) await database.breathe();
    put.run(...row);
  }
  await checkTaken(database, table, [...encoded.values()], "true", () => []);
}

async function upsert(database: SqliteDatabase, table: Table, rows: readonly SqliteValue[][], now: string) {
  const target = quoted(table.name);
  const names = columnNames(table);
  const contentIndexes = contentIndexesOf(table);
  const keyIndexes = table.primaryKey.map((name) => names.indexOf(name));
  const content = contentIndexes.map((index) => quoted(names[index] as string));
  const insert = database.prepare(
    `INSERT INTO ${target} (${[...names.map(quoted), "_synced_at"].join(", ")}) VALUES (${names.map(() => "?, ").join("")}?)
     ON CONFLICT (${table.primaryKey.map(quoted).join(", ")}) DO NOTHING`,
  );
  const update = database.prepare(
    `UPDATE ${target} SET ${content.map((name) => `${name} = ?, `).join("")}_synced_at = ?, _deleted_at = NULL
     WHERE ${sameKey(table)} AND (${content.map((name) => `${name} IS NOT ? OR `).join("")}_deleted_at IS NOT NULL)`,
  );
  let inserted = 0;
  let updated = 0;
  for (const [index, row] of rows.entries()) {
    if (index % breathEvery === 0) await database.breathe();
    if (insert.run(...row, now).changes) {
      inserted += 1;
      continue;
    }
    const values = contentIndexes.map((column) => row[column] as SqliteValue);
    const key = keyIndexes.map((column) => row[column] as SqliteValue);
    if (update.run(...values, now, ...key, ...values).changes) updated += 1;
  }
  return { inserted, updated };
}

/**
 * If a table has triggers, checks that stored rows are there: a trigger may have dropped them (RAISE(IGNORE)).
 *
 * @param isThere the condition for a stored row, whatever its key
 * @param valuesOf the values of that condition
 * @throws DestinationError `ROWS_LOST`
 */
async function checkTaken(
  database: SqliteDatabase,
  table: Table,
  rows: readonly SqliteValue[][],
  isThere: string,
  valuesOf: (row: readonly SqliteValue[]) => SqliteValue[],
): Promise<void> {
  const triggers = await database.read(
    `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(${literal(table.name)}) ORDER BY name`,
  );
  if (triggers.length === 0) return;
  const keyIndexes = table.primaryKey.map((name) => columnNames(table).indexOf(name));
  const find = database.prepare(`SELECT 1 FROM ${quoted(table.name)} WHERE ${sameKey(table)} AND ${isThere}`);
  let lost = 0;
  for (const [index, row] of rows.entries()) {
    if (index % breathEvery === 0) await database.breathe();
    if (!find.get(...keyIndexes.map((column) => row[column] as SqliteValue), ...valuesOf(row))) lost += 1;
  }
  if (lost === 0) return;
  throw rowsLost(database, table, lost, `the table's triggers (${triggers.map(({ name }) => name).join(", ")})`);
}

const columnNames = (table: Table) => Object.keys(table.columns);

/** The positions of the columns that are not part of the key. */
function contentIndexesOf(table: Table): number[] {
  return columnNames(table).flatMap((name, index) => (table.primaryKey.includes(name) ? [] : [index]));
}

async function removeRows(database: SqliteDatabase, table: Table, keys: readonly StoredValues[]): Promise<number> {
  const remove = database.prepare(`DELETE FROM ${quoted(table.name)} WHERE ${sameKey(table)}`);
  let removed = 0;
  for (const [index, key] of keys.entries()) {
    if (index % breathEvery === 0) await database.breathe();
    removed += Number(remove.run(...keyValues(table, key)).changes);
  }
  return removed;
}

/** Marks the rows of a scope that the batch does not contain. */
async function markDeleted(
  database: SqliteDatabase,
  table: Table,
  scope: Scope,
  named: ReadonlySet<string>,
  now: string,
): Promise<number> {
  const parameters = new Parameters();
  const where = partSql(database.dialect, table, scope, parameters);
  const key = table.primaryKey.map(quoted).join(", ");
  const select = database.prepare(`SELECT ${key} FROM ${quoted(table.name)} WHERE _deleted_at IS NULL AND (${where})`);
  const gone: SqliteValue[][] = [];
  let seen = 0;
  for (const row of select.iterate(sqliteParameters(parameters))) {
    if (++seen % breathEvery === 0) await database.breathe();
    const values = table.primaryKey.map((name) => row[name] as SqliteValue);
    if (!named.has(keyText(values))) gone.push(values);
  }
  const mark = database.prepare(`UPDATE ${quoted(table.name)} SET _deleted_at = ? WHERE ${sameKey(table)}`);
  let marked = 0;
  for (const [index, values] of gone.entries()) {
    if (index % breathEvery === breathEvery - 1) await database.breathe();
    marked += Number(mark.run(now, ...values).changes);
  }
  if (marked < gone.length) throw rowsLost(database, table, gone.length - marked, "the table's triggers");
  return marked;
}

function keyValues(table: Table, key: StoredValues): SqliteValue[] {
  return table.primaryKey.map((name) => sqliteValue(columnOf(table, name), checked(table, name, key[name])));
}

function sameKey(table: Table): string {
  return table.primaryKey.map((name) => `${quoted(name)} = ?`).join(" AND ");
}

/** A value as SQLite stores it. Once it is checked, a timestamp's own text is. */
const checkedValue = (column: Column, form: StoredForm): SqliteValue =>
  column.type === "timestamp" ? (form as string | null) : sqliteValue(column, form);
