/** What distinguishes the history tables, and the context of reading one. */
import type { Row, Scope, StoredValues, Table } from "@org/destination";
import { batchOf, type ReadContext, type Stored, type StreamBatch } from "@org/sync-engine/source";
import type { Leaf, ListedRow } from "./ask.ts";
import type { LoggedEvent } from "./doubts.ts";
import { tellProgress } from "./history-progress.ts";
import { floorOf } from "./limit.ts";
import type { Listing } from "./listings.ts";
import { PendingList, type Why } from "./pending.ts";
import { newlyPurged, unpurged } from "./purged.ts";
import { type AirflowScope, isFixed, storedScope } from "./scope.ts";
import type { AirflowSync, Before } from "./shared.ts";
import { type Lasting, parseTableState, type TablePosition, type TableState } from "./state.ts";
import { type Counts, countWith } from "./unstored.ts";

/**
 * Why a scope is read: because it is pending, or in a phase. `renewal`: re-reads the history because its rows lack what a
 * new revision added. `reread`: the scrub.
 */
export type Reason = Why | "history" | "window" | "unstored" | "doubt" | "reconcile" | "reread" | "renewal";

/** Listed rows as rows of the table. */
export interface TableRows<T extends Table> {
  readonly rows: readonly Row<T>[];
  /** Their placeholders in the table, to remove. */
  readonly remove?: readonly Row<T>[];
}

/** A history table: how its rows are listed, and what is special about them. It stores nothing. */
export interface Kind<L extends ListedRow, T extends Table> {
  readonly table: T;
  listing(airflow: AirflowSync): Listing<L>;
  /** Rows to request per response. */
  limit(airflow: AirflowSync): number;
  keyOf(row: L | StoredValues): string;
  /** States that are not final. */
  readonly unfinished: readonly (string | null)[];
  /** The table's rows that the server's list should contain, except purged ones. */
  readonly listed: Scope<T>;
  /** Inspects the stored states of this stream and the others. */
  begin?(reading: Reading<L, T>): void;
  /** Converts listed rows to rows of the table. Adds what is missing to the pending scopes. */
  rowsOf(reading: Reading<L, T>, listed: readonly L[], why: Reason): Promise<TableRows<T>>;
  /** Scopes of rows that the destination could not hold. */
  unstoredScopes(rows: readonly StoredValues[]): readonly AirflowScope[];
  /** Scopes that may have changed without appearing in a window. Called once the window is stored. */
  doubts(reading: Reading<L, T>, known: Known): Promise<readonly AirflowScope[]>;
  /**
   * With a floor: the number of rows since then in each final state, before the window. The server's counts by state
   * include older ones.
   */
  countSettled?(airflow: AirflowSync, floor: string): Promise<ReadonlyMap<string, number>>;
  /**
   * Counts each listed DAG's rows. Called before the window: later, a new row could cancel out a deletion.
   *
   * @param floor without rows of runs due before it
   */
  countOnServer(airflow: AirflowSync, floor: string | undefined): Promise<ReadonlyMap<string, number>>;
  /** The same after the window, if cheap: a row that disappears before the window reads it could cancel out a deletion. */
  countAgain?(airflow: AirflowSync, floor: string | undefined): Promise<ReadonlyMap<string, number>>;
  /** Whether a row has data that older servers did not provide. Then earlier rows are re-read. */
  saysMore?(row: L): boolean;
  /** Notes what the window brings, for other streams. */
  noteWindow?(airflow: AirflowSync, since: number): ReturnType<AirflowSync["noteWindow"]>;
  /** Reads what a first sync left for later. */
  later?(reading: Reading<L, T>, state: TablePosition): AsyncIterable<StreamBatch<T, TableState>>;
  /** Checks the table's counts per DAG, once everything is read. */
  check?(reading: Reading<L, T>, held: Counts): Promise<void>;
}

/** The result of a window. */
export interface WindowRead {
  /** Keys of its unfinished rows. */
  readonly seen: ReadonlySet<string>;
  readonly events: readonly LoggedEvent[];
  /** Number of rows. */
  readonly brought: number;
  /** Whether any row has data that older servers did not provide. */
  readonly saysMore: boolean;
}

/** What a sync knows once its window is stored. */
export interface Known extends WindowRead {
  /** See {@link Kind.countSettled}. */
  readonly settledBefore: ReadonlyMap<string, number> | undefined;
}

