import type { ColumnName, ColumnType, Json, systemColumns, Table } from "./table.ts";

type SystemColumns = typeof systemColumns;

/** A database, for what its driver reads where nothing is set. See {@link StoredRow}. */
export type Driver = "postgres" | "sqlite" | "duckdb";

/** What drivers make of the column types. */
interface ReadBy {
  postgres: {
    string: string;
    /** Text, since a number would round large ones. */
    int64: string;
    float64: number;
    boolean: boolean;
    /** To the millisecond; the table has microseconds. */
    timestamp: Date;
    json: Exclude<Json, null>;
  };
  sqlite: {
    string: string;
    int64: number;
    float64: number;
    boolean: 0 | 1;
    /** As rows are written: `2026-11-21T09:30:00.123456Z`. */
    timestamp: string;
    /** Text of JSON. */
    json: string;
  };
  duckdb: {
    string: string;
    int64: bigint;
    float64: number;
    boolean: boolean;
    /** To the millisecond; the table has microseconds. */
    timestamp: Date;
    /** Text of JSON. */
    json: string;
  };
}

type ReadValue<C, D extends Driver> = C extends { readonly type: infer T extends ColumnType; readonly nullable?: false }
  ? ReadBy[D][T]
  : C extends { readonly type: infer T extends ColumnType }
    ? ReadBy[D][T] | null
    : never;

/**
 * A row of a table as the driver of a database reads it, `_synced_at` and `_deleted_at` included: for queries of one's own,
 * with a query builder or without.
 *
 * | driver     | what reads it                                | int64  | boolean | timestamp | json        |
 * | ---------- | -------------------------------------------- | ------ | ------- | --------- | ----------- |
 * | `postgres` | `pg`                                         | string | boolean | Date      | parsed      |
 * | `sqlite`   | `node:sqlite`, `better-sqlite3`              | number | 0 or 1  | string    | string      |
 * | `duckdb`   | `@duckdb/node-api`, by `getRowObjectsJS()`   | bigint | boolean | Date      | string      |
 *
 * A column that was added after a row was stored is null in it until the row is read again, whatever its type says, where the
 * column has no default. {@link Row} is what is written.
 */
export type StoredRow<T extends Table, D extends Driver> = {
  readonly [K in ColumnName<T> | keyof SystemColumns]: ReadValue<
    K extends keyof SystemColumns ? SystemColumns[K] : T["columns"][K],
    D
  >;
};
