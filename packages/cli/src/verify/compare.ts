/** Two databases, table by table and column by column. DuckDB does the work, so memory does not grow with the rows. */
import { isDeepStrictEqual } from "node:util";
import type { StoredValues, Table, Value } from "@org/destination";
import type { DuckdbQuery } from "@org/destination/duckdb";
import type { SharedKeys } from "./reread.ts";

/** Where each side lies: the names are those of the databases in the queries. */
export interface Files {
  /** The tables to be verified. */
  readonly stored: string;
  /** The server, read again. */
  readonly server: string;
  /** What the next sync would make of the tables, and one that looks for deletions after it, where somebody tried. */
  readonly next?: string;
  readonly reconciled?: string;
}

/** `extra`: a row that the server does not have. `doubled`: several rows with one key. */
export type DifferenceKind = "different" | "missing" | "extra" | "doubled";

/**
 * Why, as far as it can be known. `changed`, `new`: since the last sync, the next one brings it. `deleted`: gone from the
 * server. `missed`: the next sync would leave it so, and one that looks for deletions brings it. `not_loaded`: the server cannot say now, since the code location is not loaded. `unstored`: the destination cannot hold it, and
 * each sync tries it again. `unexplained`: both
 * would leave it so. `unknown`: nobody tried.
 */
export type Cause = "unexplained" | "changed" | "new" | "deleted" | "missed" | "not_loaded" | "unstored" | "unknown";

export interface Difference {
  readonly kind: DifferenceKind;
  readonly cause: Cause;
  readonly key: StoredValues;
  /** The columns that differ. */
  readonly columns: { readonly [column: string]: { readonly table: Value; readonly server: Value } };
}

export interface TableComparison {
  readonly table: string;
  /** Rows that are on both sides. */
  readonly compared: number;
  readonly different: number;
  readonly missing: number;
  /** Rows that the server does not have, and keys that occur more than once. */
  readonly extra: number;
  /** Rows that the server no longer has, and that are kept for their history: see `keptBecause`. */
  readonly kept: number;
  /** Rows that the server sent under the key of another one: they are in none of the tables, and in no other number. */
  readonly sharedKeys?: SharedKeys;
  /** Rows of the server that neither the tables hold nor what they were compared with, since nothing can hold them. */
  readonly unstored: number;
  readonly causes: Partial<Record<Cause, number>>;
  /** The first ones, the unexplained before the others. */
  readonly differences: readonly Difference[];
}

/** So many differences are shown for each table. */
const SHOWN = 10;

export interface CompareOptions {
  /** Whether the databases `next` and `reconciled` are there too. */
  readonly hasNext: boolean;
  /** Whether a code location was not loaded when the server was read. */
  readonly isUnloaded: boolean;
  /** Keys of rows that could not be stored, of any table. */
  readonly unstored: readonly StoredValues[];
  /** Where only a sample of the server was read: what is as new as this, ms since 1970. */
  readonly since: number | undefined;
}

