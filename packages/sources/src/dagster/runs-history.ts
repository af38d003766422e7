/** Reads the history of the runs, newest first: in a first sync, and when a longer limit adds to it. */
import type { Run } from "@org/dagster-client";
import type { RunsFilter } from "@org/dagster-client/sync";
import { batchOf } from "@org/sync-engine/source";
import { filterOffset } from "./frame.ts";
import { HEAD_SIZE } from "./run-changes.ts";
import { beforeFloor, sinceFloor, wideningTo } from "./runs-limit.ts";
import { headOf, isShifted, type RunsReading } from "./runs-reading.ts";
import type { RunsBatch } from "./runs-reconcile.ts";
import type { RunsHistory, RunsPosition } from "./runs-state.ts";
import { isOpen, runsTable } from "./tables/runs.ts";

type Batches<R = void> = AsyncGenerator<RunsBatch, R>;

/** Runs a first sync, or the rest of it. Returns undefined at the end of a sample. */
export async function* readHistory(reading: RunsReading): Batches<RunsPosition | undefined> {
  const { begun, context, watch } = reading;
  if (!("history" in begun)) return begun;
  let { history } = begun;
  if (reading.floor !== undefined && context.sampleSince === undefined) {
    history = { ...history, head: history.head ?? headOf(await newest(reading)) };
    yield* readOldOpen(reading, history);
  }
  const tell = await progressOf(reading, history);
  for (let isDone = false; !isDone; ) {
    isDone = true;
    for await (const { rows, pageToken, isLast } of reading.api.runPages({
      from: history.pageToken,
      filter: historyFilter(reading),
    })) {
      const hadFrame = watch.frame !== undefined;
      const upserts = await reading.rowsOf(rows);
      // The pages before it were stored with uncorrected times: read them again from the first one.
      isDone = hadFrame || !isShifted(watch.frame) || history.pageToken === undefined;
      if (!isDone) break;
      history = reading.keep({ ...history, head: history.head ?? headOf(rows), pageToken });
      await tell(rows.length, isLast);
      yield batchOf(runsTable, { upserts, state: { history } });
    }
    if (!isDone) history = reading.keep(withoutProgress(history));
  }
  if (context.sampleSince !== undefined) return undefined;
  return reading.keep({ position: history.start, head: history.head ?? [] });
}

/** While the frame is unknown, the window of a sample starts as early as it may have to. */
function historyFilter({ context: { sampleSince }, within }: RunsReading): RunsFilter | undefined {
  return sampleSince === undefined ? within : { updatedAfter: sampleSince / 1000 + filterOffset(undefined) };
}

/** The newest runs, whether within the limit or not. They show the frame, which the limit's filter depends on. */
async function newest({ api, watch }: RunsReading): Promise<readonly Run[]> {
  for await (const { rows } of api.runPages({ limit: HEAD_SIZE, trustShortPage: true })) {
    await watch.see(rows);
    return rows;
  }
  return [];
}

/** Sensors refer to open runs, however old. They come first: one that ends meanwhile is then requested by its id. */
async function* readOldOpen(reading: RunsReading, history: RunsHistory): Batches {
  if (reading.floor === undefined) return;
  const statuses = reading.definitions.statuses.filter(isOpen);
  const { pageToken, head, ...fresh } = history;
  const state = { history: reading.keep(pageToken === undefined ? fresh : history) };
  yield* reading.store({ filter: { ...beforeFloor(reading.floor), statuses }, trustShortPage: true }, state);
}

function withoutProgress({ start, isRenewal, ...history }: RunsHistory): RunsHistory {
  const head = history.floor === undefined ? undefined : history.head;
  return { start, ...(isRenewal && { isRenewal }), ...(head && { head }) };
}

/** Emits how much of the history is read once a page is. The total is requested if there is more than one. */
async function progressOf({ context, api, within, floor }: RunsReading, history: RunsHistory) {
  const { sampleSince, keepsRows, stored } = context;
  const isResumed = history.pageToken !== undefined;
  // A table that is read again has all rows already.
  const isCounted = sampleSince === undefined && !(isResumed && (history.isRenewal || !keepsRows));
  let done = isResumed && isCounted ? await stored.count(runsTable, {}) : 0;
  let total: number | null | undefined = isCounted ? undefined : null;
  return async (read: number, isLast: boolean) => {
    done += read;
    if (total === undefined) total = isLast && !isResumed ? done : ((await api.count(within)) ?? null);
    // The table may hold runs from beyond the limit, and new ones.
    const most = total === null ? null : Math.max(total, done);
    context.emit({ type: "progress", done, total: floor !== undefined && isResumed ? null : most, backTo: null });
  };
}

/** Reads what a longer limit adds. Once begun, it is read to its end, whatever the limit is then. */
export async function* widen(reading: RunsReading, state: RunsPosition): Batches<RunsPosition> {
  const { watch, now, context } = reading;
  const hadFrame = watch.frame !== undefined;
  const next = () => reading.widening ?? wideningTo(reading.floor, now.server, context);
  let ended = state;
  for (let widening = next(); widening && reading.floor !== undefined; widening = next()) {
    const filter = { ...sinceFloor(widening.floor, watch.frame), ...beforeFloor(reading.floor) };
    for await (const { rows, pageToken } of reading.api.runPages({ from: widening.pageToken, filter })) {
      reading.widening = { ...widening, pageToken };
      ended = reading.keep(ended);
      yield batchOf(runsTable, { upserts: await reading.rowsOf(rows), state: ended });
    }
    reading.floor = widening.floor;
    reading.widening = undefined;
    ended = reading.keep(ended);
    yield { state: ended };
  }
  // Until a run showed the frame, times were stored uncorrected.
  if (!hadFrame && isShifted(watch.frame)) yield* reading.store({ filter: reading.within }, ended);
  return ended;
}
