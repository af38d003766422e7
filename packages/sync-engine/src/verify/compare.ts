/** Two databases, table by table and column by column. DuckDB does the work, so memory does not grow with the rows. */
import type { StoredValues, Table, Value } from "@org/destination";
import type { DuckdbQuery } from "@org/destination/scratch";
import type { Keeps, Stream } from "../stream.ts";
import type { SharedKeys } from "./reread.ts";

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
  /** Rows that the server no longer has, and that the table keeps: see `Stream.keeps`. */
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
  /** The codes of the notices that the source gave when the server was read. */
  readonly notices: ReadonlySet<string>;
  /** Keys of rows that could not be stored, of any table. */
  readonly unstored: readonly StoredValues[];
  /** Where only a sample of the server was read: what is as new as this, ms since 1970. */
  readonly since: number | undefined;
}

/** A table as it is stored, and what its stream says about it. */
export type Compared = Pick<Stream, "table" | "keeps" | "sampleBy">;

/**
 * Compares the table of the database `stored` with that of `server`. `next` is what the next sync would make of the tables, and
 * `reconciled` what one that looks for deletions makes of them after it, where somebody tried.
 */
export async function compareTable(
  query: DuckdbQuery,
  compared: Compared,
  options: CompareOptions,
): Promise<TableComparison> {
  const { table } = compared;
  const sql = sqlOf(table);
  await find(query, sql, compared, options);
  await nameUnstored(query, table, options.unstored);
  await explain(query, sql, compared, options);

  const counted = await query("SELECT _kind, count(*) AS _rows FROM found GROUP BY _kind");
  const count = (kind: string) => Number(counted.find((each) => each._kind === kind)?._rows ?? 0);
  const causes = await query("SELECT _cause, count(*) AS _rows FROM explained GROUP BY _cause ORDER BY _cause");
  const { live, same, named } = sql;
  const isStored = (condition: string) => `EXISTS (SELECT 1 FROM ${live("stored")} s WHERE ${condition})`;
  const [both] = await query(`SELECT count(*) AS _rows FROM ${live("server")} f WHERE ${isStored(same("s", "f"))}`);
  const [lost] = await query(
    `SELECT count(*) AS _rows FROM (SELECT DISTINCT * FROM unstored) u
     WHERE NOT EXISTS (SELECT 1 FROM found f WHERE ${named("f")}) AND NOT ${isStored(named("s"))}`,
  );
  return {
    table: table.name,
    unstored: Number(lost?._rows),
    compared: Number(both?._rows),
    different: count("different"),
    missing: count("missing"),
    extra: count("extra") + count("doubled"),
    kept: count("kept"),
    causes: Object.fromEntries(causes.map(({ _cause, _rows }) => [_cause, Number(_rows)])),
    differences: await firstDifferences(query, table, same),
  };
}

/** Pieces of the queries about one table. Columns of ours begin with `_`, as no table's own do. */
interface TableSql {
  /** The primary key of a side, as a list. */
  readonly keysOf: (side: string) => string;
  /** Whether two sides are the same row. */
  readonly same: (a: string, b: string) => string;
  /** Whether their content differs. */
  readonly differ: (a: string, b: string) => string;
  /** Whether `u` names a side's row, in whatever type its key is written. */
  readonly named: (side: string) => string;
  /** The rows of a database that are not deleted. */
  readonly live: (database: string) => string;
}

function sqlOf({ name, primaryKey, columns }: Table): TableSql {
  const keys = primaryKey.map(quoted);
  const content = Object.keys(columns).map(quoted);
  return {
    keysOf: (side) => keys.map((key) => `${side}.${key}`).join(", "),
    same: (a, b) => keys.map((key) => `${a}.${key} = ${b}.${key}`).join(" AND "),
    differ: (a, b) => content.map((column) => `${a}.${column} IS DISTINCT FROM ${b}.${column}`).join(" OR "),
    named: (side) => keys.map((key) => `u.${key} = ${side}.${key}::VARCHAR`).join(" AND "),
    live: (database) => `(SELECT * FROM ${database}.main.${quoted(name)} WHERE _deleted_at IS NULL)`,
  };
}

/** Makes the table `found`: the keys of all rows that are not the same on both sides, each with its kind. */
async function find(
  query: DuckdbQuery,
  { keysOf, same, differ, live }: TableSql,
  { table, keeps = [], sampleBy }: Compared,
  { since }: CompareOptions,
): Promise<void> {
  await query(`CREATE OR REPLACE TEMP TABLE found AS
    SELECT ${keysOf("s")}, 'different' AS _kind FROM ${live("stored")} s JOIN ${live("server")} f ON ${same("s", "f")}
      WHERE ${differ("s", "f")}
    UNION ALL SELECT ${keysOf("f")}, 'missing' FROM ${live("server")} f
      WHERE NOT EXISTS (SELECT 1 FROM ${live("stored")} s WHERE ${same("s", "f")})
    UNION ALL SELECT ${keysOf("s")}, CASE WHEN ${isKept(table, keeps)} THEN 'kept' ELSE 'extra' END FROM ${live("stored")} s
      WHERE ${inSample(sampleBy, since)} AND NOT EXISTS (SELECT 1 FROM ${live("server")} f WHERE ${same("s", "f")})
    UNION ALL SELECT ${keysOf("d")}, 'doubled' FROM stored.main.${quoted(table.name)} d
      GROUP BY ${keysOf("d")} HAVING count(*) > 1`);
}

