/** How a scope of rows is asked for, and what comes back. */
import type { AirflowScope } from "./scope.ts";

/** A run, or something of one. */
export interface ListedRow {
  readonly dag_id: string;
  readonly dag_run_id: string;
  readonly run_after: string;
  readonly state?: string | null;
}

export interface Answer<T> {
  readonly rows: readonly T[];
  /** How many rows the server counted in the scope, just before or after it read them. */
  readonly total: number;
  /** Whether the rows are in order of `run_after`: those of any other order the server chose as it liked. */
  readonly ordered: boolean;
  /** How many rows were asked for: fewer than wanted where so many would have taken too long, or been too large. */
  readonly limit: number;
  /** What the server has and does not give; then the rows prove nothing. */
  readonly unreachable?: string | undefined;
}

/** Reads from an offset on, to find out what the server can read at all. */
export interface Probe {
  readonly offset: number;
}

/** How a scope is asked for, where that is not its first rows, as many as one answer may have. */
export interface HowToAsk {
  readonly probe?: Probe;
  /** In one answer, however large: only the client's own limit holds. */
  readonly isWhole?: boolean;
}

/** Rows of a scope, at most `limit` of them. */
export interface Ask<T> {
  (scope: AirflowScope, limit: number, how?: HowToAsk): Promise<Answer<T>>;
  /** The scopes to ask for instead, where the server cannot be asked for all of one at once. */
  parts?(scope: AirflowScope): readonly AirflowScope[];
}

export interface Leaf<T> {
  /** Of which the rows are proven to be all; undefined where nothing is proven, since some rows cannot be read. */
  readonly scope?: AirflowScope;
  readonly rows: readonly T[];
}

/** A row, or something about one, that cannot be read. */
export interface UnreadableRow {
  /** Where it is, and why it cannot be read. */
  readonly where: string;
  /** It is larger than an answer may be, rather than that the server cannot print it. @default false */
  readonly isTooLarge?: boolean;
  /** The smallest scope that is known to hold it, where it is a row of a list. */
  readonly scope?: AirflowScope;
}

/** Told of a row that cannot be read. */
export type OnUnreadable = (row: UnreadableRow) => void;
