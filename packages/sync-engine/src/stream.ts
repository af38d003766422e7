import type { Batch, ColumnName, Json, Key, Row, Scope, Table } from "@org/destination";
import type { SourceEvent } from "./events.ts";
import type { Request } from "./request.ts";

/** What we read from: a server, and the streams that it offers. `Shared` is what its streams share during one sync. */
export interface Source<Shared = unknown> {
  /** What it is: `airflow`. */
  readonly name: string;
  /**
   * Where it is, without credentials. Requests to one host share one limit; the default pipeline's name comes from it.
   */
  readonly url: string;
  /** In the order in which they are synced. */
  readonly streams: readonly Stream<Shared>[];
  /**
   * Called once per sync, before the first stream: creates what the streams share, such as responses that several need.
   */
  start(context: SourceContext): Shared;
  /**
   * Checks that the server is reachable and supported, and that authentication works.
   *
   * @throws an error that says what is wrong, where, and what to do.
   */
  check(context: SourceContext): Promise<ServerDescription>;
  /** What a server has that is not synced, and a backup may want, by names. @default nothing */
  readonly inventory?: Readonly<Record<string, Inventory>> | undefined;
}

/** Rows that are read from a server when they are asked for, all of them each time. */
export interface Inventory<T extends Table = Table> {
  readonly table: T;
  /** Yields pages of rows. A key that comes twice is one row: the later one. */
  read(context: Pick<SourceContext, "request" | "signal">): AsyncIterable<readonly Row<T>[]>;
}

export interface ServerDescription {
  readonly version: string;
  /** What a person should know before relying on a sync, such as fields that this version lacks. */
  readonly notes: readonly string[];
}

export interface SourceContext {
  /** Every request goes through here: limited per host, retried if that may help, always with a deadline. */
  readonly request: Request;
  readonly signal: AbortSignal;
  /** Our own clock, in ms since 1970: it measures time that has passed, and never decides a position alone. */
  readonly now: () => number;
  readonly emit: (event: SourceEvent) => void;
}

/**
 * A named collection that a source offers; it becomes one table, which no other stream writes. A value: a new stream is
 * one new file. `S` is its state.
 */
export interface Stream<Shared = unknown, T extends Table = Table, S extends Json = Json> {
  /** As people choose it: `dag_runs`. */
  readonly name: string;
  readonly table: T;
  /**
   * Raise it when a column is added or a mapping is fixed: the stream then reads its history again, at once or over
   * time.
   */
  readonly revision: number;
  /**
   * Columns beside the primary key by which the source finds out what to read: a destination must store them.
   * @default none
   */
  readonly needs?: readonly string[];
  /**
   * Which rows the table keeps although the server no longer shows them. Used by comparisons with the server. @default
   * none
   */
  readonly keeps?: readonly Keeps[];
  /**
   * The timestamp by which a stream with a history chooses a sample: see {@link ReadContext.sampleSince}.
   * @default none: a sample of this stream is all of it
   */
  readonly sampleBy?: string;
  /** Yields what changed since the state, in batches that are committed one after the other, in this order. */
  read(context: ReadContext<Shared, S>): AsyncIterable<StreamBatch<T, S>>;
}

/**
 * Rows that a table keeps although the server does not show them. `Column` is the name of one of its columns.
 *
 * `purged`: the server's retention removed them, and `markedBy` is not null. `superseded`: earlier versions of a row
 * whose present version, with `latest` true, has a higher `version`; `version` is part of the primary key. `unloaded`:
 * the server cannot say now what a part of it has, `part` names the part, and the source emits a notice with the code
 * `notice`.
 */
export type Keeps<Column extends string = string> =
  | { readonly why: "purged"; readonly markedBy: Column }
  | { readonly why: "superseded"; readonly latest: Column; readonly version: Column }
  | { readonly why: "unloaded"; readonly part: Column; readonly notice: string };

