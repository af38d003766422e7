import type { Columns, ColumnType, StoredValues, Table, Value } from "./table.ts";

/** A parameter of a statement. Integers count as `int64`, other numbers as `float64`. */
export type SqlParameter = Value | { readonly type: ColumnType; readonly value: Value };

/**
 * Read-only SQL access: a statement that would change anything is rejected, however it is written. Queries may be sent
 * at any time and are carried out one after the other. So read all pages of one, or leave the iteration, before you
 * wait for the next. Each sees what was committed before it started.
 */
export interface SqlReader {
  /** The SQL dialect. */
  readonly dialect: "duckdb" | "sqlite" | "postgres";
  /** A table's name as SQL: quoted, with its schema, and with a wrapper's prefix. */
  table(table: Pick<Table, "name">): string;
  /**
   * All rows of one statement's result.
   *
   * @param parameters the values of `$1`, `$2`, …
   * @throws DestinationError `FAILED` with the database's message for a statement that is wrong or would write
   */
  query(sql: string, parameters?: readonly SqlParameter[], options?: QueryOptions): Promise<readonly StoredValues[]>;
  /** The same in pages of up to some thousand rows, so that a result of any size needs little memory. */
  pages(
    sql: string,
    parameters?: readonly SqlParameter[],
    options?: QueryOptions,
  ): AsyncIterable<readonly StoredValues[]>;
  /**
   * Writes all rows of a statement's result to a new local file, without passing them through this process. Present if
   * the database supports it and {@link ReadOptions.copyInto} was granted.
   *
   * @returns the number of rows
   */
  copy?(sql: string, options: CopyOptions): Promise<number>;
  /**
   * Writes all rows of a statement's result to a new local file, as CSV without a header, many times faster than
   * {@link pages}. Null is an empty field, and every string is quoted. Present if {@link copy} is not supported.
   *
   * @throws DestinationError `NO_SPACE` if the disk with the file is full
   */
  dump?(sql: string, options: DumpOptions): Promise<Dumped>;
  /**
   * Runs work whose queries all see what was committed before the first of them, and nothing later. Queries that are
   * sent from elsewhere meanwhile see the same.
   *
   * @default undefined: no query ever sees what was committed after the reader was opened
   */
  snapshot?<T>(work: () => Promise<T>): Promise<T>;
  /** May be called twice. */
  close(): Promise<void>;
}

export interface ReadOptions {
  /** Aborts opening and every query. */
  readonly signal?: AbortSignal | undefined;
  /** A folder that {@link SqlReader.copy} may write to, and nothing else. Writing takes little memory. @default none */
  readonly copyInto?: string | undefined;
}

export interface CopyOptions {
  /** Its path, in the granted folder. */
  readonly file: string;
  /** Options of the dialect's COPY: `FORMAT csv, COMPRESSION gzip`. */
  readonly format: string;
  /** Receives the share of rows written so far: 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

export interface DumpOptions {
  /** Its path. */
  readonly file: string;
  /** All columns of the result, in order. */
  readonly columns: Columns;
  /** Receives the number of rows written so far, from time to time. */
  readonly onRows?: ((rows: number) => void) | undefined;
}

/** A file that {@link SqlReader.dump} wrote. */
export interface Dumped {
  readonly rows: number;
  /** The number of lines: higher than that of rows if there are line breaks in strings. */
  readonly lines: number;
}

export interface QueryOptions {
  /**
   * The types of result columns, by name, if the database does not know them: SQLite has no type for booleans,
   * timestamps and JSON, and returns 0 and 1, or text.
   * @default the database's types
   */
  readonly columns?: Columns;
}
