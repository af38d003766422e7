import type { Scope } from "./scope.ts";
import type { ReadOptions, SqlReader } from "./sql-reader.ts";
import type { Column, Json, Key, Row, StoredValues, Table, Value } from "./table.ts";

/**
 * Stores rows.
 *
 * A row's path ends in {@link Session.commit}, which stores rows in one transaction with the state that becomes true by
 * it. There is no other way to save state, so after a crash the destination itself says where to resume.
 */
export interface Destination {
  /** For messages and events: what it is and where, without credentials, e.g. `duckdb:orchestration.duckdb`. */
  readonly name: string;
  readonly capabilities: DestinationCapabilities;
  /**
   * Connects, acquires the pipeline's fence and returns a session. Creates the destination's own bookkeeping if it is
   * missing.
   *
   * @throws DestinationError `LOCKED` if another writer is active (the message names its process), `NOT_FOUND` if the
   * location does not exist, `NO_PERMISSION` if it is not writable, `NOT_A_DESTINATION` if it holds something else,
   * `DRIVER_MISSING` with what to install, `NEWER_VERSION` if a newer release wrote the bookkeeping.
   */
  open(options: OpenOptions): Promise<Session>;
  /**
   * Lists what is stored, without a session: creates nothing, and acquires no fence. Present with the capability
   * `transfer`.
   *
   * @throws DestinationError `NOT_FOUND` if the location does not exist, `LOCKED` if it cannot be read while a session
   * is open.
   */
  contents?(options?: { readonly signal?: AbortSignal }): Promise<readonly StoredPipeline[]>;
  /**
   * Opens the destination for read-only SQL. Acquires no fence and creates nothing. A sync may run at the same time if
   * the database allows it. Present if the destination supports SQL.
   *
   * @throws DestinationError `NOT_FOUND` if the location does not exist, `LOCKED` if it cannot be read while a session
   * is open.
   */
  read?(options?: ReadOptions): Promise<SqlReader>;
  /**
   * The value that a column returns for a written value, if it differs: a text without the characters that the database
   * cannot hold. Use it to compare tables with their source. Pass rows to {@link Session.commit} unchanged. A value
   * that does not fit is returned as it is; writing it is what fails.
   * @default every value as it was written
   */
  heldAs?(column: Pick<Column, "type">, value: Value): Value;
  /** The path of the DuckDB file, if the tables are in it under their own names. Copying the file copies everything. */
  readonly duckdbFile?: string;
  /** The table as it is stored, if a wrapper changes its name or its columns. Used for messages and views. */
  realTable?(table: Table): Table;
  /**
   * Creates or replaces a view that combines the rows of several pipelines' tables that are not deleted. Its first
   * column is `pipeline`. The other columns are those of the first part, including `_synced_at` and `_deleted_at`;
   * columns that another part lacks are null there. The tables must exist. With `fencing: "lock"`, no session may be
   * open.
   *
   * @throws DestinationError `SCHEMA_CONFLICT` if something other than a view has that name, or if the parts' columns
   * differ in type.
   */
  uniteTables?(options: UniteTablesOptions): Promise<void>;
}

export interface UniteTablesOptions {
  readonly view: string;
  readonly parts: readonly {
    readonly pipeline: string;
    readonly table: Table;
    /** The table's schema. @default the destination's schema, in which the view is created */
    readonly schema?: string;
  }[];
}

/** What a pipeline has stored. */
export interface StoredPipeline {
  readonly pipeline: string;
  readonly tables: readonly StoredTable[];
  readonly streams: readonly StoredStream[];
}

/** A pipeline's table, by its name in the destination. */
export interface StoredTable {
  readonly name: string;
  /** Its stored columns in order, without the destination's own (`_synced_at`, `_deleted_at`). */
  readonly columns: readonly string[];
  /** Rows that are not deleted. */
  readonly rows: number;
  /** Rows that the server no longer has. */
  readonly deleted: number;
}

