import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { createRandom } from "@org/simulators/internal";
import { airflow } from "@org/sources/airflow";
import { type SyncOptions, type SyncResult, sync } from "@org/sync-engine";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { startWriter } from "@org/testkit/servers/airflow-writer";
import { holdChange } from "@org/testkit/servers/airflow-writer-scheduler";
import { expectTruth } from "./airflow-differences.ts";

/** The writer's transactions stay open for at most four seconds, and may wait for each other. */
export const overlapMs = 20_000;

export interface RoundOptions {
  readonly server: AirflowServer;
  /** The DuckDB file, which is kept between rounds. */
  readonly path: string;
  readonly seed: number;
  /** Responses so small that every DAG is split by `run_after`. @default false */
  readonly small?: boolean;
  /** Whether the first sync is aborted halfway. @default false */
  readonly aborted?: boolean;
  /** Number of syncs while the writer runs. @default one to three */
  readonly syncs?: number;
}

/**
 * One round: a writer changes the server during syncs. Once it has stopped, one more sync may only leave deletions to be
 * found, and a reconcile no differences.
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
    // A round deletes more of a small world than a sync accepts by default.
    sync({ source, destination: duckdb(path), reconcile: false, allowMassDelete: true, ...more });

  const requests: number[] = [];
  let stoppedAfter: number | undefined;
  const writer = await startWriter(server, seed);
  try {
    if (aborted) stoppedAfter = await stopInTheMiddle(syncNow, random.between(2, 12));
    for (let each = 0; each < syncs; each += 1) {
      // Written more than a second before the sync starts, and visible once it has ended.
      const commit = await holdChange(server, seed * 100 + each);
      await new Promise((resolve) => setTimeout(resolve, random.between(1_100, 2_000)));
      const result = syncNow(random.chance(0.3) ? { reconcile: true } : {});
      requests.push((await result.finally(commit)).requests);
    }
  } finally {
    await writer.stop();
  }
  requests.push((await syncNow()).requests);
  // Before the reconcile, which re-reads a part of the history and may repair what a window missed.
  await expectTruth(server, path, { deletionsAreOpen: true });
  requests.push((await syncNow({ reconcile: true })).requests);
  const rows = await expectTruth(server, path);
  return { seed, small, stoppedAfter, requests, rows, changes: await writer.stop() };
}

/** @returns the number of batches before the abort, or undefined if the sync had already ended */
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