/** The context of one read of a table. Only `pending`, `asked`, `historyRead` and `kept` change during it. */
export interface Reading<L extends ListedRow, T extends Table> {
  readonly kind: Kind<L, T>;
  readonly airflow: AirflowSync;
  readonly context: ReadContext<AirflowSync, TableState>;
  readonly stored: Stored;
  readonly before: Before;
  /** The stored state at the start. */
  readonly begun: TableState;
  readonly pending: PendingList;
  /** Attempts whose tries were requested in this sync. Those of others are left for later. */
  readonly asked: Set<string>;
  /** The number of runs whose history was read in this sync. */
  historyRead: number;
  /** Other parts of the state. */
  kept: Omit<Lasting, "pending">;
}

/** The same, for any table. */
export type AnyKind = Kind<ListedRow, Table>;
export type AnyReading = Reading<ListedRow, Table>;
export type TableBatch = StreamBatch<Table, TableState>;

export async function startReading(kind: AnyKind, context: ReadContext<AirflowSync, TableState>): Promise<AnyReading> {
  const { shared: airflow, stored } = context;
  const before = await airflow.before();
  const {
    pending = [],
    silent,
    silentSeen,
    regions,
    outstanding,
    floor: storedFloor,
    quiet,
    ...begun
  } = parseTableState(context, before.position);
  const floor = floorOf(begun, storedFloor, context);
  const kept = {
    ...(silent && { silent }),
    ...(silentSeen !== undefined && { silentSeen }),
    ...(regions && { regions }),
    ...(outstanding && { outstanding }),
    ...(floor !== undefined && { floor }),
    ...(quiet && { quiet }),
  };
  const list = new PendingList(pending, airflow.onUnreadable);
  const reading: AnyReading = {
    kind,
    airflow,
    context,
    stored,
    before,
    begun,
    pending: list,
    asked: new Set(),
    kept,
    historyRead: 0,
  };
  kind.begin?.(reading);
  return reading;
}

/** What is kept, with a member set, or left out if it is undefined. */
export function keptWith<K extends "floor" | "quiet">(
  kept: AnyReading["kept"],
  name: K,
  value: Lasting[K],
): AnyReading["kept"] {
  const { [name]: _, ...others } = kept;
  return { ...others, ...(value !== undefined && { [name]: value }) };
}

/** A state with everything that is missing now. */
export function stateNow<S extends TableState>(
  { pending, kept }: Pick<Reading<never, never>, "pending" | "kept">,
  state: S,
): S {
  const missing = pending.list();
  return { ...state, ...kept, ...(missing.length > 0 && { pending: missing }) };
}

/** Reads rows again that the destination could not hold. */
export function unstoredRows({ context, kind }: AnyReading): readonly StoredValues[] {
  return context.unstored(kind.table as Table) as readonly StoredValues[];
}

/**
 * Counts the table's rows that the server's list should contain, by some columns. Includes unstored rows.
 *
 * @param floor without rows of runs due before it
 */
export function countHeld(
  reading: AnyReading,
  scope: Scope,
  columns: readonly string[],
  { floor }: { readonly floor: string | undefined },
): Promise<Counts> {
  const isIn = (row: StoredValues) =>
    row.purged_at == null &&
    (!("is_latest" in scope) || row.is_latest === true) &&
    (floor === undefined || String(row.run_after) >= floor);
  const { table } = reading.kind;
  const unstored = unstoredRows(reading).filter(isIn);
  return countWith(reading.stored, { table, scope: withFloor(scope, floor), columns }, unstored);
}

/** The rows of a scope whose runs were due at a floor or later. */
export function withFloor(scope: Scope, floor: string | undefined): Scope {
  return floor === undefined ? scope : { ...scope, run_after: { gte: floor } };
}

/** A leaf as a batch. If its scope is fixed, it replaces the scope's rows. */
export async function batchOfLeaf(
  reading: AnyReading,
  { scope, rows: listed }: Leaf<ListedRow>,
  state: TableState,
  why: Reason,
): Promise<TableBatch> {
  const { kind, airflow, stored } = reading;
  const { table } = kind;
  const { rows, remove = [] } = await kind.rowsOf(reading, listed, why);
  const next = stateNow(reading, state);
  if (why === "history") tellProgress(reading, listed, state);
  if (!scope || !isFixed(scope)) return batchOf(table, { upserts: rows, remove, state: next });
  const present = { ...storedScope(scope), ...unpurged } as Scope;
  const purged = await newlyPurged(airflow, stored, table, present, [...rows, ...remove]);
  const replace = [{ scope: present, rows: [...rows, ...purged] }];
  return batchOf(table, { replace, remove, state: next });
}