/** A stream's latest commit. */
export interface StoredStream {
  readonly stream: string;
  /** The names of the tables that it wrote to. Some may have been dropped since. */
  readonly tables: readonly string[];
  /** Undefined if the stored state cannot be read. */
  readonly state: State | undefined;
  /** The time of the commit, as UTC text. */
  readonly committedAt: string;
}

/**
 * What a destination can do, where destinations differ. It must be true: the conformance suite selects its cases by it.
 * Each field says who else reads it.
 */
export interface DestinationCapabilities {
  /**
   * How a second writer of a pipeline is excluded.
   *
   * `lock`: rejected with `LOCKED` while any session is open, whatever its pipeline.
   *
   * `lease`: rejected with `LOCKED` while the session's process is alive and renews its lease. After that a new session
   * takes over, and the older one's next commit fails with `FENCED` and writes nothing. Other pipelines may write at
   * the same time.
   *
   * The command syncs pipelines that share a `lock` one after the other, and `serve` waits for a sync of its own
   * process.
   */
  readonly fencing: "lock" | "lease";
  /** How long a lease outlives its last renewal, in ms. The suite waits that long for one to end. Only with `lease`. */
  readonly leaseMs?: number;
  /** The maximum length of table and column names, in characters. The suite creates tables with such names. */
  readonly maxIdentifierLength: number;
  /**
   * Whether a pipeline can be moved to another destination: {@link Destination.contents}, {@link Session.rows} and
   * {@link Session.restore} are present. The command's export and import need it.
   * @default false
   */
  readonly transfer?: boolean;
  /**
   * Whether `count`, `countBy` and `keys` know the rows that were committed. `false`: the destination hands rows on and
   * keeps none, so these methods find nothing, and streams leave out what compares the server with the table.
   * @default true
   */
  readonly keepsRows?: boolean;
}

export interface OpenOptions {
  /** The pipeline that will own the tables it creates: a name that stays the same from sync to sync. */
  readonly pipeline: string;
  /** Aborts opening, and everything that the session does. */
  readonly signal?: AbortSignal | undefined;
  /** Receives notices: worth knowing, but nothing is lost. */
  readonly onNotice?: ((notice: DestinationNotice) => void) | undefined;
}

/** Information beyond a destination's results. */
export interface DestinationNotice {
  /** The kind of notice, in capitals: `FOREIGN_FILES`. */
  readonly code: string;
  readonly message: string;
}

/** What a stream needs to resume, as it was committed. Opaque to the destination. */
export interface State {
  /** The format of `value`. The destination returns it unchanged. */
  readonly version: number;
  readonly value: Json;
}

/**
 * Rows, and the state that becomes true once they are stored. Applied in the order of the fields below. A row that the
 * batch contains in any of them is not marked as deleted by any of its scopes.
 */
export interface Batch<T extends Table = Table> {
  readonly table: T;
  /**
   * Each scope's complete rows: these are upserted, and every other row of the scope is marked with `_deleted_at`. A
   * row outside its scope is upserted all the same.
   */
  readonly replace?: readonly { readonly scope: Scope<T>; readonly rows: readonly Row<T>[] }[];
  /**
   * Rows to insert, or to write over the row with the same primary key. A row that reappears loses its `_deleted_at`. A
   * row with unchanged content is not rewritten and keeps its `_synced_at`. Of rows with the same key, the last wins.
   */
  readonly upserts?: readonly Row<T>[];
  /** Primary keys of rows that were only placeholders: they are removed without a trace. Unknown keys are ignored. */
  readonly remove?: readonly Key<T>[];
  /**
   * Primary keys of rows that exist on the server, but that the destination cannot hold. Their stored version stays,
   * and no scope marks it as deleted. Unknown and impossible keys are ignored.
   */
  readonly keep?: readonly Key<T>[];
  readonly state: State;
}

