/** What the shared parts need from a database that speaks SQL. Each adapter implements these. */
import type { Column, Columns, ColumnType, StoredValues, Table } from "../table.ts";
import type { Lacks } from "../unfit-rows.ts";
import type { Names } from "./names.ts";
import type { Parameters } from "./parameters.ts";

/** One open connection, for one session. */
export interface SqlDatabase {
  /** For messages: `duckdb:orchestration.duckdb`. */
  readonly place: string;
  readonly names: Names;
  readonly dialect: Dialect;
  readonly catalog: Catalog;
  /**
   * Queues work behind everything that was queued before it.
   *
   * @param doing the beginning of a sentence for errors: `Storing airflow_dags`
   */
  queue<T>(doing: string, work: () => Promise<T>): Promise<T>;
  /**
   * All of the work, or nothing of it. Where there are leases, nothing either once the lease is another session's.
   *
   * @param publish makes the work durable elsewhere, where the database is a working copy only
   */
  transaction<T>(work: () => Promise<T>, publish?: (result: T) => Promise<void> | undefined): Promise<T>;
  /**
   * @param columns what the columns of the result hold, where the database does not say it by itself. Others are text or
   * integers.
   */
  read(sql: string, parameters?: Parameters, columns?: Columns): Promise<StoredValues[]>;
  /** What an error of the driver says about a row that is being stored; undefined where it is about something else. */
  refusalOf(thrown: unknown): string | undefined;
  /** To be called with all texts of what follows, where what {@link Dialect.lacks} says must be found out first. */
  learnTexts?(texts: Iterable<string>): Promise<void>;
  /** Runs a statement and returns the number of rows it changed. */
  run(sql: string, parameters?: Parameters): Promise<number>;
  /** Waits for what is queued, then closes. */
  close(): Promise<void>;
}

/** How a database says things. */
export interface Dialect {
  /** For messages: `DuckDB`. */
  readonly product: string;
  /** Column types by the names that the catalog has for them. */
  readonly types: Readonly<Record<ColumnType, string>>;
  /** Whether names that differ only in case are one name. */
  readonly foldsCase: boolean;
  /** Why the database cannot hold a text, where it cannot hold all of them; undefined for a text that it can. */
  readonly lacks?: Lacks;
  /** The longest name, in bytes of UTF-8; longer ones would be cut. */
  readonly maxNameBytes?: number;
  /** Comes behind a text that is compared byte by byte, where that is not the rule. */
  readonly byteOrder?: string;
  /** Whether an error means that a table cannot be changed as it is, and not that something failed. */
  refusesChange(thrown: unknown): boolean;
  /** The present moment as the value of a timestamp column. */
  now(): string;
  /** A query whose rows are the items of some lists, side by side. */
  unfold(lists: readonly { readonly placeholder: string; readonly column: Column }[]): string;
  /** Lists of names, as `_sync_state` holds them. */
  readonly nameList: {
    readonly type: string;
    of(placeholder: string): string;
    union(one: string, other: string): string;
    json(list: string): string;
  };
}

/** A table as it is in the database. */
export interface FoundTable {
  /** By their names, in lower case where the database folds case; types by the catalog's names. */
  readonly columns: ReadonlyMap<string, FoundColumn>;
  readonly comment: string | null;
}

export interface FoundColumn {
  readonly name: string;
  readonly type: string;
  readonly comment: string | null;
}

/** A column that is to hold more than it can. */
export interface Widening {
  readonly name: string;
  readonly from: ColumnType;
  readonly to: ColumnType;
}

/** What a table lacks besides columns and descriptions. */
export interface TableChanges {
  readonly widenings: readonly Widening[];
  /**
   * The key that the table has, where its definition has another. Rows hold no null in the new one, or the column has a
   * default, and no two rows have the same.
   */
  readonly oldKey?: readonly string[];
}

/** Tables as such. All of it within a transaction. */
export interface Catalog {
  /** Creates the schema when it is missing. */
  createSchema(): Promise<void>;
  /** The tables of the schema. */
  tables(): Promise<ReadonlySet<string>>;
  /** What is there under a name, be it a table or a view. */
  kind(name: string): Promise<"table" | "view" | undefined>;
  describe(table: string): Promise<FoundTable | undefined>;
  create(table: Table): Promise<void>;
  /**
   * Widens columns, adds those that are missing, changes the key, and corrects the comments.
   *
   * @throws DestinationError `SCHEMA_CONFLICT` for what people made on the table and is in the way
   */
  change(table: Table, found: FoundTable, changes: TableChanges): Promise<void>;
}
