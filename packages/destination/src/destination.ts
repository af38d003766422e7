import type { Scope } from "./scope.ts";
import type { ReadOptions, SqlReader } from "./sql-reader.ts";
import type { Column, Json, Key, Row, StoredValues, Table, Value } from "./table.ts";

/**
 * Where rows go.
 *
 * One row's journey ends in {@link Session.commit}: rows and the state that is true once they are stored, in one
 * transaction. There is no other way to save state, so after a crash the destination itself says where to go on.
 */
export interface Destination {
  /** For messages and events: what it is and where, without credentials, e.g. `duckdb:orchestration.duckdb`. */
  readonly name: string;
  readonly capabilities: DestinationCapabilities;
  /**
   * Connects, takes the fence of the pipeline and returns a session. Creates the destination's own bookkeeping when it
   * is missing.
   *
   * @throws DestinationError `LOCKED` when another writer is at work (its message names its process), `NOT_FOUND` when the place
   * does not exist, `NO_PERMISSION` when it may not be written, `NOT_A_DESTINATION` when something else is there,
   * `DRIVER_MISSING` with what to install, `NEWER_VERSION` when a newer release wrote the bookkeeping.
   */
  open(options: OpenOptions): Promise<Session>;
  /**
   * What is stored here, read without a session: nothing is created, and no pipeline's fence is taken. There with the
   * capability `transfer`.
   *
   * @throws DestinationError `NOT_FOUND` when the place does not exist, `LOCKED` where it cannot be read while a session
   * is open.
   */
  contents?(options?: { readonly signal?: AbortSignal }): Promise<readonly StoredPipeline[]>;
  /**
   * Opens what is stored for SQL that only reads: no pipeline's fence is taken, nothing is created, and a sync may run
   * meanwhile where the database allows it. There where the destination answers SQL.
   *
   * @throws DestinationError `NOT_FOUND` when the place does not exist, `LOCKED` where it cannot be read while a session
   * is open.
   */
  read?(options?: ReadOptions): Promise<SqlReader>;
  /**
   * What a column gives back for a value that was written into it, where that is another one: a text without what the
   * database cannot hold. Whoever compares tables with their source compares with this. Rows are written as they come. A
   * value that does not fit comes back as it is: it is refused where it is written.
   * @default every value as it was written
   */
  heldAs?(column: Pick<Column, "type">, value: Value): Value;
  /**
   * The path of the DuckDB file that it is, where the tables lie in it by their own names: whoever wants a copy of all of it
   * copies the file.
   */
  readonly duckdbFile?: string;
  /** A table as it is stored here, where a wrapper changes its name or its columns: for messages, and for views. */
  realTable?(table: Table): Table;
  /**
   * Makes, or makes anew, a view of the rows of several pipelines' tables that are not deleted, with a first column
   * `pipeline`. Its other columns are those of the first part, `_synced_at` and `_deleted_at` among them; what another
   * part does not have is null there. The tables must exist. With `fencing: "lock"` no session may be open.
   *
   * @throws DestinationError `SCHEMA_CONFLICT` when something other than a view has that name, or the parts' columns
   * differ in type.
   */
  uniteTables?(options: UniteTablesOptions): Promise<void>;
}

export interface UniteTablesOptions {
  readonly view: string;
  readonly parts: readonly {
    readonly pipeline: string;
    readonly table: Table;
    /** Where the table is. @default the schema of the destination, which the view is made in */
    readonly schema?: string;
  }[];
}

/** What a pipeline has in a destination. */
export interface StoredPipeline {
  readonly pipeline: string;
  readonly tables: readonly StoredTable[];
  readonly streams: readonly StoredStream[];
}

/** A table of a pipeline, by the name that it has in the destination. */
export interface StoredTable {
  readonly name: string;
  /** Its columns as they are stored, in their order, without the destination's own (`_synced_at`, `_deleted_at`). */
  readonly columns: readonly string[];
  /** Rows that are not deleted. */
  readonly rows: number;
  /** Rows that the server no longer has. */
  readonly deleted: number;
}

/** What a stream committed last. */
export interface StoredStream {
  readonly stream: string;
  /** The names of the tables that it wrote into; one may have been dropped since. */
  readonly tables: readonly string[];
  /** Undefined where what is stored cannot be read. */
  readonly state: State | undefined;
  /** When that was, as UTC text. */
  readonly committedAt: string;
}

/**
 * What a destination can do, where destinations differ. It must be true: the conformance suite chooses its cases by it, and
 * each field says who else reads it.
 */
export interface DestinationCapabilities {
  /**
   * How a second writer of a pipeline is kept out. `lock`: refused with `LOCKED` while a session is open, whatever its
   * pipeline. `lease`: refused with `LOCKED` while the session's process lives and renews its lease; after that a new
   * session takes over, and the older one's next commit fails with `FENCED` and writes nothing. Other pipelines may
   * write at the same time. The command syncs pipelines of one `lock` one after the other, and what serves pages waits for
   * a sync of the same process.
   */
  readonly fencing: "lock" | "lease";
  /** How long a lease outlives its last renewal, in ms: how long the suite waits for one to end. Only with `lease`. */
  readonly leaseMs?: number;
  /** The longest table or column name, in characters: the suite makes tables with such names. */
  readonly maxIdentifierLength: number;
  /**
   * Whether what a pipeline has can be moved to another destination: {@link Destination.contents}, {@link Session.rows}
   * and {@link Session.restore} are there. The command exports and imports by them.
   * @default false
   */
  readonly transfer?: boolean;
}

