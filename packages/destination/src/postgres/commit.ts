/** A batch as SQL: staged by COPY, merged, and the rest of its scopes marked. Part of the commit's transaction. */
import type { Batch, CommitResult } from "../destination.ts";
import type { Scope } from "../scope.ts";
import { quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { partSql, scopeParts, tuplesSql } from "../sql/scope.ts";
import { withSystemColumns } from "../sql/transfer.ts";
import { storedRow } from "../stored-form.ts";
import type { Column, Row, StoredRow, Table } from "../table.ts";
import type { PostgresDatabase } from "./database.ts";
import { copyLine, postgresText } from "./values.ts";

const stage = "pg_temp._sync_stage";

export async function writeRows(database: PostgresDatabase, batch: Batch): Promise<CommitResult> {
  const { table, replace = [], upserts = [], remove = [] } = batch;
  const lines = encodedLines(table, [...replace.flatMap((each) => each.rows), ...upserts]);
  const staged = lines.size;
  if (staged > 0 || replace.length > 0) await stageRows(database, table, lines.values());
  const { inserted, updated } = staged > 0 ? await merge(database, table) : { inserted: 0, updated: 0 };
  // Before the marking, so that a placeholder that goes is not counted as deleted too.
  const removed = remove.length > 0 ? await removeRows(database, table, remove) : 0;
  const scopes = replace.map((each) => each.scope);
  const deleted = await markDeleted(database, table, scopes);
  return { inserted, updated, unchanged: staged - inserted - updated, deleted, removed };
}

/** The rows as lines of COPY by their keys, the last of each. */
function encodedLines(table: Table, rows: readonly Row[]): Map<string, string> {
  const names = Object.keys(table.columns);
  const columns = Object.values<Column>(table.columns);
  const keyIndexes = table.primaryKey.map((name) => names.indexOf(name));
  const lines = new Map<string, string>();
  for (const row of rows) {
    const texts = storedRow(table, row).map((value, position) => {
      const column = columns[position] as Column;
      // Once it is checked, a timestamp's own text is what is stored.
      return column.type === "timestamp"
        ? (row[names[position] as string] as string | null)
        : postgresText(column, value);
    });
    lines.set(JSON.stringify(keyIndexes.map((index) => texts[index])), copyLine(texts));
  }
  return lines;
}

/**
 * The stage is not made from the table itself: that would keep others from changing the table for as long as the rows
 * take to come, and no limit of the server ends a COPY whose sender has stopped.
 */
async function stageRows(database: PostgresDatabase, table: Table, lines: Iterable<string>): Promise<void> {
  const columns = Object.entries<Column>(table.columns).map(
    ([name, { type }]) => `${quoted(name)} ${database.dialect.types[type]}`,
  );
  await database.run(`CREATE TEMP TABLE _sync_stage (${columns.join(", ")}) ON COMMIT DROP`);
  await database.copy(stage, lines);
}

/** Writes rows with all columns, over those with the same keys. Part of a transaction. */
export async function restoreRows(database: PostgresDatabase, table: Table, rows: readonly StoredRow[]): Promise<void> {
  const whole = withSystemColumns(table);
  await stageRows(database, whole, encodedLines(whole, rows as readonly Row[]).values());
  const names = Object.keys(whole.columns).map(quoted);
  await database.run(
    `INSERT INTO ${database.names.table(table.name)} (${names.join(", ")}) SELECT ${names.join(", ")} FROM ${stage}
     ON CONFLICT (${table.primaryKey.map(quoted).join(", ")}) DO UPDATE
       SET ${names.map((name) => `${name} = excluded.${name}`).join(", ")}`,
  );
}

async function merge(database: PostgresDatabase, table: Table): Promise<{ inserted: number; updated: number }> {
  const names = Object.keys(table.columns).map(quoted);
  const content = Object.keys(table.columns)
    .filter((name) => !table.primaryKey.includes(name))
    .map(quoted);
  const changed = content.map((name) => `target.${name} IS DISTINCT FROM excluded.${name}`);
  const [counted] = await database.read(
    `WITH merged AS (
       INSERT INTO ${database.names.table(table.name)} AS target (${names.join(", ")}, _synced_at)
       SELECT ${names.join(", ")}, now() FROM ${stage}
       ON CONFLICT (${table.primaryKey.map(quoted).join(", ")}) DO UPDATE
         SET ${content.map((name) => `${name} = excluded.${name}, `).join("")}_synced_at = now(), _deleted_at = NULL
         WHERE ${[...changed, "target._deleted_at IS NOT NULL"].join(" OR ")}
       -- A new row has not been locked by anybody; one that was there we have just locked.
       RETURNING xmax = 0 AS is_new)
     SELECT count(*) FILTER (WHERE is_new) AS inserted, count(*) FILTER (WHERE NOT is_new) AS updated FROM merged`,
  );
  return { inserted: Number(counted?.inserted), updated: Number(counted?.updated) };
}

function removeRows(database: PostgresDatabase, table: Table, keys: readonly StoredRow[]): Promise<number> {
  const parameters = new Parameters();
  const values = table.primaryKey.map((name) => keys.map((key) => key[name]));
  const named = tuplesSql(database.dialect, table, table.primaryKey, values, parameters);
  return database.run(`DELETE FROM ${database.names.table(table.name)} WHERE ${named}`, parameters);
}

/** Part by part: an index helps with one condition, and not with several of which one must hold. */
async function markDeleted(database: PostgresDatabase, table: Table, scopes: readonly Scope[]): Promise<number> {
  const sameKey = table.primaryKey.map((name) => `target.${quoted(name)} = source.${quoted(name)}`).join(" AND ");
  let deleted = 0;
  for (const part of scopeParts(scopes)) {
    const parameters = new Parameters();
    deleted += await database.run(
      `UPDATE ${database.names.table(table.name)} AS target SET _deleted_at = now()
       WHERE _deleted_at IS NULL AND ${partSql(database.dialect, table, part, parameters)}
         AND NOT EXISTS (SELECT 1 FROM ${stage} AS source WHERE ${sameKey})`,
      parameters,
    );
  }
  return deleted;
}
