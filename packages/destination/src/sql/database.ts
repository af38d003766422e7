/** What the shared code needs from an SQL database. Each adapter implements these interfaces. */
import type { Column, Columns, ColumnType, StoredValues, Table } from "../table.ts";
import type { Lacks } from "../unfit-rows.ts";
import type { Names } from "./names.ts";
import type { Parameters } from "./parameters.ts";

/** An open connection, for one session. */
export interface SqlDatabase {
  /** For messages: `duckdb:orchestration.duckdb`. */
  readonly place: string;
  readonly names: Names;
  readonly dialect: Dialect;
  readonly catalog: Catalog;
  /**
   * Queues work behind everything queued before it.
   *
   * @param doing the beginning of a sentence for errors: `Storing airflow_dags`
   */
  queue<T>(doing: string, work: () => Promise<T>): Promise<T>;
  /**
   * Commits all of the work or nothing. With leases, commits nothing if another session has taken the lease.
   *
   * @param publish makes the work durable elsewhere, if the database is only a working copy
   */
  transaction<T>(work: () => Promise<T>, publish?: (result: T) => Promise<void> | undefined): Promise<T>;
  /**
   * @param columns types of result columns that the database does not report itself. All others are text or integers.
   */
  read(sql: string, parameters?: Parameters, columns?: Columns): Promise<StoredValues[]>;
  /** The driver's message if the error is about a row being stored; undefined if it is about something else. */
  refusalOf(thrown: unknown): string | undefined;
  /** Receives all texts to be stored, for databases whose {@link Dialect.lacks} has to ask the server first. */
  learnTexts?(texts: Iterable<string>): Promise<void>;
  /** Runs a statement and returns the number of changed rows. */
  run(sql: string, parameters?: Parameters): Promise<number>;
  /** Waits for queued work, then closes. */
  close(): Promise<void>;
}

/** A database's SQL dialect. */
export interface Dialect {
  /** For messages: `DuckDB`. */
  readonly product: string;
  /** The catalog's names of the column types. */
  readonly types: Readonly<Record<ColumnType, string>>;
  /** Whether names that differ only in case are the same. */
  readonly foldsCase: boolean;
  /**
   * Says why the database cannot hold a text, for databases that cannot hold all of them; undefined for a text that it
   * can hold.
   */
  readonly lacks?: Lacks;
  /** The maximum length of a name, in bytes of UTF-8. Longer ones would be truncated. */
  readonly maxNameBytes?: number;
  /** A suffix for text that must be compared byte by byte, if that is not the default. */
  readonly byteOrder?: string;
  /** Whether an error means that a table cannot be changed as it is, and not that something failed. */
  refusesChange(thrown: unknown): boolean;
  /** The current time as a value of a timestamp column. */
  now(): string;
  /** A query whose rows are the items of some lists, side by side. */
  unfold(lists: readonly { readonly placeholder: string; readonly column: Column }[]): string;
  /** Lists of names, as `_sync_state` stores them. */
  readonly nameList: {
    readonly type: string;
    of(placeholder: string): string;
    union(one: string, other: string): string;
    json(list: string): string;
  };
}

/** A table as it exists in the database. */
export interface FoundTable {
  /** By name, in lower case if the database folds case. Types are the catalog's names. */
  readonly columns: ReadonlyMap<string, FoundColumn>;
  readonly comment: string | null;
}

export interface FoundColumn {
  readonly name: string;
  readonly type: string;
  readonly comment: string | null;
}

/** A column to be widened. */
export interface Widening {
  readonly name: string;
  readonly from: ColumnType;
  readonly to: ColumnType;
}

/** What a table lacks besides columns and descriptions. */
export interface TableChanges {
  readonly widenings: readonly Widening[];
  /**
   * The table's current key, if its definition has another. The new key contains no null, or its columns have defaults,
   * and it is unique.
   */
  readonly oldKey?: readonly string[];
}

/** Creates and changes tables. Always within a transaction. */
export interface Catalog {
  /** Creates the schema if it is missing. */
  createSchema(): Promise<void>;
  /** The tables of the schema. */
  tables(): Promise<ReadonlySet<string>>;
  /** What exists under a name: a table or a view. */
  kind(name: string): Promise<"table" | "view" | undefined>;
  describe(table: string): Promise<FoundTable | undefined>;
  create(table: Table): Promise<void>;
  /**
   * Widens columns, adds missing ones, changes the key, and corrects the comments.
   *
   * @throws DestinationError `SCHEMA_CONFLICT` if something that users added to the table prevents it
   */
  change(table: Table, found: FoundTable, changes: TableChanges): Promise<void>;
}
