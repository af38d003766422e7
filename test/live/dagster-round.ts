import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { createRandom } from "@org/simulators/internal";
import { dagster } from "@org/sources/dagster";
import { type SyncOptions, type SyncResult, sync } from "@org/sync-engine";
import type { DagsterServer } from "@org/testkit/servers/dagster";
import { deletePages } from "@org/testkit/servers/dagster-page-deletions";
import { startDagsterWriter } from "@org/testkit/servers/dagster-writer";
import { expectDagsterTruth } from "./dagster-differences.ts";

/** Small, so that it hides nothing. The writer's changes become visible well within it. */
export const overlapMs = 5_000;
/** Small, so that a listing has enough pages for deletions in between. */
const pageSize = 30;

export interface RoundOptions {
  readonly server: DagsterServer;
  /** The DuckDB file. If it does not exist, the round starts with a first sync. */
  readonly path: string;
  readonly seed: number;
  /** Whether the first sync during the changes is aborted halfway. @default false */
  readonly aborted?: boolean;
  /** Whether location c is left broken. Only for files that hold its definitions. @default false */
  readonly leaveBroken?: boolean;
  /** Whether runs are deleted between the pages of a listing. @default false */
  readonly deleted?: boolean;
}

/**
 * One round: a writer changes the server during one or two syncs. Once it has stopped, one more sync and a reconcile must
 * leave no differences.
 *
 * @returns what happened, for the log
 * @throws an error that lists the differences
 */
export async function playRound(options: RoundOptions) {
  const { server, path, seed, aborted = false, deleted = false, leaveBroken = false } = options;
  const random = createRandom(seed);
  const pages = deletePages(server);
  let isQuiet = false;
  const syncNow = (more: Pick<SyncOptions, "reconcile" | "signal" | "onEvent"> = {}): Promise<SyncResult> => {
    const client = createDagsterClient({ url: server.url, ...(deleted && !isQuiet && { fetch: pages.fetch }) });
    const source = dagster({ client, overlapMs, pageSize });
    return sync({ source, destination: duckdb(path), reconcile: false, ...more });
  };

  const requests: number[] = [];
  let stoppedAfter: number | undefined;
  const writer = startDagsterWriter(server, seed, leaveBroken);
  try {
    if (aborted) stoppedAfter = await stopInTheMiddle(syncNow, random.between(2, 6));
    for (let rest = random.between(1, 2); rest > 0; rest -= 1) {
      requests.push((await syncNow({ reconcile: random.chance(0.3) })).requests);
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 1_000)));
    }
  } finally {
    await writer.stop();
    await pages.finished();
  }
  isQuiet = true;
  requests.push((await syncNow()).requests, (await syncNow({ reconcile: true })).requests);
  const truth = await expectDagsterTruth(server, path);
  const rows = Object.fromEntries(Object.entries(truth).map(([table, { length }]) => [table, length]));
  const changes = await writer.stop();
  return { seed, stoppedAfter, requests, rows, changes, ...(deleted && { deleted: pages.done }) };
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
    if (type !== "batch-committed") return;
    committed += 1;
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
