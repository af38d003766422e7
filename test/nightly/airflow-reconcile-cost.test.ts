/** Prints the cost of looking for deletions in a long history. Asserts no times. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { airflow } from "@org/sources/airflow";
import { type SyncEvent, sync } from "@org/sync-engine";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { insertDags, insertHistory } from "@org/testkit/servers/airflow-large";
import { seedAirflow } from "@org/testkit/servers/airflow-world";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectTruth } from "../live/airflow-differences.ts";
import { describeLive, log } from "../live/live.ts";

const dags = 100;
const runsPerDag = Number(process.env.RUNS_PER_DAG ?? 1_000);
const hour = 3_600_000;

describeLive("looking for deletions in a history of 100,000 runs", () => {
  const folder = mkdtempSync(join(tmpdir(), "reconcile-cost-"));
  const path = join(folder, "airflow.duckdb");
  let server: AirflowServer;

  beforeAll(async () => {
    server = await startAirflow({ log });
    await seedAirflow(server, { dags: 5, runsPerDag: 5 });
    await insertDags(server, 0, dags);
    await insertHistory(server, runsPerDag);
  }, hour);
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function syncNow(what: string, reconcile: boolean) {
    const { url, username, password } = server;
    const asked: Record<string, number> = {};
    const onEvent = (event: SyncEvent) => {
      if (event.type !== "request-finished") return;
      const label = event.label.replace(/ (of|many_).*/, "");
      asked[label] = (asked[label] ?? 0) + 1;
    };
    const source = airflow({
      client: createAirflowClient({ url, auth: { username, password } }),
      overlapMs: 1_000,
    });
    const result = await sync({ source, destination: duckdb(path), reconcile, onEvent });
    const deleted = result.streams.map((stream) => stream.deleted);
    log(
      `${what}: ${result.requests} requests, ${(result.durationMs / 1000).toFixed(1)} s, deleted ${deleted.join(" + ")}, ${JSON.stringify(asked)}`,
    );
    return result;
  }

  test("finds 0, 1 and 1,000 deletions, and prints the cost", { timeout: hour }, async () => {
    await syncNow("first sync", false);
    await syncNow("idle sync", false);
    for (const [runs, ofDags] of [
      [0, 0],
      [1, 1],
      [1_000, 30],
    ] as const) {
      const [gone] = await server.query<{ n: number }>(
        `with gone as (select dag_id, run_id from (
             select dag_id, run_id, row_number() over (partition by dag_id order by md5(run_id)) n,
               dense_rank() over (order by dag_id) d from dag_run where dag_id like 'many\\_%') r
           where d <= $2::int order by n, d limit $1::int),
         tasks as (delete from task_instance t using gone where t.dag_id = gone.dag_id and t.run_id = gone.run_id returning 1),
         runs as (delete from dag_run r using gone where r.dag_id = gone.dag_id and r.run_id = gone.run_id returning 1)
         select count(*)::int n from runs`,
        [runs, ofDags],
      );
      expect(gone?.n).toBe(Math.min(runs, ofDags * runsPerDag));
      const { streams } = await syncNow(`reconcile with ${runs} deleted runs of ${ofDags} DAGs`, true);
      expect(streams.find(({ stream }) => stream === "dag_runs")?.deleted).toBe(gone?.n);
    }
    log(JSON.stringify(await expectTruth(server, path)));
  });
});