/** Makes the table `unstored` of keys, as text: one that nothing can hold may be no value of its column. */
async function nameUnstored(query: DuckdbQuery, { primaryKey }: Table, rows: readonly StoredValues[]): Promise<void> {
  const columns = primaryKey.map((key) => `${quoted(key)} VARCHAR`);
  await query(`CREATE OR REPLACE TEMP TABLE unstored (${columns.join(", ")})`);
  for (const row of rows) {
    const values = primaryKey.map((name) => textSql(String(row[name]).toWellFormed()));
    await query(`INSERT INTO unstored VALUES (${values.join(", ")})`);
  }
}

/** A text as SQL, of which a NUL would be the end. */
function textSql(text: string): string {
  const parts = text.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.join(" || chr(0) || ");
}

/** Makes the table `explained`: those of `found` that are differences, each with its cause. */
async function explain(
  query: DuckdbQuery,
  { keysOf, same, differ, named, live }: TableSql,
  { table, keeps = [] }: Compared,
  { hasNext, notices }: CompareOptions,
): Promise<void> {
  const isUnstored = `EXISTS (SELECT 1 FROM unstored u WHERE ${named("d")})`;
  const isLive = (side: string) => `${side}._synced_at IS NOT NULL AND ${side}._deleted_at IS NULL`;
  const cause = hasNext
    ? `CASE WHEN _kind = 'doubled' THEN 'unexplained' WHEN ${isUnstored} THEN 'unstored'
         WHEN _kind = 'missing' THEN CASE WHEN ${isLive("n")} THEN 'new' WHEN ${isLive("r")} THEN 'missed' ELSE 'unexplained' END
         WHEN n._deleted_at IS NOT NULL OR r._deleted_at IS NOT NULL THEN 'deleted'
         WHEN n._synced_at IS NULL OR ${differ("s", "n")} THEN 'changed'
         WHEN r._synced_at IS NULL OR ${differ("s", "r")} THEN 'missed'
         WHEN ${isUnloaded(table, keeps, notices)} THEN 'not_loaded'
         ELSE 'unexplained' END`
    : `CASE WHEN ${isUnstored} THEN 'unstored' ELSE 'unknown' END`;
  const side = (database: string, alias: string) =>
    `LEFT JOIN ${database}.main.${quoted(table.name)} ${alias} ON ${same(alias, "d")}`;
  const tried = hasNext ? `${side("next", "n")} ${side("reconciled", "r")}` : "";
  await query(`CREATE OR REPLACE TEMP TABLE explained AS SELECT DISTINCT ${keysOf("d")}, _kind, ${cause} AS _cause
    FROM found d LEFT JOIN ${live("stored")} s ON ${same("s", "d")} ${tried} WHERE _kind <> 'kept'`);
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
    `SELECT ${keys}, _kind, _cause, ${side("s")}, ${side("f")}
     FROM (SELECT * FROM explained d ORDER BY _cause <> 'unexplained', ${keys} LIMIT ${SHOWN}) d
     LEFT JOIN stored.main.${name} s ON ${same("s", "d")} AND d._kind <> 'doubled' LEFT JOIN server.main.${name} f ON ${same("f", "d")}
     ORDER BY _cause <> 'unexplained', ${keys} LIMIT ${SHOWN}`,
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
      columns: Object.fromEntries(pairs.filter(([, pair]) => written(pair.table) !== written(pair.server))),
    };
  });
}

/** JSON comes with its keys in one order, so equal values are equal texts. */
function written(value: Value): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

/** Which rows a table holds rightly though the server no longer has them, as a condition on `s`. */
function isKept({ name, primaryKey }: Table, keeps: readonly Keeps[]): string {
  const reasons = keeps.map((rule) => {
    if (rule.why === "purged") return `s.${quoted(rule.markedBy)} IS NOT NULL`;
    if (rule.why !== "superseded") return "false";
    const [latest, version] = [quoted(rule.latest), quoted(rule.version)];
    const others = primaryKey.filter((key) => key !== rule.version).map(quoted);
    return `NOT s.${latest} AND EXISTS (SELECT 1 FROM server.main.${quoted(name)} l WHERE l.${latest}
      AND l.${version} > s.${version} ${others.map((key) => `AND l.${key} = s.${key}`).join(" ")})`;
  });
  return anyOf(reasons);
}

/** Which rows belong to the sample of a table that has a history, as a condition on `s`. */
function inSample(sampleBy: string | undefined, since: number | undefined): string {
  if (since === undefined || sampleBy === undefined) return "true";
  return `s.${quoted(sampleBy)} >= '${new Date(since).toISOString()}'`;
}

/** Which rows are of a part that the server could not say anything about, as a condition on `s`. */
function isUnloaded({ name }: Table, keeps: readonly Keeps[], notices: ReadonlySet<string>): string {
  const reasons = keeps.map((rule) => {
    if (rule.why !== "unloaded" || !notices.has(rule.notice)) return "false";
    const part = quoted(rule.part);
    const loaded = `SELECT ${part} FROM server.main.${quoted(name)} WHERE ${part} IS NOT NULL`;
    return `s.${part} IS NOT NULL AND s.${part} NOT IN (${loaded})`;
  });
  return anyOf(reasons);
}

function anyOf(conditions: readonly string[]): string {
  return ["false", ...conditions].map((condition) => `(${condition})`).join(" OR ");
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
