/** Finds deleted runs if the table's count differs from the server's. */
import type { Run } from "@org/dagster-client";
import type { RunsFilter } from "@org/dagster-client/sync";
import type { Row } from "@org/destination";
import { batchOf, type ReadContext, type StreamBatch } from "@org/sync-engine/source";
import type { RunsPosition, RunsState } from "./runs-state.ts";
import type { DagsterSync } from "./shared.ts";
import { runsTable } from "./tables/runs.ts";

type RunRow = Row<typeof runsTable>;

export type RunsBatch = StreamBatch<typeof runsTable, RunsState>;

/**
 * Compares the ids of all runs, and requests each run that only one side has by its id: if the server does not return
 * it, it is deleted; otherwise it is stored. A run that the listing returns twice is at worst read again.
 *
 * All ids, not halves by count and time: 50,000 are 5 requests and about a second, as many as bisecting down to a
 * single run, and they depend on no time that the server shows. Only one side is held in memory: up to 200 MB for a
 * million runs. Beyond a few millions bisection would be better.
 *
 * @param within the limit of the history. The table's runs that are not within it are requested by their ids, and stay
 * unless they are gone.
 */
export async function* reconcileRuns(
  { shared: { api }, stored, expectDeletions }: ReadContext<DagsterSync, RunsState>,
  {
    rowsOf,
    state,
    within,
  }: {
    rowsOf(runs: readonly Run[]): Promise<readonly RunRow[]>;
    readonly state: RunsPosition;
    readonly within: RunsFilter | undefined;
  },
): AsyncGenerator<RunsBatch, void, void> {
  // Read before the listing starts, so that a run that is not in the listing cannot be newer than it.
  const gone = new Set((await stored.keys(runsTable, {})).map(({ run_id }) => run_id as string));
  const missed = new Set<string>();
  for await (const { rows: ids } of api.runIdPages(within)) for (const id of ids) if (!gone.delete(id)) missed.add(id);
  if (!within) await expectDeletions(runsTable, gone.size);

  for (const ids of inChunks([...gone, ...missed], api.pageSize)) {
    const upserts = await rowsOf(await api.runsById(ids));
    for (const { run_id } of upserts) gone.delete(run_id);
    if (upserts.length > 0) yield batchOf(runsTable, { upserts, state });
  }
  // A run that is too large to be read exists.
  for (const id of api.largeRuns) gone.delete(id);
  if (within) await expectDeletions(runsTable, gone.size);
  // In one batch, so that a mass deletion is not half applied when it is refused.
  if (gone.size > 0) yield batchOf(runsTable, { replace: [these([...gone], [])], state });
}

/** Replaces the rows with these ids: a run that was requested by its id and not returned is deleted. */
export function these(ids: readonly string[], rows: readonly RunRow[]) {
  return { scope: { run_id: { in: ids } }, rows };
}

export function inChunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
