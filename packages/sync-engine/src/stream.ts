import type { Batch, ColumnName, Json, Key, Row, Scope, Table } from "@org/destination";
import type { SourceEvent } from "./events.ts";
import type { Request } from "./request.ts";

/** A server to read from, and its streams. `Shared` is what these share during one sync. */
export interface Source<Shared = unknown> {
  /** The kind of server, such as `airflow`. */
  readonly name: string;
  /**
   * Its address, without credentials. Requests to one host share a limit. The default pipeline's name derives from it.
   */
  readonly url: string;
  /** In the order in which they are synced. */
  readonly streams: readonly Stream<Shared>[];
  /**
   * Whether its streams observe {@link ReadContext.historyMs}. A sync with a limit rejects a source that does not.
   * @default false
   */
  readonly limitsHistory?: boolean | undefined;
  /**
   * Called once per sync, before the first stream: creates what the streams share, such as responses that several need.
   */
  start(context: SourceContext): Shared;
  /**
   * Checks that the server is reachable and supported, and that authentication works.
   *
   * @param context.streams the names of those that will be synced: the notes leave out what only concerns others.
   * Undefined: all
   * @throws an error that says what is wrong, where, and what to do.
   */
  check(context: SourceContext & { readonly streams?: ReadonlySet<string> | undefined }): Promise<ServerDescription>;
  /** Server data that is not synced but that a backup may want, by name. @default none */
  readonly inventory?: Readonly<Record<string, Inventory>> | undefined;
}

/** Rows that are read on demand, completely each time. */
export interface Inventory<T extends Table = Table> {
  readonly table: T;
  /** Yields pages of rows. If a key occurs twice, the later row wins. */
  read(context: Pick<SourceContext, "request" | "signal">): AsyncIterable<readonly Row<T>[]>;
}

export interface ServerDescription {
  readonly version: string;
  /** Limitations to know about, such as fields that this version lacks. */
  readonly notes: readonly string[];
}

export interface SourceContext {
  /** Sends every request: limits concurrency per host, retries, and sets a deadline. */
  readonly request: Request;
  readonly signal: AbortSignal;
  /** Our own clock, in ms since 1970. It measures elapsed time, and never determines a position alone. */
  readonly now: () => number;
  readonly emit: (event: SourceEvent) => void;
}

/**
 * A named collection of a source. It becomes one table, which no other stream writes. `S` is the type of its state.
 */
export interface Stream<Shared = unknown, T extends Table = Table, S extends Json = Json> {
  /** The name users select it by, such as `dag_runs`. */
  readonly name: string;
  readonly table: T;
  /**
   * Increment it when you add a column or fix a mapping. The stream then reads its history again, at once or gradually.
   */
  readonly revision: number;
  /**
   * Whether a sync reads it only if asked to, by name or as one of `all`.
   * @default false: it is one of the `default` streams
   */
  readonly isOptIn?: boolean;
  /**
   * Whether its rows say how something was at the time of a sync. Reading the server again cannot confirm them, so that
   * `verify` leaves the stream out.
   * @default false
   */
  readonly isSampled?: boolean;
  /**
   * Columns that say what syncs observed, such as when they first saw a row. Reading the server again cannot confirm
   * them, so `verify` does not compare them.
   * @default none
   */
  readonly observed?: readonly string[];
  /**
   * Columns besides the primary key that the source needs to decide what to read. A destination must store them.
   * @default none
   */
  readonly needs?: readonly string[];
  /**
   * Rows that the table keeps although the server no longer shows them. Used to verify tables against the server.
   * @default none
   */
  readonly keeps?: readonly Keeps[];
  /**
   * The timestamp column by which a stream with a history selects a sample: see {@link ReadContext.sampleSince}.
   * @default none: samples contain the whole stream
   */
  readonly sampleBy?: string;
  /** Yields changes since the state, in batches that are committed one at a time, in this order. */
  read(context: ReadContext<Shared, S>): AsyncIterable<StreamBatch<T, S>>;
}

/**
 * Rows that a table keeps although the server does not show them. `Column` is the name of one of its columns.
 *
 * `purged`: the server's retention removed them, and `markedBy` is not null. `forgotten`: they are older by `datedBy` than
 * everything that the server still has, as in a log of which it keeps the end, or than everything that has the same
 * values in the columns `per`. `superseded`: earlier versions of a row whose current version, with `latest` true, has a
 * higher `version`; `version` is part of the primary key. Or earlier versions of something whose rows come and go: the
 * server has rows with a higher `version` and the same values in the columns `of`. `unloaded`:
 * the server currently cannot list a part of its data. `part` identifies the part, and the source emits a notice with the
 * code `notice`.
 */
export type Keeps<Column extends string = string> =
  | { readonly why: "purged"; readonly markedBy: Column }
  | { readonly why: "superseded"; readonly latest: Column; readonly version: Column }
  | { readonly why: "superseded"; readonly of: readonly Column[]; readonly version: Column }
  | { readonly why: "forgotten"; readonly datedBy: Column; readonly per?: readonly Column[] }
  | { readonly why: "unloaded"; readonly part: Column; readonly notice: string };