export async function compareTable(
  query: DuckdbQuery,
  table: Table,
  { hasNext, isUnloaded, unstored, since }: CompareOptions,
): Promise<TableComparison> {
  const keys = table.primaryKey.map(quoted);
  const same = (a: string, b: string) => keys.map((key) => `${a}.${key} = ${b}.${key}`).join(" AND ");
  const content = Object.keys(table.columns).map(quoted);
  const differ = (a: string, b: string) =>
    content.map((name) => `${a}.${name} IS DISTINCT FROM ${b}.${name}`).join(" OR ");
  const live = (database: string) => `(SELECT * FROM ${database}.main.${quoted(table.name)} WHERE _deleted_at IS NULL)`;
  const keysOf = (side: string) => keys.map((key) => `${side}.${key}`).join(", ");

  await query(`CREATE OR REPLACE TEMP TABLE found AS
    SELECT ${keysOf("s")}, 'different' AS kind FROM ${live("stored")} s JOIN ${live("server")} f ON ${same("s", "f")}
      WHERE ${differ("s", "f")}
    UNION ALL SELECT ${keysOf("f")}, 'missing' FROM ${live("server")} f
      WHERE NOT EXISTS (SELECT 1 FROM ${live("stored")} s WHERE ${same("s", "f")})
    UNION ALL SELECT ${keysOf("s")}, CASE WHEN ${keptBecause(table)} THEN 'kept' ELSE 'extra' END FROM ${live("stored")} s
      WHERE ${inSample(table, since)} AND NOT EXISTS (SELECT 1 FROM ${live("server")} f WHERE ${same("s", "f")})
    UNION ALL SELECT ${keysOf("d")}, 'doubled' FROM stored.main.${quoted(table.name)} d
      GROUP BY ${keysOf("d")} HAVING count(*) > 1`);

  // As text: a key that nothing can hold may be no value of its column.
  await query(`CREATE OR REPLACE TEMP TABLE unstored (${keys.map((key) => `${key} VARCHAR`).join(", ")})`);
  for (const row of unstored) {
    const values = table.primaryKey.map((name) => `'${String(row[name]).toWellFormed().replaceAll("'", "''")}'`);
    await query(`INSERT INTO unstored VALUES (${values.join(", ")})`);
  }
  const named = (side: string) => keys.map((key) => `u.${key} = ${side}.${key}::VARCHAR`).join(" AND ");
  const isUnstored = `EXISTS (SELECT 1 FROM unstored u WHERE ${named("d")})`;

  const tried = (["next", "reconciled"] as const).map((name) => `${name}.main.${quoted(table.name)}`);
  const isLive = (side: string) => `${side}._synced_at IS NOT NULL AND ${side}._deleted_at IS NULL`;
  const cause = hasNext
    ? `CASE WHEN kind = 'doubled' THEN 'unexplained' WHEN ${isUnstored} THEN 'unstored'
         WHEN kind = 'missing' THEN CASE WHEN ${isLive("n")} THEN 'new' WHEN ${isLive("r")} THEN 'missed' ELSE 'unexplained' END
         WHEN n._deleted_at IS NOT NULL OR r._deleted_at IS NOT NULL THEN 'deleted'
         WHEN n._synced_at IS NULL OR ${differ("s", "n")} THEN 'changed'
         WHEN r._synced_at IS NULL OR ${differ("s", "r")} THEN 'missed'
         WHEN ${isUnloaded ? notLoaded(table) : "false"} THEN 'not_loaded'
         ELSE 'unexplained' END`
    : `CASE WHEN ${isUnstored} THEN 'unstored' ELSE 'unknown' END`;
  const joined = hasNext
    ? `LEFT JOIN ${tried[0]} n ON ${same("n", "d")} LEFT JOIN ${tried[1]} r ON ${same("r", "d")}`
    : "";
  await query(`CREATE OR REPLACE TEMP TABLE explained AS SELECT DISTINCT ${keysOf("d")}, kind, ${cause} AS cause FROM found d
    LEFT JOIN ${live("stored")} s ON ${same("s", "d")} ${joined} WHERE kind <> 'kept'`);

  const counted = await query("SELECT kind, count(*) AS rows FROM found GROUP BY kind");
  const count = (kind: string) => Number(counted.find((each) => each.kind === kind)?.rows ?? 0);
  const causes = await query("SELECT cause, count(*) AS rows FROM explained GROUP BY cause ORDER BY cause");
  const [both] = await query(
    `SELECT count(*) AS rows FROM ${live("server")} f WHERE EXISTS (SELECT 1 FROM ${live("stored")} s WHERE ${same("s", "f")})`,
  );
  const [lost] = await query(
    `SELECT count(*) AS rows FROM (SELECT DISTINCT * FROM unstored) u
     WHERE NOT EXISTS (SELECT 1 FROM found f WHERE ${named("f")}) AND NOT EXISTS (SELECT 1 FROM ${live("stored")} s WHERE ${named("s")})`,
  );
  return {
    table: table.name,
    unstored: Number(lost?.rows),
    compared: Number(both?.rows),
    different: count("different"),
    missing: count("missing"),
    extra: count("extra") + count("doubled"),
    kept: count("kept"),
    causes: Object.fromEntries(causes.map(({ cause, rows }) => [cause, Number(rows)])),
    differences: await firstDifferences(query, table, same),
  };
}

