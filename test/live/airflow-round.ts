import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { createRandom } from "@org/simulators/internal";
import { airflow } from "@org/sources/airflow";
import { type SyncOptions, type SyncResult, sync } from "@org/sync-engine";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { startWriter } from "@org/testkit/servers/airflow-writer";
import { holdChange } from "@org/testkit/servers/airflow-writer-scheduler";
import { expectTruth } from "./airflow-differences.ts";

/** The writer's transactions stay open for four seconds at most, and wait a while for each other. */
export const overlapMs = 20_000;

export interface RoundOptions {
  readonly server: AirflowServer;
  /** The DuckDB file, which is carried over from round to round. */
  readonly path: string;
  readonly seed: number;
  /** Answers so small that every DAG is cut by `run_after`. @default false */
  readonly small?: boolean;
  /** The first sync is stopped in its middle. @default false */
  readonly aborted?: boolean;
  /** Beside the writer. @default one to three */
  readonly syncs?: number;
}

/**
 * One round: a writer changes the server while it is synced; when it has stopped, one more sync must leave nothing but
 * deletions to be found, and a reconcile no difference.
 *
 * @returns what happened, for the log
 * @throws an error that lists the differences
 */
export async function playRound(options: RoundOptions): Promise<Record<string, unknown>> {
  const { server, path, seed, small = false, aborted = false } = options;
  const random = createRandom(seed);
  const syncs = options.syncs ?? random.between(1, 3);
  const client = createAirflowClient({
    url: server.url,
    auth: { username: server.username, password: server.password },
  });
  const source = airflow({ client, overlapMs, ...(small && { runsPerAnswer: 10 }) });
  const syncNow = (more: Pick<SyncOptions, "reconcile" | "signal" | "onEvent"> = {}): Promise<SyncResult> =>
    // Of a small world more goes in a round than a sync believes by itself.
    sync({ source, destination: duckdb(path), reconcile: false, allowMassDelete: true, ...more });

  const requests: number[] = [];
  let stoppedAfter: number | undefined;
  const writer = await startWriter(server, seed);
  try {
    if (aborted) stoppedAfter = await stopInTheMiddle(syncNow, random.between(2, 12));
    for (let each = 0; each < syncs; each += 1) {
      // Written more than one of the clock's seconds before the sync begins, visible once it has ended.
      const commit = await holdChange(server, seed * 100 + each);
      await new Promise((resolve) => setTimeout(resolve, random.between(1_100, 2_000)));
      const result = syncNow(random.chance(0.3) ? { reconcile: true } : {});
      requests.push((await result.finally(commit)).requests);
    }
  } finally {
    await writer.stop();
  }
  requests.push((await syncNow()).requests);
  // Before the reconcile, which reads a part of the history again and may mend what a window lost.
  await expectTruth(server, path, { deletionsAreOpen: true });
  requests.push((await syncNow({ reconcile: true })).requests);
  const rows = await expectTruth(server, path);
  return { seed, small, stoppedAfter, requests, rows, changes: await writer.stop() };
}

/** @returns after how many batches, or undefined where the sync had ended before */
async function stopInTheMiddle(
  syncNow: (more: Pick<SyncOptions, "signal" | "onEvent">) => Promise<SyncResult>,
  batches: number,
): Promise<number | undefined> {
  const stop = new AbortController();
  const reason = new Error("Stopped in the middle.");
  let committed = 0;
  const onEvent: SyncOptions["onEvent"] = ({ type }) => {
    if (type === "batch-committed") committed += 1;
    if (committed === batches) stop.abort(reason);
  };
  try {
    await syncNow({ signal: stop.signal, onEvent });
    return undefined;
  } catch (error) {
    if (error !== reason) throw error;
    return batches;
  }
}