/** A {@link Batch} as a stream yields it: the engine knows the table and the state's format. */
export type StreamBatch<T extends Table = Table, S extends Json = Json> = Omit<Batch<T>, "table" | "state"> & {
  /** For the types of its rows. A stream only writes its own table. @default the stream's own */
  readonly table?: T;
  /** What is true once these rows are stored: the next sync begins with it. */
  readonly state: S;
  /** With the last batch of a stream that looked for deletions too: the next ones are looked for after a while. */
  readonly reconciled?: true;
};

/** A batch that names its table, one of `T`. */
export type BatchOf<T extends Table, S extends Json = Json> = T extends Table
  ? StreamBatch<T, S> & { readonly table: T }
  : never;

export interface ReadContext<Shared = unknown, S extends Json = Json> extends SourceContext {
  readonly shared: Shared;
  /**
   * What the last committed batch said; undefined on the first sync, after a full refresh, or for an older revision. An
   * earlier release may have written it: what that could have been otherwise, the stream has to look at.
   */
  readonly state: S | undefined;
  /**
   * The last state of an older revision of the stream. The table holds what that revision read, so a stream may
   * continue from there and re-read its history gradually. A stream that ignores it reads its history at once.
   */
  readonly outdated: Json | undefined;
  /**
   * What a stream of the same source said last, in this sync or an earlier one: another stream's state is only ever read.
   * Undefined if there is none, or none that this release can read.
   */
  stateOf(stream: string): Json | undefined;
  readonly stored: Stored;
  /**
   * Rows that are on the server as far as this stream knows, and not in its table, since the destination cannot hold
   * them: their primary keys, and short values of {@link Stream.needs}. They are to be read again by each
   * sync, and are off the list once they are stored, or one of a batch's scopes proves that they are gone.
   */
  unstored<T extends Table>(table: T): readonly (Key<T> & Partial<Row<T>>)[];
  /**
   * Whether this sync is to find deletions too: not a stream's first one, which finds what there is, but a full
   * refresh.
   */
  readonly reconcile: boolean;
  /**
   * Call it before rows are marked as deleted, if their number is known by then.
   *
   * @throws SyncError `MASS_DELETE` if there are too many, unless the caller allowed it
   */
  expectDeletions(table: Table, count: number): Promise<void>;
  /**
   * For a sample instead of a sync: a stream with a history reads only rows newer than this, in ms since 1970. The
   * stream defines what "new" means.
   */
  readonly sampleSince: number | undefined;
  /** How many requests this sync makes for what the stream left for later; a stream that leaves nothing ignores it. */
  readonly outstandingBudget: number;
  /** The names of the streams that this sync reads. */
  readonly streams: ReadonlySet<string>;
}

/** What the destination holds, as of the last commit. Deleted rows do not count. */
export interface Stored {
  /** The number of rows in a scope. */
  count<T extends Table>(table: T, scope: Scope<T>): Promise<number>;
  /** The same, by the values of some columns: one entry for each combination that occurs. */
  countBy<T extends Table, const C extends ColumnName<T>>(
    table: T,
    scope: Scope<T>,
    columns: readonly C[],
  ): Promise<readonly { readonly values: Pick<Row<T>, C>; readonly count: number }[]>;
  /** The primary keys of the rows in a scope, with these further columns and no others. @param columns default: none */
  keys<T extends Table, const C extends ColumnName<T> = never>(
    table: T,
    scope: Scope<T>,
    columns?: readonly C[],
  ): Promise<readonly (Key<T> & Pick<Row<T>, C>)[]>;
}

/**
 * Declares a stream. Its rows, their keys and its state must fit what it declares, or it does not compile:
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
  readonly needs?: readonly ColumnName<T>[];
  readonly keeps?: readonly Keeps<ColumnName<T>>[];
  readonly sampleBy?: ColumnName<T>;
  read(context: ReadContext<Shared, S>): AsyncIterable<StreamBatch<T, S>>;
}): Stream<Shared, T, S> {
  return stream;
}

/** A batch that names its table: its creator may know the table only by its type. */
export function batchOf<T extends Table, S extends Json>(
  table: T,
  batch: Omit<StreamBatch<T, S>, "table">,
): StreamBatch<T, S> & { readonly table: T } {
  return { table, ...batch };
}
