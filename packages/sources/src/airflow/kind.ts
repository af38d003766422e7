/** What tells one history table from another, and what reading one needs at hand. */
import type { Row, Scope, StoredValues, Table } from "@org/destination";
import { batchOf, type ReadContext, type Stored, type StreamBatch } from "@org/sync-engine/source";
import type { Leaf, ListedRow } from "./ask.ts";
import type { LoggedEvent } from "./doubts.ts";
import type { Listing } from "./listings.ts";
import { PendingList, type Why } from "./pending.ts";
import { newlyPurged, unpurged } from "./purged.ts";
import { type AirflowScope, isFixed, storedScope } from "./scope.ts";
import type { AirflowSync, Before } from "./shared.ts";
import { type Lasting, parseTableState, type TablePosition, type TableState } from "./state.ts";
import { type Counts, countWith } from "./unstored.ts";

/**
 * Why a scope is read: because it is pending, or as a part of a phase. `renewal`: the history is read again since its rows
 * lack what a new revision brings; `reread`: in case anything changed without a trace.
 */
export type Reason = Why | "history" | "window" | "unstored" | "doubt" | "reconcile" | "reread" | "renewal";

/** Listed rows as rows of the table. */
export interface TableRows<T extends Table> {
  readonly rows: readonly Row<T>[];
  /** What the table holds of them, and was only a placeholder. */
  readonly remove?: readonly Row<T>[];
}

/** A history table: how its rows are listed, and what is special about them. It asks for little, and stores nothing. */
export interface Kind<L extends ListedRow, T extends Table> {
  readonly table: T;
  listing(airflow: AirflowSync): Listing<L>;
  /** Rows to ask for in one response. */
  limit(airflow: AirflowSync): number;
  keyOf(row: L | StoredValues): string;
  /** States that something follows. */
  readonly unfinished: readonly (string | null)[];
  /** The rows of the table that the server's list should have, purged ones aside. */
  readonly listed: Scope<T>;
  /** Looks at what the state of this stream, and of the others, held. */
  begin?(reading: Reading<L, T>): void;
  /** Listed rows as rows of the table. What is found to be missing meanwhile becomes pending. */
  rowsOf(reading: Reading<L, T>, listed: readonly L[], why: Reason): Promise<TableRows<T>>;
  /** Scopes of rows that the destination could not hold. */
  unstoredScopes(rows: readonly StoredValues[]): readonly AirflowScope[];
  /** What no window shows, once the window is stored. */
  doubts(reading: Reading<L, T>, window: WindowRead): Promise<readonly AirflowScope[]>;
  /** How many rows each listed DAG has, asked for before the window: after it, a new row would hide a deleted one. */
  countOnServer(airflow: AirflowSync): Promise<ReadonlyMap<string, number>>;
  /** The same after the window, where that is cheap: what goes before a window could bring it would hide a deletion too. */
  countAgain?(airflow: AirflowSync): Promise<ReadonlyMap<string, number>>;
  /** Whether a row has what older servers did not say: then earlier rows are read again for it. */
  saysMore?(row: L): boolean;
  /** Reads what a first sync left for later. */
  later?(reading: Reading<L, T>, state: TablePosition): AsyncIterable<StreamBatch<T, TableState>>;
  /** Looks at what the table holds of each DAG, once all is read. */
  check?(reading: Reading<L, T>, held: Counts): Promise<void>;
}

/** What a window showed. */
export interface WindowRead {
  /** Keys of its unfinished rows. */
  readonly seen: ReadonlySet<string>;
  readonly events: readonly LoggedEvent[];
  /** How many rows it brought. */
  readonly brought: number;
  /** Whether one of them has what older servers did not say. */
  readonly saysMore: boolean;
}

/** What one read of a table has at hand. Only what is missing, and what the state keeps of it, changes meanwhile. */
export interface Reading<L extends ListedRow, T extends Table> {
  readonly kind: Kind<L, T>;
  readonly airflow: AirflowSync;
  readonly context: ReadContext<AirflowSync, TableState>;
  readonly stored: Stored;
  readonly before: Before;
  /** As it was stored. */
  readonly begun: TableState;
  readonly pending: PendingList;
  /** Attempts whose tries were asked for in this sync, while those of others are left for later. */
  readonly asked: Set<string>;
  /** What the state keeps besides. */
  kept: Omit<Lasting, "pending">;
}

/** The same, whatever the table. */
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
    ...begun
  } = parseTableState(context, before.position);
  const kept = {
    ...(silent && { silent }),
    ...(silentSeen !== undefined && { silentSeen }),
    ...(regions && { regions }),
    ...(outstanding && { outstanding }),
  };
  const list = new PendingList(pending, airflow.onUnreadable);
  const reading: AnyReading = { kind, airflow, context, stored, before, begun, pending: list, asked: new Set(), kept };
  kind.begin?.(reading);
  return reading;
}

/** A state with all that is missing as of now. */
export function stateNow<S extends TableState>(
  { pending, kept }: Pick<Reading<never, never>, "pending" | "kept">,
  state: S,
): S {
  const missing = pending.list();
  return { ...state, ...kept, ...(missing.length > 0 && { pending: missing }) };
}

/** Rows that the destination could not hold: each sync reads them again. */
export function unstoredRows({ context, kind }: AnyReading): readonly StoredValues[] {
  return context.unstored(kind.table as Table) as readonly StoredValues[];
}

/** How many rows the table has that the server's list should have, by some columns; those that did not fit are counted. */
export function countHeld(reading: AnyReading, scope: Scope, columns: readonly string[]): Promise<Counts> {
  const isIn = (row: StoredValues) => row.purged_at == null && (!("is_latest" in scope) || row.is_latest === true);
  return countWith(reading.stored, { table: reading.kind.table, scope, columns }, unstoredRows(reading).filter(isIn));
}

/** A leaf as a batch: of a fixed scope, it says what is no longer there. */
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
  if (!scope || !isFixed(scope)) return batchOf(table, { upserts: rows, remove, state: next });
  const present = { ...storedScope(scope), ...unpurged } as Scope;
  const purged = await newlyPurged(airflow, stored, table, present, [...rows, ...remove]);
  const replace = [{ scope: present, rows: [...rows, ...purged] }];
  return batchOf(table, { replace, remove, state: next });
}
