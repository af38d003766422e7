/** Compares two databases table by table, column by column. DuckDB does the work, so memory stays bounded. */
import type { StoredValues, Table, Value } from "@org/destination";
import type { DuckdbQuery } from "@org/destination/scratch";
import type { Keeps, Stream } from "../stream.ts";
import type { SharedKeys } from "./reread.ts";

/** `extra`: a row that the server does not have. `doubled`: several rows with the same key. */
export type DifferenceKind = "different" | "missing" | "extra" | "doubled";

/**
 * The cause of a difference. `changed`, `new`: since the last sync; the next one fixes it. `deleted`: gone from the server.
 * `missed`: the next sync does not fix it, but one that looks for deletions does. `not_loaded`: the code location is not
 * loaded, so the server cannot say. `unstored`: the destination cannot hold the row; each sync retries it. `unexplained`:
 * neither sync fixes it. `unknown`: not determined.
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
  /** Rows on both sides. */
  readonly compared: number;
  readonly different: number;
  readonly missing: number;
  /** Rows that the server does not have, and keys that occur more than once. */
  readonly extra: number;
  /** Rows that the server no longer has but the table keeps on purpose: see `Stream.keeps`. */
  readonly kept: number;
  /** Rows that the server sent under another row's key. No table holds them, and no other number counts them. */
  readonly sharedKeys?: SharedKeys;
  /** Rows on the server that no database can hold, so that they are missing on both sides. */
  readonly unstored: number;
  readonly causes: Partial<Record<Cause, number>>;
  /** The first few, unexplained ones first. */
  readonly differences: readonly Difference[];
}

/** Maximum number of differences shown per table. */
const SHOWN = 10;

export interface CompareOptions {
  /** Whether the databases `next` and `reconciled` exist. */
  readonly hasNext: boolean;
  /** Codes of the notices that the source emitted when the server was read. */
  readonly notices: ReadonlySet<string>;
  /** Keys of unstored rows, on either side. */
  readonly unstored: readonly StoredValues[];
  /** The start of the sample, in ms since 1970. Undefined: everything was read. */
  readonly since: number | undefined;
}

/** A stored table, and its stream's declarations about it. */
export type Compared = Pick<Stream, "table" | "keeps" | "sampleBy" | "observed">;

/**
 * Compares a table of the database `stored` with the one of `server`. If `hasNext`, `next` is the result of the next sync,
 * and `reconciled` that of a following one that looks for deletions; they explain the differences.
 */
export async function compareTable(
  query: DuckdbQuery,
  compared: Compared,
  options: CompareOptions,
): Promise<TableComparison> {
  const table = withoutObserved(compared);
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

/** The table as far as the server can confirm it. */
function withoutObserved({ table, observed = [] }: Compared): Table {
  const columns = Object.entries(table.columns).filter(([name]) => !observed.includes(name));
  return { ...table, columns: Object.fromEntries(columns) };
}

/** SQL fragments for one table. Helper columns start with `_`, which no table's own columns do. */
interface TableSql {
  /** A side's primary key columns, comma-separated. */
  readonly keysOf: (side: string) => string;
  /** Condition: two sides have the same key. */
  readonly same: (a: string, b: string) => string;
  /** Condition: their content differs. */
  readonly differ: (a: string, b: string) => string;
  /** Condition: `u` has a side's key, compared as text. */
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

/** Creates the table `found`: the keys of all rows that differ between the sides, with their kinds. */
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
      WHERE ${inSample("f", sampleBy, since)} AND NOT EXISTS (SELECT 1 FROM ${live("stored")} s WHERE ${same("s", "f")})
    UNION ALL SELECT ${keysOf("s")}, CASE WHEN ${isKept(table, keeps)} THEN 'kept' ELSE 'extra' END FROM ${live("stored")} s
      WHERE ${inSample("s", sampleBy, since)} AND NOT EXISTS (SELECT 1 FROM ${live("server")} f WHERE ${same("s", "f")})
    UNION ALL SELECT ${keysOf("d")}, 'doubled' FROM stored.main.${quoted(table.name)} d
      GROUP BY ${keysOf("d")} HAVING count(*) > 1`);
}

/** Creates the table `unstored`, with keys as text: a key that cannot be stored may be invalid for its column's type. */
async function nameUnstored(query: DuckdbQuery, { primaryKey }: Table, rows: readonly StoredValues[]): Promise<void> {
  const columns = primaryKey.map((key) => `${quoted(key)} VARCHAR`);
  await query(`CREATE OR REPLACE TEMP TABLE unstored (${columns.join(", ")})`);
  for (const row of rows) {
    const values = primaryKey.map((name) => textSql(String(row[name]).toWellFormed()));
    await query(`INSERT INTO unstored VALUES (${values.join(", ")})`);
  }
}

/** Text as an SQL expression. A literal cannot contain NUL. */
function textSql(text: string): string {
  const parts = text.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.join(" || chr(0) || ");
}

/** Creates the table `explained`: the differences in `found`, with their causes. */
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
    // A missing row may still be in the table, marked as deleted. Other kinds only have one side.
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

/** Equal JSON values are equal as text, since their keys are sorted. */
function written(value: Value): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

/** A condition on `s`: rows that the table keeps on purpose although the server no longer has them. */
function isKept({ name, primaryKey }: Table, keeps: readonly Keeps[]): string {
  const reasons = keeps.map((rule) => {
    if (rule.why === "purged") return `s.${quoted(rule.markedBy)} IS NOT NULL`;
    if (rule.why === "forgotten") {
      const at = quoted(rule.datedBy);
      const older = [`f.${at} <= s.${at}`, ...(rule.per ?? []).map((column) => alike("f", column))].join(" AND ");
      return `s.${at} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM server.main.${quoted(name)} f WHERE ${older})`;
    }
    if (rule.why !== "superseded") return "false";
    if ("of" in rule) {
      const at = quoted(rule.version);
      const newer = [`f.${at} > s.${at}`, ...rule.of.map((column) => alike("f", column))].join(" AND ");
      return `EXISTS (SELECT 1 FROM server.main.${quoted(name)} f WHERE ${newer})`;
    }
    const [latest, version] = [quoted(rule.latest), quoted(rule.version)];
    const others = primaryKey.filter((key) => key !== rule.version).map(quoted);
    return `NOT s.${latest} AND EXISTS (SELECT 1 FROM server.main.${quoted(name)} l WHERE l.${latest}
      AND l.${version} > s.${version} ${others.map((key) => `AND l.${key} = s.${key}`).join(" ")})`;
  });
  return anyOf(reasons);
}

function alike(side: string, column: string): string {
  return `${side}.${quoted(column)} = s.${quoted(column)}`;
}

/** A condition on the rows of a side: in the sample. */
function inSample(side: string, sampleBy: string | undefined, since: number | undefined): string {
  if (since === undefined || sampleBy === undefined) return "true";
  return `${side}.${quoted(sampleBy)} >= '${new Date(since).toISOString()}'`;
}

/** A condition on `s`: rows of a part that the server currently cannot list. */
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