export interface CommitResult {
  readonly inserted: number;
  /** Rows whose content changed, revived rows included. */
  readonly updated: number;
  readonly unchanged: number;
  /** Rows newly marked with `_deleted_at`. */
  readonly deleted: number;
  /** Placeholders that were removed. */
  readonly removed: number;
}

/**
 * A writer's session. Calls may be made at any time, and are carried out one after the other.
 *
 * Once the signal of {@link OpenOptions} aborts, every method rejects with its reason, and an unfinished commit leaves
 * nothing behind. Any method may throw DestinationError; `retryable` says whether the same call may succeed later.
 */
export interface Session {
  /**
   * The committed states of this pipeline by stream.
   *
   * @throws DestinationError `INVALID_STATE` if a stored state cannot be read.
   */
  states(): Promise<ReadonlyMap<string, State>>;

  /**
   * Makes the tables ready: creates them, adds missing columns (old rows get the default, or null), widens types and
   * changes primary keys; all of it or nothing. Idempotent. Rows keep their `_synced_at`, and a table keeps columns
   * that its definition lacks. New tables become the pipeline's own.
   *
   * @throws DestinationError `OWNED` if a table belongs to another pipeline or was not created by us; `SCHEMA_CONFLICT`
   * if a column's type cannot be widened, if old rows lack a value for the new key or share one, or if something that
   * users added to the table prevents the change (the message names it).
   */
  prepare(tables: readonly Table[]): Promise<void>;

  /**
   * Does what {@link Session.prepare} and commits into these tables would do, without rows, and rolls it back. It finds
   * out whether a sync would succeed, without syncing. Absent if nothing can be rolled back.
   *
   * @throws DestinationError whatever they would throw
   */
  rehearse?(tables: readonly Table[]): Promise<void>;

  /** The number of rows in a scope that are not deleted. */
  count<T extends Table>(table: T, scope: Scope<T>): Promise<number>;

  /** The same, grouped by some columns: one entry for each combination that occurs. */
  countBy<T extends Table>(
    table: T,
    scope: Scope<T>,
    columns: readonly (keyof T["columns"] & string)[],
  ): Promise<readonly { readonly values: StoredValues; readonly count: number }[]>;

  /** The primary keys of the rows in a scope that are not deleted, and further columns on request. */
  keys<T extends Table>(
    table: T,
    scope: Scope<T>,
    columns?: readonly (keyof T["columns"] & string)[],
  ): Promise<readonly StoredValues[]>;

  /**
   * Stores a batch and its state in one transaction. Committing the same batch again changes nothing. The table must
   * have been prepared in this session.
   *
   * @throws DestinationError `INVALID_ROW` for rows that cannot be held (`rows` says which and why; without them, the
   * others can be stored), `ROWS_LOST` if the table dropped rows silently, for example by a user's trigger, `NO_SPACE`,
   * or `FENCED` if a newer session took over. After any error, nothing of the batch is stored.
   */
  commit(stream: string, batch: Batch): Promise<CommitResult>;

  /**
   * All rows of a table, ordered by primary key, deleted ones included, page by page. Each has all columns of its
   * table, and `_synced_at` and `_deleted_at`. Commits made during the iteration may or may not be included. Present
   * with the capability `transfer`.
   */
  rows?(table: Table): AsyncIterable<readonly StoredValues[]>;

  /**
   * Writes rows as {@link Session.rows} returned them, over rows with the same primary keys: content, `_synced_at` and
   * `_deleted_at` stay as they were. Writes all of them or none, and no state, so a sync after an unfinished transfer
   * reads everything again. Present with the capability `transfer`.
   *
   * @throws DestinationError as {@link Session.commit}
   */
  restore?(table: Table, rows: readonly StoredValues[]): Promise<void>;

  /** Releases the fence. May be called twice. Never throws for what was already lost. */
  close(): Promise<void>;
}
