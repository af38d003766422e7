/**
 * A table as data, declared once, next to the code that fills it. Destinations create it, sources type their rows by
 * it, and documentation is generated from it.
 */

/** The types a column can have. Each destination maps them to its own. */
export type ColumnType = "string" | "int64" | "float64" | "boolean" | "timestamp" | "json";

/** Anything JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Column {
  readonly type: ColumnType;
  /** Whether the value may be null. @default false */
  readonly nullable?: boolean;
  /**
   * The value of this column in rows stored before it existed. An existing table can only take the column into its
   * primary key if there is such a constant.
   * @default null, even in a column that is not nullable, until the row is written again
   */
  readonly default?: string | number | boolean;
  /** What the value means: one sentence, with its unit. Becomes the column's comment if the database has comments. */
  readonly description: string;
}

/** Columns by name, in the order they are created. Names are snake_case. */
export type Columns = { readonly [name: string]: Column };

type NonNullValue<T extends ColumnType> = T extends "string"
  ? string
  : T extends "int64"
    ? number | bigint
    : T extends "float64"
      ? number
      : T extends "boolean"
        ? boolean
        : T extends "timestamp"
          ? string
          : Exclude<Json, null>;

/**
 * A row's value for a column. A `timestamp` is UTC text with exactly six fractional digits and a `Z`
 * (`2026-11-21T09:30:00.123456Z`), so that equal instants are equal texts and text order is time order.
 */
export type ColumnValue<C extends Column> = C extends { readonly type: ColumnType; readonly nullable?: false }
  ? NonNullValue<C["type"]>
  : NonNullValue<C["type"]> | null;

export interface Table<C extends Columns = Columns, K extends string = string> {
  /** snake_case, with the prefix of its source: `airflow_dag_runs`. */
  readonly name: string;
  readonly description: string;
  readonly columns: C;
  /** The columns that identify a row. None of them is nullable. */
  readonly primaryKey: readonly K[];
  /**
   * The timestamps that place a row in time: the first one that is not null counts, or `_synced_at` if all are null. So
   * every row lies in exactly one of several adjacent windows.
   * @default none: the table has no history, only the current state
   */
  readonly datedBy?: readonly string[];
}

/** A row of a table. Every column is present, and null if unknown. */
export type Row<T extends Table = Table> = { readonly [K in keyof T["columns"]]: ColumnValue<T["columns"][K]> };

/** The name of a column of a table. */
export type ColumnName<T extends Table = Table> = keyof T["columns"] & string;

/** The primary key of a row of a table. */
export type Key<T extends Table = Table> = Pick<Row<T>, T["primaryKey"][number]>;

/** A stored value as a destination returns it, in the form in which it was written. */
export type Value = Json | bigint;

/** Some columns of a stored row of any table, by name. */
export type StoredValues = { readonly [column: string]: Value };

/**
 * The columns that every table has besides its own. A destination fills them.
 *
 * `_synced_at`: when a sync last changed the row's content. `_deleted_at`: when the row was found to be missing from
 * the server; null while it exists.
 */
export const systemColumns = {
  _synced_at: { type: "timestamp", description: "When a sync last changed the content of this row." },
  _deleted_at: {
    type: "timestamp",
    nullable: true,
    description: "When the row was found to be deleted on the server; null while it exists.",
  },
} as const satisfies Columns;
