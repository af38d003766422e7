/** Requests for scopes of rows, and their responses. */
import type { AirflowScope } from "./scope.ts";

/** A run, or something that belongs to one. */
export interface ListedRow {
  readonly dag_id: string;
  readonly dag_run_id: string;
  readonly run_after: string;
  readonly state?: string | null;
}

export interface Answer<T> {
  readonly rows: readonly T[];
  /** The server's count of rows in the scope, from just before or after it read them. */
  readonly total: number;
  /** Whether the rows are ordered by `run_after`; otherwise the server chose them arbitrarily. */
  readonly ordered: boolean;
  /** The requested number of rows: lower than wanted if more would have taken too long, or been too large. */
  readonly limit: number;
  /** What the server has and does not return; then the rows prove nothing. */
  readonly unreachable?: string | undefined;
}

/** Reads from an offset on, to find out what the server can read at all. */
export interface Probe {
  readonly offset: number;
}

/** How to request a scope, if not its first rows, as many as fit into a response. */
export interface HowToAsk {
  readonly probe?: Probe;
  /** The newest rows, by `run_after`, instead of the oldest ones. Only for runs. */
  readonly newestFirst?: boolean;
  /** In one response, however large: only the client's own limit applies. */
  readonly isWhole?: boolean;
}

/** Requests rows of a scope, at most `limit` of them. */
export interface Ask<T> {
  (scope: AirflowScope, limit: number, how?: HowToAsk): Promise<Answer<T>>;
  /** The scopes to request instead, if the server cannot be asked for all of one at once. */
  parts?(scope: AirflowScope): readonly AirflowScope[];
}

export interface Leaf<T> {
  /**
   * The scope of which the rows are proven to be complete; undefined if nothing is proven, since some rows cannot be
   * read.
   */
  readonly scope?: AirflowScope;
  readonly rows: readonly T[];
}

/** A row, or a part of one, that cannot be read. */
export interface UnreadableRow {
  /** Where it is, and why it cannot be read. */
  readonly where: string;
  /** Whether it exceeds the maximum response size, rather than being impossible to serialize. @default false */
  readonly isTooLarge?: boolean;
  /** The smallest scope known to contain it, if it is a row of a list. */
  readonly scope?: AirflowScope;
}

/** Receives rows that cannot be read. */
export type OnUnreadable = (row: UnreadableRow) => void;
