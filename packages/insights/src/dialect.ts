/**
 * Where DuckDB, SQLite and PostgreSQL differ. Everything else in a question is SQL that all three support: times are
 * integer microseconds since 1970, conditions are 0 and 1, percentiles are computed from row numbers.
 */
import type { SqlReader } from "@org/destination";

export interface Dialect {
  readonly name: SqlReader["dialect"];
  /** The types of columns, for CAST. */
  readonly types: Readonly<Record<"text" | "int" | "float" | "micros" | "flag" | "json", string>>;
  /** A text column that sorts by bytes, as DuckDB and SQLite sort all texts. */
  text(column: string): string;
  /** A timestamp column as microseconds since 1970. */
  micros(column: string): string;
  /** A member, of any name, of a JSON column that is an object of texts; null if there is none. */
  member(column: string, name: string): string;
  /** The number of entries of a JSON column that is a list. */
  listLength(column: string): string;
  /** A boolean column as 0 or 1. */
  flag(column: string): string;
  /**
   * The lower median, to be followed by OVER, if the database can compute it for a moving window. Otherwise an
   * approximation is used.
   */
  medianOver?(value: string): string;
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
/** A path with one step, whatever the name contains. */
const path = (name: string) => literal(`$."${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`);
const types = { text: "text", int: "bigint", float: "double precision", micros: "bigint", flag: "integer" } as const;
const flag = (column: string) => `CASE WHEN ${column} THEN 1 WHEN NOT ${column} THEN 0 END`;

export const dialects: Readonly<Record<SqlReader["dialect"], Dialect>> = {
  duckdb: {
    name: "duckdb",
    types: { ...types, float: "double", json: "json" },
    text: (column) => column,
    micros: (column) => `epoch_us(${column})`,
    member: (column, name) => `json_extract_string(${column}, ${path(name)})`,
    listLength: (column) => `json_array_length(${column})`,
    flag,
    medianOver: (value) => `quantile_disc(${value}, 0.5)`,
  },
  sqlite: {
    name: "sqlite",
    types: { ...types, float: "real", json: "text" },
    text: (column) => column,
    // Stored as text with six digits. SQLite's own time arithmetic is only exact to a millisecond.
    micros: (column) => `(unixepoch(substr(${column}, 1, 19)) * 1000000 + CAST(substr(${column}, 21, 6) AS INTEGER))`,
    member: (column, name) => `json_extract(${column}, ${path(name)})`,
    listLength: (column) => `json_array_length(${column})`,
    flag,
  },
  postgres: {
    name: "postgres",
    types: { ...types, json: "jsonb" },
    text: (column) => `(${column} COLLATE "C")`,
    micros: (column) => `CAST(round(extract(epoch FROM ${column}) * 1000000) AS bigint)`,
    member: (column, name) => `((${column} ->> ${literal(name)}) COLLATE "C")`,
    listLength: (column) => `jsonb_array_length(${column})`,
    flag,
  },
};

/**
 * The nearest-rank percentile of a group: the smallest value with at least so many percent of the values at or below
 * it, which is the same number in every database. Use it in a query that groups {@link ranked} rows.
 *
 * @param percent an integer from 1 to 100: 50 is the lower median
 */
export function percentile(percent: number, value: string): string {
  return `min(CASE WHEN ${value}_rank * 100 >= ${percent} * ${value}_count THEN ${value} END)`;
}

/** Columns for {@link percentile}: the rank of a value among the non-null values of its group, and their number. */
export function ranked(value: string, groupBy: readonly string[]): string {
  const of = `PARTITION BY ${[...groupBy, `${value} IS NULL`].join(", ")}`;
  return `row_number() OVER (${of} ORDER BY ${value}) AS ${value}_rank, count(${value}) OVER (${of}) AS ${value}_count`;
}
