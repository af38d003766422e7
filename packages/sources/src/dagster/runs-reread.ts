/**
 * Reads a part of the runs again, from where the last time ended; after the end of the listing it begins anew. A run that
 * has ended may be given another end with a time long past: a monitor fails a run that it does not hear of, and hours later
 * its worker reports success. No window shows that, it is not open, and it may be no longer among the newest.
 */
import type { DagsterRun } from "@org/dagster-client";
import type { Row } from "@org/destination";
import { batchOf, type ReadContext, type StreamBatch } from "@org/sync-engine/source";
import type { RunChanges } from "./run-changes.ts";
import type { RunsPosition, RunsState } from "./runs-state.ts";
import type { DagsterSync } from "./shared.ts";
import { runsTable } from "./tables/runs.ts";

/** A thirtieth at each reconcile, once a day: all is right after a month. */
const SCRUBS = 30;
/** Fewer runs cost hardly less. */
const FEWEST = 50;
/** So many of the last runs are kept: the next time goes on after the last of them that was not deleted meanwhile. */
const ANCHORS = 20;

/** What is to be read again. */
export interface Reread {
  /** After which run; from the newest on where there is none. */
  readonly from: string | undefined;
  /** How many runs of the table are a share of it. */
  readonly share: number;
  /** How many are asked for at once. */
  readonly size: number;
}

/** A share of what the table holds, to be asked for together with what changed: mostly that is all of it. */
export async function nextReread(
  { shared: { api }, stored }: ReadContext<DagsterSync, RunsState>,
  { reread = [] }: RunsPosition,
): Promise<Reread> {
  const share = Math.floor((await stored.count(runsTable, {})) / SCRUBS);
  return { from: reread.at(-1), share, size: Math.min(api.pageSize, Math.max(share, FEWEST)) };
}

/**
 * Reads the rest of a share, and yields the state that says how far it came.
 *
 * @param changes what came of the share with what changed, and is stored
 */
export async function* rereadRuns(
  { shared: { api } }: ReadContext<DagsterSync, RunsState>,
  { share, size }: Reread,
  {
    changes: { again, isAgainShort },
    rowsOf,
    state: { reread = [], ...state },
  }: {
    readonly changes: RunChanges;
    rowsOf(runs: readonly DagsterRun[]): Promise<readonly Row<typeof runsTable>[]>;
    readonly state: RunsPosition;
  },
): AsyncGenerator<StreamBatch<typeof runsTable, RunsPosition>, void, void> {
  let anchors: readonly string[] = reread;
  let read = 0;
  const reach = (runs: readonly DagsterRun[]): RunsPosition => {
    anchors = [...anchors, ...runs.map(({ runId }) => runId)].slice(-ANCHORS);
    read += runs.length;
    return { ...state, reread: anchors };
  };
  const reached = reach(again);
  // Nothing at all may also mean that the run which they come after is gone.
  const isEnd = isAgainShort && (again.length > 0 || reread.length === 0);
  if (isEnd) return yield { state };
  if (read >= share && !isAgainShort) return yield { state: reached };
  for await (const { rows } of api.runPages({ from: anchors, limit: size })) {
    const next = reach(rows);
    yield batchOf(runsTable, { upserts: await rowsOf(rows), state: next });
    if (read >= share) return;
  }
  yield { state };
}