async function firstDifferences(
  query: DuckdbQuery,
  table: Table,
  same: (a: string, b: string) => string,
): Promise<readonly Difference[]> {
  const names = [...Object.keys(table.columns), "_deleted_at"];
  const keys = table.primaryKey.map((key) => `d.${quoted(key)}`).join(", ");
  const side = (alias: string) =>
    names.map((name) => `${alias}.${quoted(name)} AS ${quoted(`${alias}:${name}`)}`).join(", ");
  const name = quoted(table.name);
  const rows = await query(
    `SELECT ${keys}, kind AS _kind, cause AS _cause, ${side("s")}, ${side("f")}
     FROM (SELECT * FROM explained d ORDER BY cause <> 'unexplained', ${keys} LIMIT ${SHOWN}) d
     LEFT JOIN stored.main.${name} s ON ${same("s", "d")} AND d.kind <> 'doubled' LEFT JOIN server.main.${name} f ON ${same("f", "d")}
     ORDER BY cause <> 'unexplained', ${keys} LIMIT ${SHOWN}`,
  );
  return rows.map((row) => {
    const [kind, cause] = [row._kind as DifferenceKind, row._cause as Cause];
    // A missing row may be in the table, marked as deleted; of others there is only one side.
    const isCompared = kind === "different" || (kind === "missing" && row["s:_deleted_at"] !== null);
    const columns = isCompared ? names : [];
    const pairs = columns.map(
      (column) => [column, { table: row[`s:${column}`]!, server: row[`f:${column}`]! }] as const,
    );
    return {
      kind,
      cause,
      key: Object.fromEntries(table.primaryKey.map((key) => [key, row[key]!])),
      columns: Object.fromEntries(pairs.filter(([, pair]) => !isDeepStrictEqual(pair.table, pair.server))),
    };
  });
}

/** Which rows a table holds rightly though the server no longer has them, as a condition on `s`. */
function keptBecause({ name, columns, primaryKey }: Table): string {
  const reasons = ["false"];
  // Gone with the server's retention.
  if ("purged_at" in columns) reasons.push("s.purged_at IS NOT NULL");
  // An earlier attempt that was seen, of a task instance that is there: the server does not show all of them.
  if ("is_latest" in columns) {
    const instance = primaryKey
      .filter((key) => key !== "try_number")
      .map((key) => `l.${quoted(key)} = s.${quoted(key)}`);
    reasons.push(
      `NOT s.is_latest AND EXISTS (SELECT 1 FROM server.main.${quoted(name)} l
         WHERE l.is_latest AND l.try_number > s.try_number AND ${instance.join(" AND ")})`,
    );
  }
  return reasons.map((reason) => `(${reason})`).join(" OR ");
}

/** Which rows belong to the sample of a table that has a history, as a condition on `s`. */
function inSample({ columns }: Table, since: number | undefined): string {
  const time = "run_after" in columns ? "run_after" : "run_id" in columns ? "update_time" : undefined;
  return since === undefined || !time ? "true" : `s.${time} >= '${new Date(since).toISOString()}'`;
}

/** What Dagster defines where nothing is known now: its rows keep their content. */
function notLoaded({ name, columns }: Table): string {
  if (!("code_location" in columns) || "run_id" in columns) return "false";
  const loaded = `SELECT code_location FROM server.main.${quoted(name)} WHERE code_location IS NOT NULL`;
  return `s.code_location IS NOT NULL AND s.code_location NOT IN (${loaded})`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
