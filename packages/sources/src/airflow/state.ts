/** The states of the streams of runs and task instances. */
import { type Position, parsePosition } from "@org/sync-engine/source";
import { isTimestamp, timestamp } from "../timestamp.ts";
import type { RunId } from "./keys.ts";
import { type Pending, runScope, type Why } from "./pending.ts";
import type { AirflowScope } from "./scope.ts";
import { parseSilent, type Silent } from "./silent.ts";

/** The progress of a walk through the history, newest first. */
export type Frontier = {
  /** All runs due at this time or later are stored. */
  readonly before?: string;
};

/** Parts of a state in every phase. */
export type Lasting = {
  /** Rows known to be missing from the table. */
  readonly pending?: readonly Pending[];
  /** For runs: those that changed without a new timestamp. */
  readonly silent?: Silent;
  /** For task instances: the number of the last silent change taken over from the runs' state. */
  readonly silentSeen?: number;
  /** For task instances: what is left for later, of runs before a time. `null`: of all runs. */
  readonly outstanding?: { readonly what: "earlier attempts"; readonly before: string | null };
  /** Older runs are not in the table, unless they changed. None: it has all of them. */
  readonly floor?: string;
  /** With a floor: the DAGs that have older runs only. */
  readonly quiet?: readonly string[];
  /** For task instances: whether the server had regions, as it does since 3.4. */
  readonly regions?: true;
};

/** Where the last complete sync ended. */
export type TablePosition = Lasting & {
  readonly position: Position;
  /** The server's version. Null if it does not report one. */
  readonly version?: string | null;
  /** The progress of re-reading the history. `isRenewal`: because rows lack what a new revision added. */
  readonly reread?: Frontier & { readonly isRenewal?: true; readonly isDone?: true };
};

/** A first sync in progress, with the server's clock at its `start`, or the position of the last sync. */
export type TableState = (Lasting & { readonly history: { readonly start: Position } & Frontier }) | TablePosition;

/**
 * Parses a stream's stored state. A state of an older revision continues from its position, and re-reads the history over
 * the next syncs. Without a state, a first sync starts.
 *
 * A position that is unusable because a wrong clock wrote it is ignored: then everything is read.
 *
 * @param start the current clocks, from which a first sync starts
 */
export function parseTableState(
  { state, outdated }: { readonly state: unknown; readonly outdated: unknown },
  start: Position,
): TableState {
  const { position, history, version, reread, ...more } = membersOf(state);
  const known = parsePosition(position, start);
  if (known) {
    const kept = { ...(version !== undefined && { version: version as string | null }), ...parseReread(reread) };
    return { ...parseLasting(more), ...kept, position: known };
  }
  // Scopes that are still pending are kept: re-reading the history does not cover them.
  const { position: before, version: last, ...older } = membersOf(outdated);
  const outdatedPosition = parsePosition(before, start);
  if (outdatedPosition) {
    const kept = { ...parseLasting(older), ...(last !== undefined && { version: last as string | null }) };
    return { ...kept, position: outdatedPosition, reread: { isRenewal: true } };
  }
  const beginning = parsePosition(membersOf(history).start, start);
  // With an unknown start, no window would show changes in what was already read, so the history starts over.
  return { ...parseLasting(more), history: beginning ? { start: beginning, ...parseFrontier(history) } : { start } };
}

/** Older releases walked DAG by DAG. What they had read is read again. */
function parseFrontier(value: unknown): Frontier {
  const { before } = membersOf(value);
  return typeof before === "string" && isTimestamp(before) ? { before: timestamp(before) } : {};
}

function parseReread(value: unknown): Pick<TablePosition, "reread"> {
  if (typeof value !== "object" || value === null) return {};
  const { isRenewal, isDone } = membersOf(value);
  const kept = {
    ...(isRenewal === true && { isRenewal: true as const }),
    ...(isDone === true && { isDone: true as const }),
  };
  return { reread: { ...parseFrontier(value), ...kept } };
}

/**
 * Parses the parts of a state in every phase. Older releases listed what is pending in three lists.
 */
function parseLasting(state: Record<string, unknown>): Lasting {
  const { silentSeen, regions, floor, quiet } = state;
  const silent = parseSilent(state);
  const pending = [...listOf<Pending>(state.pending), ...olderPending(state)];
  return {
    ...(pending.length > 0 && { pending }),
    ...(silent && { silent }),
    ...(typeof silentSeen === "number" && { silentSeen }),
    ...(regions === true && { regions }),
    ...(typeof floor === "string" && isTimestamp(floor) && { floor: timestamp(floor) }),
    ...(Array.isArray(quiet) && { quiet: quiet as readonly string[] }),
    ...parseOutstanding(state.outstanding),
  };
}

function parseOutstanding(value: unknown): Pick<Lasting, "outstanding"> {
  const { before = null } = membersOf(value);
  if (typeof value !== "object" || value === null) return {};
  const isKnown = typeof before === "string" && isTimestamp(before);
  return { outstanding: { what: "earlier attempts", before: isKnown ? before : null } };
}

function olderPending({ again, unread, unlisted }: Record<string, unknown>): Pending[] {
  const all = (why: Why, scopes: readonly AirflowScope[]) => scopes.map((scope): Pending => ({ scope, why }));
  return [
    ...all("tries", listOf<RunId>(again).map(runScope)),
    ...all("unreadable", listOf<AirflowScope>(unread)),
    ...all(
      "unlisted",
      listOf<string>(unlisted).map((dag) => ({ dags: [dag] })),
    ),
  ];
}

function listOf<T>(value: unknown): readonly T[] {
  return Array.isArray(value) ? value : [];
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
