/** Reads what changed: the window, the open runs and the newest ones. */
import type { Run } from "@org/dagster-client";
import { batchOf, windowStart } from "@org/sync-engine/source";
import { filterOffset } from "./frame.ts";
import { HEAD_SIZE, type RunChanges } from "./run-changes.ts";
import { beyondFloor, createdSinceFloor } from "./runs-limit.ts";
import { headOf, idsOf, isShifted, type RunsReading } from "./runs-reading.ts";
import { inChunks, type RunsBatch, these } from "./runs-reconcile.ts";
import type { Reread } from "./runs-reread.ts";
import type { RunsPosition } from "./runs-state.ts";
import { isOpen, runsTable } from "./tables/runs.ts";

type Batches<R = void> = AsyncGenerator<RunsBatch, R>;

export interface WindowRead {
  /** The window's start, ms since 1970. */
  readonly from: number;
  readonly changes: RunChanges;
  /** The newest runs. */
  readonly head: readonly Run[];
  /** The server's number of runs, as of when these were the newest. */
  readonly count: number | undefined;
  /** How many of the table's open runs are gone. */
  readonly vanished: number;
}

/** A request for the runs that changed since the window's start, by the frame as known. */
type Windows = ReturnType<typeof windowsOf>;

/** @param reread what of the other runs is requested with the changes */
export async function* readWindow(
  reading: RunsReading,
  state: RunsPosition,
  reread: Reread | undefined,
): Batches<WindowRead> {
  const { api, watch, context, floor } = reading;
  const windows = windowsOf(reading, state);
  const chunks = inChunks([...new Set(await openIds(reading))], api.pageSize);
  const asked = chunks.shift() ?? [];
  const hadFrame = watch.frame !== undefined;
  const offset = filterOffset(watch.frame);
  // The request for them has no filter.
  const again = floor === undefined ? reread : undefined;
  const withCount = context.reconcile && floor === undefined;
  const changes = await api.runChanges(windows.at(offset), asked, { withCount, again });
  let vanished = yield* storeChanges(reading, state, asked, changes);
  for (const ids of chunks) {
    const rows = await reading.rowsOf(await api.runsById(ids));
    vanished += ids.filter(reading.isRead).length - rows.length;
    const replace = [these(ids.filter(reading.isRead), rows)];
    yield batchOf(runsTable, { replace, state: reading.resumable(state) });
  }
  reading.due = [];
  if (changes.isWindowFull) {
    const from = changes.window.at(-1)?.runId;
    yield* reading.store({ filter: windows.at(offset), from, trustShortPage: true }, state);
  }
  const newest = yield* walkHead(reading, state, { windows, changes, withCount });
  yield* readEarlier(reading, state, { windows, offset });
  // Until a run showed the frame, times were stored uncorrected.
  if (!hadFrame && isShifted(watch.frame)) yield* reading.store({ filter: reading.within }, state);
  return { from: windows.from, changes, vanished, ...newest };
}

function windowsOf({ now, definitions, context }: RunsReading, state: RunsPosition) {
  const from = windowStart(state.position, now, context.shared.overlapMs);
  const at = (offset: number) => ({ updatedAfter: from / 1000 + offset, statuses: definitions.statuses });
  return { from, at };
}

/** The table's open runs, and those that it should hold, or hold in their current version. */
async function openIds({ context, begun, definitions, due, floor }: RunsReading): Promise<readonly string[]> {
  const { stored } = context;
  const open = await stored.keys(runsTable, { status: { in: definitions.statuses.filter(isOpen) } });
  // All rows are read again, and the history did not bring these.
  const isRenewal = "history" in begun && begun.history.isRenewal;
  const beyond = isRenewal && floor !== undefined ? await stored.keys(runsTable, beyondFloor(floor)) : [];
  return [...idsOf(open), ...idsOf(beyond), ...idsOf(context.unstored(runsTable)), ...due];
}

/** Stores the response to the regular request. @returns how many of the requested runs are gone */
async function* storeChanges(
  reading: RunsReading,
  state: RunsPosition,
  asked: readonly string[],
  changes: RunChanges,
): Batches<number> {
  const isAsked = new Set(asked);
  const unseen = new Set(asked);
  for (const { runId } of changes.open) unseen.delete(runId);
  const stillOpen = [...changes.open, ...(await reading.api.runsById([...unseen]))];
  // All are inspected before any is stored, so that they are stored in one frame.
  await reading.watch.see([...changes.again, ...changes.window, ...stillOpen, ...changes.head]);
  const others = newestOf(changes.again, changes.window, changes.head).filter(({ runId }) => !isAsked.has(runId));
  const upserts = await reading.rowsOf(others);
  const read = asked.filter(reading.isRead);
  const replace = [these(read, await reading.rowsOf(stillOpen))];
  yield batchOf(runsTable, { replace, upserts, state: reading.resumable(state) });
  return read.length - stillOpen.length;
}

/** Reads the window again if runs have shown that it started too late. */
async function* readEarlier(
  reading: RunsReading,
  state: RunsPosition,
  { windows, offset: first }: { windows: Windows; readonly offset: number },
): Batches {
  for (let offset = first; filterOffset(reading.watch.frame) < offset; ) {
    offset = filterOffset(reading.watch.frame);
    yield* reading.store({ filter: windows.at(offset), trustShortPage: true }, state);
  }
}

/** Reads on from the head to the newest run that the last sync saw. */
async function* walkHead(
  reading: RunsReading,
  state: RunsPosition,
  { windows, changes, withCount }: { windows: Windows; readonly changes: RunChanges; readonly withCount: boolean },
): Batches<Pick<WindowRead, "head" | "count">> {
  const { api, watch, floor } = reading;
  let { head, count } = changes;
  let anchors = new Set(state.head);
  const isMet = (found: readonly Run[]) => found.some(({ runId }) => anchors.has(runId));
  while (head.length >= HEAD_SIZE && !isMet(head)) {
    const from = head.at(-1)?.runId;
    yield* reading.store({ filter: createdSinceFloor(floor), from, trustShortPage: true }, state, isMet);
    if (!withCount) break;
    // A run that was counted and deleted before it was read would cancel out a deletion: repeat until the newest runs
    // arrive together with their count.
    anchors = new Set(headOf(head));
    const again = await api.runChanges(windows.at(filterOffset(watch.frame)), [], { withCount });
    ({ head, count } = again);
    const upserts = await reading.rowsOf(newestOf(again.window, head));
    yield batchOf(runsTable, { upserts, state: reading.resumable(state) });
  }
  return { head, count };
}

/** The runs of both, each once, as in the later one. */
function newestOf(...lists: readonly (readonly Run[])[]): readonly Run[] {
  return [...new Map(lists.flat().map((run) => [run.runId, run])).values()];
}
