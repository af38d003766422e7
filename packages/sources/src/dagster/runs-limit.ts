/**
 * The limit of the runs' history, by when a run last changed: every version of Dagster shows and filters that time, and
 * a run that changes later only moves away from the floor. The floor is computed once, when a first sync starts; only a
 * longer limit moves it.
 *
 * Windows and the newest runs do not observe it: a run that changes or begins is stored. Open runs are stored however
 * old they are, since sensors refer to them.
 */
import type { RunsFilter } from "@org/dagster-client/sync";
import type { ReadContext } from "@org/sync-engine/source";
import { floorAt } from "../floor.ts";
import { timestampOf } from "../timestamp.ts";
import { type Frame, filterOffset, LATEST } from "./frame.ts";
import type { RunsState, Widening } from "./runs-state.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

type Options = Pick<ReadContext, "historyMs">;

/**
 * The floor of a sync, as UTC text; undefined: none. A first sync in progress follows a shorter limit at once, and a
 * longer one after its end, like any other sync.
 */
export function floorOf(begun: RunsState, { historyMs }: Options): string | undefined {
  if (!("history" in begun)) return begun.floor;
  const { start, head, floor, isRenewal } = begun.history;
  if (historyMs === undefined || isRenewal) return floor;
  const wanted = floorAt(start.server, historyMs);
  return head !== undefined && isLonger(wanted, floor) ? floor : wanted;
}

/** What a longer limit adds; undefined: nothing. @param nowMs the server's clock, in ms since 1970 */
export function wideningTo(floor: string | undefined, nowMs: number, { historyMs }: Options): Widening | undefined {
  if (floor === undefined || historyMs === undefined) return undefined;
  const wanted = floorAt(nowMs, historyMs);
  if (!isLonger(wanted, floor)) return undefined;
  return wanted === undefined ? {} : { floor: wanted };
}

function isLonger(wanted: string | undefined, floor: string | undefined): boolean {
  return floor !== undefined && (wanted === undefined || wanted < floor);
}

/** The filter for runs that changed since the floor; undefined: for all. */
export function sinceFloor(floor: string | undefined, frame: Frame | undefined): RunsFilter | undefined {
  return floor === undefined ? undefined : { updatedAfter: secondsOf(floor) + filterOffset(frame) };
}

/** The filter for runs that changed before the floor: those that no frame could have put behind it. */
export function beforeFloor(floor: string): RunsFilter {
  return { updatedBefore: secondsOf(floor) + LATEST + 1 };
}

/** The table's rows that a listing since the floor may lack, whatever frame they are in. */
export function beyondFloor(floor: string) {
  return { update_time: { lt: timestampOf(Date.parse(floor) + DAY_MS) } };
}

/** The filter for a walk from the newest run on: a run that was added since the first sync was created since the floor. */
export function createdSinceFloor(floor: string | undefined): RunsFilter | undefined {
  return floor === undefined ? undefined : { createdAfter: secondsOf(floor) + filterOffset(undefined) };
}

function secondsOf(floor: string): number {
  return Date.parse(floor) / 1000;
}
