import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { airflow } from "@org/sources/airflow";
import { type SyncOptions, sync } from "@org/sync-engine";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { insertDags, insertLargeRun, startLargeWriter } from "@org/testkit/servers/airflow-large";
import { expectTruth } from "./airflow-differences.ts";
import { overlapMs } from "./airflow-round.ts";

/** One run with this many mapped task instances, which appear, end, disappear and come back during the sync. */
export function playLargeRun(server: AirflowServer, path: string, instances: number): Promise<Record<string, unknown>> {
  return play(server, path, 0, () => insertLargeRun(server, instances));
}

/** This many DAGs, some of which appear and disappear while they are listed. */
export function playManyDags(server: AirflowServer, path: string, dags: number): Promise<Record<string, unknown>> {
  return play(server, path, dags, () => insertDags(server, 0, dags));
}

/** Syncs once before the changes, once during them, and twice after them; then compares. */
async function play(server: AirflowServer, path: string, dags: number, prepare: () => Promise<void>) {
  const { url, username, password } = server;
  const client = createAirflowClient({ url, auth: { username, password } });
  const steps: { requests: number; ms: number; mebibytes: number }[] = [];
  const syncNow = async (more: Pick<SyncOptions, "reconcile" | "allowMassDelete"> = { reconcile: false }) => {
    const source = airflow({ client, overlapMs });
    const { requests, durationMs } = await sync({ source, destination: duckdb(path), ...more });
    const mebibytes = Math.round(process.memoryUsage().rss / 2 ** 20);
    steps.push({ requests, ms: Math.round(durationMs), mebibytes });
  };
  await syncNow();
  await prepare();
  const writer = startLargeWriter(server, { dags });
  try {
    await syncNow();
  } finally {
    await writer.stop();
  }
  await syncNow();
  await expectTruth(server, path, { deletionsAreOpen: true });
  // The large part is most of the world, so more is deleted than a sync accepts by default.
  await syncNow({ reconcile: true, allowMassDelete: true });
  const rows = await expectTruth(server, path);
  return { rows, changes: await writer.stop(), steps };
}
