/**
 * Re-reads a part of the runs, starting where the last one stopped; after the end of the listing it starts over. A run
 * that has ended may be given another end with a time long past: a monitor fails a run that it does not hear from, and
 * hours later its worker reports success. No window shows that, the run is not open, and it may no longer be among the
 * newest.
 */
import type { Run } from "@org/dagster-client";
import type { RunsFilter } from "@org/dagster-client/sync";
import type { Row } from "@org/destination";
import { batchOf, type ReadContext, type StreamBatch } from "@org/sync-engine/source";
import type { RunChanges } from "./run-changes.ts";
import type { RunsPosition, RunsState } from "./runs-state.ts";
import type { DagsterSync } from "./shared.ts";
import { runsTable } from "./tables/runs.ts";

/** A thirtieth at each reconcile, once a day: everything is correct after a month. */
const SCRUBS = 30;
/** Fewer runs cost hardly less. */
const FEWEST = 50;
/** The number of last runs that are kept: the next time continues after the last one of them that still exists. */
const ANCHORS = 20;

/** What to re-read. */
export interface Reread {
  /** After which run; if undefined, from the newest on. */
  readonly from: string | undefined;
  /** The number of the table's runs in one share. */
  readonly share: number;
  /** The number of runs per request. */
  readonly size: number;
}

/** A share of the table's runs, to be requested together with the changes: usually that is all of it. */
export async function nextReread(
  { shared: { api }, stored }: ReadContext<DagsterSync, RunsState>,
  { reread = [] }: RunsPosition,
): Promise<Reread> {
  // At least one, so that a share that does not come with the changes is read too.
  const share = Math.max(1, Math.floor((await stored.count(runsTable, {})) / SCRUBS));
  return { from: reread.at(-1), share, size: Math.min(api.pageSize, Math.max(share, FEWEST)) };
}

/**
 * Reads the rest of a share, and yields the state that records its progress.
 *
 * @param changes what was read of the share together with the changes, and is stored
 * @param within the limit of the history
 */
export async function* rereadRuns(
  { shared: { api } }: ReadContext<DagsterSync, RunsState>,
  { share, size }: Reread,
  {
    changes: { again, isAgainShort },
    rowsOf,
    state: { reread = [], ...state },
    within,
  }: {
    readonly changes: Pick<RunChanges, "again" | "isAgainShort">;
    readonly within: RunsFilter | undefined;
    rowsOf(runs: readonly Run[]): Promise<readonly Row<typeof runsTable>[]>;
    readonly state: RunsPosition;
  },
): AsyncGenerator<StreamBatch<typeof runsTable, RunsPosition>, void, void> {
  let anchors: readonly string[] = reread;
  let read = 0;
  const reach = (runs: readonly Run[]): RunsPosition => {
    anchors = [...anchors, ...runs.map(({ runId }) => runId)].slice(-ANCHORS);
    read += runs.length;
    return { ...state, reread: anchors };
  };
  const reached = reach(again);
  // No run at all may also mean that the one before them is gone.
  const isEnd = isAgainShort && (again.length > 0 || reread.length === 0);
  if (isEnd) return yield { state };
  if (read >= share && !isAgainShort) return yield { state: reached };
  for await (const { rows } of api.runPages({ from: anchors, limit: size, filter: within })) {
    const next = reach(rows);
    yield batchOf(runsTable, { upserts: await rowsOf(rows), state: next });
    if (read >= share) return;
  }
  yield { state };
}