export interface OpenOptions {
  /** The pipeline that owns the tables it creates: a name that stays the same from sync to sync. */
  readonly pipeline: string;
  /** Aborts opening and everything that the session does. */
  readonly signal?: AbortSignal;
  /** Told what a person may want to know, and what loses nothing. */
  readonly onNotice?: (notice: DestinationNotice) => void;
}

/** Something that a destination has to say besides its results. */
export interface DestinationNotice {
  /** What kind of thing it is, in capitals: `FOREIGN_FILES`. */
  readonly code: string;
  readonly message: string;
}

/** What a stream needs to go on, as it was committed. Opaque to the destination. */
export interface State {
  /** The format of `value`; a destination returns it as it was written. */
  readonly version: number;
  readonly value: Json;
}

/**
 * Rows, and the state that is true once they are stored. Applied in the order of the fields below; a row that the batch
 * names in any of them is not marked as deleted by any of its scopes.
 */
export interface Batch<T extends Table = Table> {
  readonly table: T;
  /**
   * In each scope these rows and no others: the rows are upserted, every other row of the scope is marked with
   * `_deleted_at`. A row that lies outside its scope is upserted all the same.
   */
  readonly replace?: readonly { readonly scope: Scope<T>; readonly rows: readonly Row<T>[] }[];
  /**
   * Rows to insert, or to write over the row with the same primary key. A row that comes back loses its `_deleted_at`;
   * a row whose content is the same is not rewritten and keeps its `_synced_at`. Of rows with one key, the last wins.
   */
  readonly upserts?: readonly Row<T>[];
  /** Primary keys of rows that never were more than placeholders: they go without a trace. Unknown keys are ignored. */
  readonly remove?: readonly Key<T>[];
  /**
   * Primary keys of rows that are there on the server, but that the destination cannot hold: what it has of them stays as
   * it is, and no scope marks it as deleted. Unknown keys are ignored, and such as no row could have.
   */
  readonly keep?: readonly Key<T>[];
  readonly state: State;
}

export interface CommitResult {
  readonly inserted: number;
  /** Rows whose content changed, revived rows among them. */
  readonly updated: number;
  readonly unchanged: number;
  /** Rows newly marked with `_deleted_at`. */
  readonly deleted: number;
  /** Placeholders that went. */
  readonly removed: number;
}

/**
 * One writer's hold on a destination. Calls may come at any time but are carried out one after the other.
 *
 * After the signal of {@link OpenOptions} aborts, every method rejects with its reason and nothing of an unfinished
 * commit stays. Any method may throw DestinationError; `retryable` says whether the same call may succeed later.
 */
export interface Session {
  /**
   * The committed states of this pipeline by stream.
   *
   * @throws DestinationError `INVALID_STATE` when a stored state cannot be read.
   */
  states(): Promise<ReadonlyMap<string, State>>;

  /**
   * Makes the tables ready: creates them, adds missing columns (their default in old rows, else null), widens types, and
   * changes primary keys: all of it or nothing. Rows keep their `_synced_at`. Idempotent. Columns that a table has beyond
   * its definition stay. Takes ownership of new tables for the pipeline.
   *
   * @throws DestinationError `OWNED` when a table belongs to another pipeline or was not made by us, `SCHEMA_CONFLICT`
   * when a column has a type that cannot be widened; when old rows have no value for a column of the new key, or several
   * have the same; or when something that people made on the table is in the way, which the message names.
   */
  prepare(tables: readonly Table[]): Promise<void>;

  /**
   * Does what {@link Session.prepare} and commits into these tables do, with no row, and undoes it: whoever wants to know
   * whether a sync would be let need not wait for one. Left out where nothing can be undone.
   *
   * @throws DestinationError what these would throw
   */
  rehearse?(tables: readonly Table[]): Promise<void>;

  /** The number of rows in a scope that are not deleted. */
  count<T extends Table>(table: T, scope: Scope<T>): Promise<number>;

  /** The same, by the values of some columns: one entry for each combination that occurs. */
  countBy<T extends Table>(
    table: T,
    scope: Scope<T>,
    columns: readonly (keyof T["columns"] & string)[],
  ): Promise<readonly { readonly values: StoredValues; readonly count: number }[]>;

  /** The primary keys of the rows in a scope that are not deleted, with further columns where asked for. */
  keys<T extends Table>(
    table: T,
    scope: Scope<T>,
    columns?: readonly (keyof T["columns"] & string)[],
  ): Promise<readonly StoredValues[]>;

  /**
   * Stores a batch and its state in one transaction. Committing the same batch again changes nothing. The table must
   * have been prepared in this session.
   *
   * @throws DestinationError `INVALID_ROW` when rows cannot be held, whose `rows` says which and why: whoever leaves them
   * out can store the others. `ROWS_LOST` when the table did not take rows without a word, as a trigger of somebody's
   * makes it do, `NO_SPACE`, or `FENCED` when a newer session took over. After any error nothing of the batch was written.
   */
  commit(stream: string, batch: Batch): Promise<CommitResult>;

  /**
   * All rows of a table in the order of their primary keys, deleted ones too, page by page, each with all columns of its
   * table and `_synced_at` and `_deleted_at`. What is committed meanwhile may or may not be among them. There with the
   * capability `transfer`.
   */
  rows?(table: Table): AsyncIterable<readonly StoredValues[]>;

  /**
   * Writes rows as {@link Session.rows} gave them, over rows with the same primary keys: content, `_synced_at` and `_deleted_at`
   * as they were. All of them or none, and no state, so that a sync after an unfinished transfer reads everything again.
   * There with the capability `transfer`.
   *
   * @throws DestinationError as {@link Session.commit}
   */
  restore?(table: Table, rows: readonly StoredValues[]): Promise<void>;

  /** Gives the fence back. May be called twice. Never throws for what was already lost. */
  close(): Promise<void>;
}
