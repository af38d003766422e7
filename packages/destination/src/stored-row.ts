import type { ColumnName, ColumnType, Json, systemColumns, Table } from "./table.ts";

type SystemColumns = typeof systemColumns;

/** A database, standing for what its driver reads with default settings. See {@link StoredRow}. */
export type Driver = "postgres" | "sqlite" | "duckdb";

/** The types that drivers read columns as. */
interface ReadBy {
  postgres: {
    string: string;
    /** Text, since a number would round large ones. */
    int64: string;
    float64: number;
    boolean: boolean;
    /** With milliseconds; the table has microseconds. */
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
    /** JSON text. */
    json: string;
  };
  duckdb: {
    string: string;
    int64: bigint;
    float64: number;
    boolean: boolean;
    /** With milliseconds; the table has microseconds. */
    timestamp: Date;
    /** JSON text. */
    json: string;
  };
}

type ReadValue<C, D extends Driver> = C extends { readonly type: infer T extends ColumnType; readonly nullable?: false }
  ? ReadBy[D][T]
  : C extends { readonly type: infer T extends ColumnType }
    ? ReadBy[D][T] | null
    : never;

/**
 * A row of a table as a database's driver reads it, including `_synced_at` and `_deleted_at`: for your own queries, with or
 * without a query builder.
 *
 * | driver     | what reads it                                | int64  | boolean | timestamp | json        |
 * | ---------- | -------------------------------------------- | ------ | ------- | --------- | ----------- |
 * | `postgres` | `pg`                                         | string | boolean | Date      | parsed      |
 * | `sqlite`   | `node:sqlite`, `better-sqlite3`              | number | 0 or 1  | string    | string      |
 * | `duckdb`   | `@duckdb/node-api`, by `getRowObjectsJS()`   | bigint | boolean | Date      | string      |
 *
 * A column without a default that was added after a row was stored is null in it until the row is read again, whatever its
 * type says. {@link Row} is what is written.
 */
export type StoredRow<T extends Table, D extends Driver> = {
  readonly [K in ColumnName<T> | keyof SystemColumns]: ReadValue<
    K extends keyof SystemColumns ? SystemColumns[K] : T["columns"][K],
    D
  >;
};
