/** What the streams of runs and task instances keep between syncs. */
import { type Position, parsePosition } from "@org/sync-engine/source";
import { isTimestamp } from "../timestamp.ts";
import type { RunId } from "./keys.ts";
import { type Pending, runScope, type Why } from "./pending.ts";
import type { AirflowScope } from "./scope.ts";
import { parseSilent, type Silent } from "./silent.ts";

/** How far a walk through the history is. */
export type Frontier = {
  /** All DAGs up to this one are stored. */
  readonly after?: string;
  /** The DAG that comes next, and up to which `run_after` it is stored. */
  readonly dag?: string;
  readonly runAfter?: string;
};

/** What a state has, wherever its stream is. */
export type Lasting = {
  /** What is known to be missing from the table. */
  readonly pending?: readonly Pending[];
  /** Of runs: those that changed without a stamp. */
  readonly silent?: Silent;
  /** Of task instances: the last of the runs' silent changes that was taken over from their state. */
  readonly silentSeen?: number;
  /** Of task instances: what is left for later, of runs before a moment; `null`: of all runs. */
  readonly outstanding?: { readonly what: "earlier attempts"; readonly before: string | null };
  /** Of task instances: whether the server knew regions, which it does from 3.4 on. */
  readonly regions?: true;
};

/** Where the last complete sync ended. */
export type TablePosition = Lasting & {
  readonly position: Position;
  /** What the server calls its version; null where it does not say. */
  readonly version?: string | null;
  /** How far the history was read again; `isRenewal`: because the rows lack what a new revision brings. */
  readonly reread?: Frontier & { readonly isRenewal?: true };
};

/** A first sync under way, which began when the server's clock showed `start`; or where the last sync ended. */
export type TableState = (Lasting & { readonly history: { readonly start: Position } & Frontier }) | TablePosition;

/**
 * A stream's state as it was stored. One of an older revision goes on from its position, and reads its history again over
 * the next syncs; without a state, a first sync begins.
 *
 * A position that cannot be used, since a wrong clock wrote it, is none: then everything is read.
 *
 * @param start where a first sync begins: the clocks at present
 */
export function parseTableState(
  { state, outdated }: { readonly state: unknown; readonly outdated: unknown },
  start: Position,
): TableState {
  const { position, history, version, reread, ...more } = membersOf(state);
  const known = parsePosition(position, start);
  if (known) {
    const kept = { ...(version !== undefined && { version }), ...(reread !== undefined && { reread }) };
    return { ...parseLasting(more), ...(kept as Partial<TablePosition>), position: known };
  }
  // What is still to be read is no part of the history, which is what is read again.
  const { position: before, version: last, ...older } = membersOf(outdated);
  const outdatedPosition = parsePosition(before, start);
  if (outdatedPosition) {
    const kept = { ...parseLasting(older), ...(last !== undefined && { version: last as string | null }) };
    return { ...kept, position: outdatedPosition, reread: { isRenewal: true } };
  }
  const { start: begun, ...frontier } = membersOf(history);
  const beginning = parsePosition(begun, start);
  // What changed since an unknown moment, in what was read before, no window would show.
  return { ...parseLasting(more), history: beginning ? { ...frontier, start: beginning } : { start } };
}

/**
 * What lasts, of this release's state or an older one's, which kept what is pending in three lists.
 */
function parseLasting(state: Record<string, unknown>): Lasting {
  const { silentSeen, regions } = state;
  const silent = parseSilent(state);
  const pending = [...listOf<Pending>(state.pending), ...olderPending(state)];
  return {
    ...(pending.length > 0 && { pending }),
    ...(silent && { silent }),
    ...(typeof silentSeen === "number" && { silentSeen }),
    ...(regions === true && { regions }),
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
