import { defineStream, type ReadContext } from "@org/sync-engine/source";
import { nextPosition } from "./frame.ts";
import { readHistory, widen } from "./runs-history.ts";
import { headOf, idsOf, RunsReading } from "./runs-reading.ts";
import { type RunsBatch, reconcileRuns } from "./runs-reconcile.ts";
import { nextReread, rereadRuns } from "./runs-reread.ts";
import type { RunsPosition, RunsState } from "./runs-state.ts";
import { readWindow, type WindowRead } from "./runs-window.ts";
import type { DagsterSync } from "./shared.ts";
import { runsTable } from "./tables/runs.ts";

/**
 * The runs. A first sync reads them all, newest first, or those within the limit of the history. Every later sync
 * requests three things at once:
 *
 * - the window: changes since the last sync by the displayed `updateTime`;
 * - the table's open runs, by their ids: an end may be written with a time long past;
 * - the head: the newest by insertion, and on from there to the newest one that the last sync saw. A run may have
 *   started and ended in between, with times long past.
 *
 * Rows are stored in the order in which they were read, so that an older version never replaces a newer one.
 *
 * After that the table holds every run that the server had before the sync. So if both counts are equal, they hold the
 * same runs; if not, a sync that looks for deletions compares all ids. With a limit it always does, since no count tells
 * which of the table's runs are beyond it. It also re-reads a part of the runs, for those that changed without a trace.
 */
export const runs = defineStream<DagsterSync, typeof runsTable, RunsState>({
  name: "runs",
  table: runsTable,
  revision: 1,
  needs: ["status", "tags", "repository", "code_location"],
  sampleBy: "update_time",
  read: phases,
});

async function* phases(context: ReadContext<DagsterSync, RunsState>): AsyncGenerator<RunsBatch> {
  const reading = await RunsReading.start(context);
  const begun = yield* readHistory(reading);
  if (!begun) return;
  // A first sync has just read them all.
  const isReread = context.reconcile && !("history" in reading.begun);
  const reread = isReread ? await nextReread(context, begun) : undefined;
  const window = yield* readWindow(reading, begun, reread);
  tellFrame(reading);
  let state = endOf(reading, begun, window);
  yield { state };
  const unstored = idsOf(context.unstored(runsTable));
  context.shared.areRunsStored = unstored.length === 0;
  state = yield* widen(reading, state);
  if (!context.reconcile) return;

  if (await mayDiffer(reading, window, unstored)) {
    for await (const batch of reconcileRuns(context, { rowsOf: reading.rowsOf, state, within: reading.within })) {
      state = reading.keep(state);
      yield { ...batch, state };
    }
  }
  if (reread) {
    const { changes } = window;
    const how = { changes, rowsOf: reading.rowsOf, state, within: reading.within };
    for await (const batch of rereadRuns(context, reread, how)) {
      state = reading.keep(batch.state);
      yield { ...batch, state };
    }
  }
  yield { state, reconciled: true };
}

function tellFrame({ watch, known, context }: RunsReading): void {
  if (!watch.frame || watch.frame.shown === (known?.shown ?? 0)) return;
  const message = `Dagster's database is not in UTC: its times are ${watch.frame.shown / 3600} hours ahead. They are stored in UTC.`;
  context.emit({ type: "notice", code: "DATABASE_NOT_IN_UTC", message });
}

/** The state once all changes are stored. */
function endOf(reading: RunsReading, begun: RunsPosition, { from, head }: WindowRead): RunsPosition {
  const { now, watch, context } = reading;
  const { overlapMs } = context.shared;
  return reading.keep({
    position: nextPosition(begun.position, now, { from, lastEnd: watch.lastEnd, overlapMs }),
    asOf: now.server,
    head: headOf(head),
    ...(begun.reread && { reread: begun.reread }),
  });
}

/** Whether the table may hold other runs than the server. */
async function mayDiffer(
  { context: { stored }, api, floor }: RunsReading,
  { count, vanished }: WindowRead,
  unstored: readonly string[],
): Promise<boolean> {
  if (floor !== undefined) return true;
  const absent = [...new Set([...unstored, ...api.largeRuns])];
  const lacking = absent.length - (await stored.count(runsTable, { run_id: { in: absent } }));
  // The vanished ones may have existed when the runs were counted.
  return (await stored.count(runsTable, {})) + lacking + vanished !== count;
}
