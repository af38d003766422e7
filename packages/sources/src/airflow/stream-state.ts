/** What the streams of runs and task instances keep between syncs. */
import { isMoment, type Position, parsePosition } from "@org/sync-engine/source";
import type { RunId } from "./keys.ts";
import type { AirflowScope } from "./scope.ts";

/** How far a walk through the history is. */
export type Frontier = {
  /** All DAGs up to this one are stored. */
  readonly after?: string;
  /** The DAG that comes next, and up to which `run_after` it is stored. */
  readonly dag?: string;
  readonly runAfter?: string;
};

/** Where the last complete sync ended. */
export type StreamPosition = {
  readonly position: Position;
  /** How far the next window looks back behind the position, in ms, where that is more than the source's option. */
  readonly overlapMs?: number;
  /** Runs whose task instances, or the tries of some, could not be read: they are asked for again. */
  readonly again?: readonly RunId[];
  /** Scopes that hold rows which could not be read: they are asked for again. */
  readonly unread?: readonly AirflowScope[];
  /** DAGs that the server did not list until now, or that the table lacks: they are read whole once it lists them. */
  readonly unlisted?: readonly string[];
  /** What the server calls its version; null where it does not say. */
  readonly version?: string | null;
  /** Of task instances: whether the server knew regions, which it does from 3.4 on. */
  readonly regions?: true;
  /** How far the history was read again; `isRenewal`: because the rows lack what a new revision brings. */
  readonly reread?: Frontier & { readonly isRenewal?: true };
};

/** A first sync under way, which began when the server's clock showed `start`; or where the last sync ended. */
export type StreamState =
  | ({ readonly history: { readonly start: Position } & Frontier } & Pick<StreamPosition, "again" | "unread">)
  | StreamPosition;

/**
 * A stream's state as it was stored. One of an older revision goes on from its position, and reads its history again over
 * the next syncs; without a state, a first sync begins.
 *
 * A position that cannot be used, since a wrong clock wrote it, is none: then everything is read.
 *
 * @param start where a first sync begins: the clocks at present
 */
export function parseStreamState(
  { state, outdated }: { readonly state: unknown; readonly outdated: unknown },
  start: Position,
): StreamState {
  const { position, overlapMs, history, ...more } = (state ?? {}) as Record<string, unknown>;
  const known = parsePosition(position, start);
  if (known) return { ...more, ...parseOverlap(overlapMs), position: known };
  // What is still to be read is no part of the history, which is what is read again.
  const { position: before, overlapMs: wide, reread: _, ...owed } = (outdated ?? {}) as Record<string, unknown>;
  const older = parsePosition(before, start);
  if (older) return { ...owed, ...parseOverlap(wide), position: older, reread: { isRenewal: true } };
  const { start: begun, ...frontier } = (history ?? {}) as Record<string, unknown>;
  const { again, unread } = more as Pick<StreamPosition, "again" | "unread">;
  const kept = { ...(again && { again }), ...(unread && { unread }) };
  const beginning = parsePosition(begun, start);
  // What changed since an unknown moment, in what was read before, no window would show.
  return { history: beginning ? { ...frontier, start: beginning } : { start }, ...kept };
}

/** An overlap as it stands in a state; one that no release wrote is none. */
function parseOverlap(value: unknown): { readonly overlapMs?: number } {
  return isMoment(value) ? { overlapMs: value } : {};
}