/** A {@link Batch} as streams yield it: the engine adds the table and encodes the state. */
export type StreamBatch<T extends Table = Table, S extends Json = Json> = Omit<Batch<T>, "table" | "state"> & {
  /** Types the rows. A stream only writes its own table. @default the stream's table */
  readonly table?: T;
  /** The state that becomes true once these rows are stored. The next sync resumes from it. */
  readonly state: S;
  /** Set on the last batch of a read that also looked for deletions. */
  readonly reconciled?: true;
};

/** A batch with its table, one of `T`. */
export type BatchOf<T extends Table, S extends Json = Json> = T extends Table
  ? StreamBatch<T, S> & { readonly table: T }
  : never;

export interface ReadContext<Shared = unknown, S extends Json = Json> extends SourceContext {
  readonly shared: Shared;
  /**
   * The state of the last committed batch. Undefined on the first sync, after a full refresh, or if an older revision
   * wrote it. Streams must handle every form that earlier releases of the same revision wrote.
   */
  readonly state: S | undefined;
  /**
   * The last state of an older revision of the stream. The table holds what that revision read, so the stream may continue
   * from there and re-read its history gradually. If it ignores this, it reads its history at once.
   */
  readonly outdated: Json | undefined;
  /**
   * The last state of another stream of this source, from this sync or an earlier one. Read-only. Undefined if there is
   * none that this release can read.
   */
  stateOf(stream: string): Json | undefined;
  readonly stored: Stored;
  /**
   * Rows that the destination could not hold, so that they are missing from the table: their primary keys, and short
   * values of {@link Stream.needs}. Each sync must read them again. A row leaves the list once it is stored, or once a
   * batch's scope proves that it is gone.
   */
  unstored<T extends Table>(table: T): readonly (Key<T> & Partial<Row<T>>)[];
  /**
   * Whether to look for deletions too. True for a full refresh, but not for a first sync, which has nothing to delete.
   */
  readonly reconcile: boolean;
  /**
   * Call before yielding deletions, if their number is known in advance.
   *
   * @throws SyncError `MASS_DELETE` if there are too many, unless the caller allowed it
   */
  expectDeletions(table: Table, count: number): Promise<void>;
  /**
   * Read a sample: a stream with a history reads only rows newer than this, in ms since 1970, by its own definition.
   */
  readonly sampleSince: number | undefined;
  /**
   * `historyMs` of the sync: the limit of the history, in ms before the first sync; undefined: that of the last sync.
   */
  readonly historyMs: number | undefined;
  /** Maximum number of requests for what the stream left for later. Streams that leave nothing ignore it. */
  readonly outstandingBudget: number;
  /** How long samples are kept, in ms: see {@link Stream.isSampled}. */
  readonly keepSamplesMs: number;
  /**
   * Whether `stored` knows the table's rows. If not, it finds nothing, which says nothing about the table: leave out
   * whatever compares the server with the table, deletions included.
   */
  readonly keepsRows: boolean;
  /** Names of the streams in this sync. */
  readonly streams: ReadonlySet<string>;
}

/** What the destination holds as of the last commit, without deleted rows. */
export interface Stored {
  /** Counts the rows in a scope. */
  count<T extends Table>(table: T, scope: Scope<T>): Promise<number>;
  /** Counts the rows in a scope, grouped by columns. */
  countBy<T extends Table, const C extends ColumnName<T>>(
    table: T,
    scope: Scope<T>,
    columns: readonly C[],
  ): Promise<readonly { readonly values: Pick<Row<T>, C>; readonly count: number }[]>;
  /** The primary keys of the rows in a scope, plus exactly these columns. @param columns default: none */
  keys<T extends Table, const C extends ColumnName<T> = never>(
    table: T,
    scope: Scope<T>,
    columns?: readonly C[],
  ): Promise<readonly (Key<T> & Pick<Row<T>, C>)[]>;
}

/**
 * Declares a stream. It only compiles if its rows, their keys and its state match the declared types:
 *
 * ```ts
 * type PoolsState = { readonly readAt: number };
 * export const pools = defineStream<unknown, typeof poolsTable, PoolsState>({ name: "pools", table: poolsTable, … });
 * ```
 *
 * Without type arguments the table is inferred, and the state may be any JSON.
 */
export function defineStream<Shared, const T extends Table, S extends Json = Json>(stream: {
  readonly name: string;
  readonly table: T;
  readonly revision: number;
  readonly isOptIn?: boolean;
  readonly isSampled?: boolean;
  readonly observed?: readonly ColumnName<T>[];
  readonly needs?: readonly ColumnName<T>[];
  readonly keeps?: readonly Keeps<ColumnName<T>>[];
  readonly sampleBy?: ColumnName<T>;
  read(context: ReadContext<Shared, S>): AsyncIterable<StreamBatch<T, S>>;
}): Stream<Shared, T, S> {
  return stream;
}

/** Adds the table to a batch, for callers that only know its type. */
export function batchOf<T extends Table, S extends Json>(
  table: T,
  batch: Omit<StreamBatch<T, S>, "table">,
): StreamBatch<T, S> & { readonly table: T } {
  return { table, ...batch };
}
