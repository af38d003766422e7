/**
 * Writes a batch with SQL: stages it by COPY, merges it, and marks the rest of its scopes. Part of the commit's
 * transaction.
 */
import type { Batch, CommitResult } from "../destination.ts";
import { keyText } from "../key-text.ts";
import type { Scope } from "../scope.ts";
import { quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { keysSql, partSql, scopeParts } from "../sql/scope.ts";
import { withSystemColumns } from "../sql/transfer.ts";
import type { Column, Row, StoredValues, Table } from "../table.ts";
import { holdableKeys, RowCheck } from "../unfit-rows.ts";
import type { PostgresDatabase } from "./database.ts";
import { lookAt, type Watch } from "./taken.ts";
import { copyLine, postgresText } from "./values.ts";

const stage = "pg_temp._sync_stage";

export async function writeRows(database: PostgresDatabase, batch: Batch, mode?: "rehearsal"): Promise<CommitResult> {
  const { table, replace = [], upserts = [], remove = [], keep = [] } = batch;
  const lines = encodedLines(database, table, [...replace.flatMap((each) => each.rows), ...upserts]);
  const staged = lines.size;
  if (staged > 0 || replace.length > 0) await stageRows(database, table, lines.values());
  const { watch, isPartitioned } = await lookAt(database, table);
  const merged = staged > 0 || mode ? await merge(database, table, isPartitioned) : undefined;
  const { inserted = 0, updated = 0 } = merged ?? {};
  if (staged > 0 && watch) await expectStored(database, table, watch);
  // Before the marking, so that a removed placeholder is not counted as deleted too.
  const removed = remove.length > 0 || mode ? await removeRows(database, table, remove) : 0;
  const scopes = replace.map((each) => each.scope);
  const deleted = await markDeleted(database, table, { scopes, keep, watch });
  // The next table of a rehearsal is tried in the same transaction.
  if (mode) await database.run(`DROP TABLE ${stage}`);
  return { inserted, updated, unchanged: staged - inserted - updated, deleted, removed };
}

/** The rows as lines for COPY, by key, the last of each. */
function encodedLines({ dialect }: PostgresDatabase, table: Table, rows: readonly Row[]): Map<string, string> {
  const names = Object.keys(table.columns);
  const columns = Object.values<Column>(table.columns);
  const keyIndexes = table.primaryKey.map((name) => names.indexOf(name));
  const lines = new Map<string, string>();
  const check = new RowCheck(table, dialect.lacks, "text");
  for (const row of rows) {
    const values = check.stored(row);
    if (!values) continue;
    const texts = values.map((value, position) => {
      const column = columns[position] as Column;
      // Once it is checked, a timestamp's own text is what is stored.
      return column.type === "timestamp" ? (value as string | null) : postgresText(column, value);
    });
    lines.set(keyText(keyIndexes.map((index) => texts[index])), copyLine(texts));
  }
  check.finish();
  return lines;
}

/**
 * The stage is not created from the table itself: that would keep others from altering the table for as long as the
 * rows take to arrive, and no server timeout ends a COPY whose sender has stopped.
 */
async function stageRows(database: PostgresDatabase, table: Table, lines: Iterable<string>): Promise<void> {
  const columns = Object.entries<Column>(table.columns).map(
    ([name, { type }]) => `${quoted(name)} ${database.dialect.types[type]}`,
  );
  await database.run(`CREATE TEMP TABLE _sync_stage (${columns.join(", ")}) ON COMMIT DROP`);
  await database.copy(stage, lines);
}

/** Writes rows with all columns, over those with the same keys. Part of a transaction. */
export async function restoreRows(
  database: PostgresDatabase,
  table: Table,
  rows: readonly StoredValues[],
): Promise<void> {
  const whole = withSystemColumns(table);
  await stageRows(database, whole, encodedLines(database, whole, rows as readonly Row[]).values());
  const names = Object.keys(whole.columns).map(quoted);
  const sql = `INSERT INTO ${database.names.table(table.name)} (${names.join(", ")}) SELECT ${names.join(", ")} FROM ${stage}
     ON CONFLICT (${table.primaryKey.map(quoted).join(", ")}) DO UPDATE
       SET ${names.map((name) => `${name} = excluded.${name}`).join(", ")}`;
  const { watch } = await lookAt(database, table);
  await database.run(sql);
  await watch?.expectNone(missing(database, table));
}

async function merge(database: PostgresDatabase, table: Table, isPartitioned: boolean) {
  const names = Object.keys(table.columns).map(quoted);
  const content = Object.keys(table.columns)
    .filter((name) => !table.primaryKey.includes(name))
    .map(quoted);
  const changed = content.map((name) => `target.${name} IS DISTINCT FROM excluded.${name}`);
  // Partitions do not show which row was new. A statement sees what existed before it.
  const inserted = isPartitioned
    ? `(SELECT count(*) FROM ${missing(database, table)})`
    : "count(*) FILTER (WHERE is_new)";
  const [counted] = await database.read(
    `WITH merged AS (
       INSERT INTO ${database.names.table(table.name)} AS target (${names.join(", ")}, _synced_at)
       SELECT ${names.join(", ")}, now() FROM ${stage}
       ON CONFLICT (${table.primaryKey.map(quoted).join(", ")}) DO UPDATE
         SET ${content.map((name) => `${name} = excluded.${name}, `).join("")}_synced_at = now(), _deleted_at = NULL
         WHERE ${[...changed, "target._deleted_at IS NOT NULL"].join(" OR ")}
       -- A new row has not been locked by anybody; one that was there we have just locked.
       RETURNING ${isPartitioned ? "NULL::boolean" : "xmax = 0"} AS is_new)
     SELECT count(*) AS written, ${inserted} AS inserted FROM merged`,
  );
  return { inserted: Number(counted?.inserted), updated: Number(counted?.written) - Number(counted?.inserted) };
}

/**
 * Checks that the staged rows are in the table. A row that was not written and differs from the given one is lost if it
 * cannot be written now; if it can, a trigger changes it, and did so before.
 */
async function expectStored(database: PostgresDatabase, table: Table, watch: Watch): Promise<void> {
  await watch.expectNone(missing(database, table));
  const content = Object.keys(table.columns)
    .filter((name) => !table.primaryKey.includes(name))
    .map(quoted);
  const differs = [
    "target._deleted_at IS NOT NULL",
    ...content.map((name) => `target.${name} IS DISTINCT FROM source.${name}`),
  ];
  const where = `${sameKey(table)} AND target._synced_at <> now() AND (${differs.join(" OR ")})`;
  const target = `${database.names.table(table.name)} AS target`;
  await watch.expectReachable(
    `${target} JOIN ${stage} AS source ON ${where}`,
    `UPDATE ${target} SET ${content.map((name) => `${name} = source.${name}, `).join("")}_deleted_at = NULL
     FROM ${stage} AS source WHERE ${where}`,
  );
}

function removeRows(database: PostgresDatabase, table: Table, keys: readonly StoredValues[]): Promise<number> {
  const parameters = new Parameters();
  const named = keysSql(database.dialect, table, keys, parameters);
  return database.run(`DELETE FROM ${database.names.table(table.name)} WHERE ${named}`, parameters);
}

/** Part by part: an index helps with one condition, and not with several joined by OR. */
async function markDeleted(
  database: PostgresDatabase,
  table: Table,
  options: {
    readonly scopes: readonly Scope[];
    readonly keep: readonly StoredValues[];
    readonly watch: Watch | undefined;
  },
): Promise<number> {
  const { names, dialect } = database;
  const keep = holdableKeys(table, options.keep, dialect.lacks);
  // NOT IN, whose keys are never null: with NOT EXISTS, PostgreSQL compares each row with each one of a table that it has
  // not analyzed yet.
  const keys = table.primaryKey.map(quoted);
  let deleted = 0;
  for (const part of scopeParts(options.scopes)) {
    const parameters = new Parameters();
    const kept = keep.length > 0 ? `AND NOT ${keysSql(dialect, table, keep, parameters)}` : "";
    const where = `_deleted_at IS NULL AND ${partSql(dialect, table, part, parameters)} ${kept}
      AND (${keys.map((name) => `target.${name}`).join(", ")}) NOT IN (SELECT ${keys.join(", ")} FROM ${stage})`;
    const target = `${names.table(table.name)} AS target`;
    deleted += await database.run(`UPDATE ${target} SET _deleted_at = now() WHERE ${where}`, parameters);
    await options.watch?.expectNone(`${target} WHERE ${where}`, parameters);
  }
  return deleted;
}

/** Staged rows that are not in the table. */
function missing(database: PostgresDatabase, table: Table): string {
  return `${stage} AS source WHERE NOT EXISTS (
    SELECT 1 FROM ${database.names.table(table.name)} AS target WHERE ${sameKey(table)})`;
}

function sameKey(table: Table): string {
  return table.primaryKey.map((name) => `target.${quoted(name)} = source.${quoted(name)}`).join(" AND ");
}
