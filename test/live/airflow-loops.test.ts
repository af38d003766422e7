/**
 * Tasks in loops (Airflow 3.4) under a real scheduler: row by row, the tables must equal the server's own database, after
 * loops were retried, cleared halfway, backfilled or cleaned up.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AirflowClient, backfills, createAirflowClient, dagRuns, taskInstances } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { airflow } from "@org/sources/airflow";
import { type SyncOptions, sync } from "@org/sync-engine";
import { changeTable } from "@org/testkit/compare";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { copyDags } from "@org/testkit/servers/airflow-dag-files";
import { cleanUp } from "@org/testkit/servers/airflow-deletions";
import { airflowVersions } from "@org/testkit/servers/airflow-versions";
import { isAtLeast } from "@org/testkit/servers/for-version";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectTruth } from "./airflow-differences.ts";
import { describeLiveOn, log } from "./live.ts";

const timeout = 300_000;
/** Small, so that a sync only re-reads what changed in this test. */
const overlapMs = 5_000;

for (const { version, pythons } of airflowVersions.filter((each) => isAtLeast(each.version, "3.4"))) {
  describeLiveOn(pythons)(`loops on a real Airflow ${version} whose scheduler runs`, () => testLoops(version));
}

function testLoops(version: string): void {
  const folder = mkdtempSync(join(tmpdir(), "live-loops-"));
  const path = join(folder, "airflow.duckdb");
  let server: AirflowServer;
  let client: AirflowClient;

  beforeAll(async () => {
    const dagsFolder = join(folder, "dags");
    await copyDags(dagsFolder, "loops.py");
    server = await startAirflow({ log, version, dagsFolder, scheduler: true });
    const { url, username, password } = server;
    client = createAirflowClient({ url, auth: { username, password } });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const syncNow = (options: Pick<SyncOptions, "reconcile"> = {}, file = path) =>
    sync({ source: airflow({ client, overlapMs }), destination: duckdb(file), reconcile: false, ...options });

  /** Syncs while the scheduler runs until all runs have ended, once more after that, and compares. */
  async function syncUntilQuiet(): Promise<void> {
    let syncs = 0;
    await expect
      .poll(
        async () => {
          syncs += 1;
          await syncNow();
          return server.query("select dag_id, run_id, state from dag_run where state in ('queued', 'running')");
        },
        { timeout, interval: 500 },
      )
      .toEqual([]);
    await syncNow();
    const rows = await expectTruth(server, path);
    log(`${syncs + 1} syncs; compared: ${JSON.stringify(rows)}`);
  }

  const start = async (dagId: string) => ({ dagId, dagRunId: (await dagRuns.trigger(client, dagId)).dag_run_id });
  const attempts = (where: string) =>
    changeTable(
      path,
      `from airflow_task_instances select * where ${where} order by task_id, iteration, map_index, try_number`,
    );

  test("every iteration is stored, with all its attempts, of plain and of mapped tasks", { timeout }, async () => {
    await Promise.all(["rounds", "mapped_rounds", "mapped_only"].map(start));
    await syncUntilQuiet();
    const work = await attempts("dag_id = 'rounds' and task_id = 'round.work'");
    expect(work.map((row) => [Number(row.iteration), Number(row.try_number), row.state, row.is_latest])).toEqual([
      [0, 1, "success", true],
      [1, 1, "failed", false],
      [1, 2, "success", true],
      [2, 1, "success", true],
    ]);
    const mapped = await attempts("dag_id = 'mapped_rounds' and task_id = 'batch.process'");
    expect(mapped.map((row) => [row.iteration, row.map_index, row.try_number].map(Number))).toEqual([
      [0, 0, 1],
      [0, 1, 1],
      [0, 1, 2],
      [1, 0, 1],
      [1, 1, 1],
      [1, 2, 1],
    ]);
    await syncNow({}, join(folder, "empty.duckdb"));
    await expectTruth(server, join(folder, "empty.duckdb"));
  });

  test("a cleared iteration runs again with those after it; iterations no longer listed are marked as deleted", {
    timeout,
  }, async () => {
    // The loop's condition is cleared too, and the server drops the iterations after it.
    await clear("rounds", "task_id = 'round.work' and iteration = 1 and is_latest", { include_downstream: true });
    await syncUntilQuiet();
    const work = await attempts("dag_id = 'rounds' and task_id = 'round.work'");
    const live = work.filter((row) => row._deleted_at === null);
    expect(live.filter((row) => row.is_latest).map((row) => Number(row.iteration))).toEqual([0, 1, 2]);
    expect(work.filter((row) => row._deleted_at !== null).map((row) => Number(row.iteration))).toContain(2);

    const part = "task_id = 'batch.process' and iteration = 0 and map_index = 1 and is_latest";
    await clear("mapped_rounds", part, { include_downstream: true });
    await syncUntilQuiet();
  });

  // By day, only the basics of loops and of clearing one.
  if (!process.env.NIGHTLY) return;

  test("one task of an iteration is cleared without those after it", { timeout }, async () => {
    await clear("rounds", "task_id = 'round.check' and iteration = 0 and is_latest and _deleted_at is null", {
      include_downstream: true,
      include_later_loop_iterations: false,
    });
    await syncUntilQuiet();
    await clear("mapped_only", "map_index = 1 and is_latest");
    await syncUntilQuiet();
  });

  test("a backfill's loops are stored", { timeout }, async () => {
    const dates = { from_date: "2026-02-01T00:00:00Z", to_date: "2026-02-03T00:00:00Z" };
    const { id } = await backfills.create(client, { dag_id: "daily_rounds", ...dates });
    await backfills.wait(client, id, { deadlineMs: timeout, intervalMs: 1000 });
    await syncUntilQuiet();
  });

  test("a run whose loop is cleared while it runs, and one that is deleted", { timeout }, async () => {
    const run = await start("rounds");
    await expect
      .poll(
        async () =>
          (
            await server.query(
              `select from public.task_instance where working_set and run_id = $1 and task_id = 'round.work' and region_index = 1 and state = 'success'`,
              [run.dagRunId],
            )
          ).length,
        { timeout, interval: 200 },
      )
      .toBe(1);
    await syncNow();
    await clear("rounds", `dag_run_id = '${run.dagRunId}' and task_id = 'round.work' and iteration = 0 and is_latest`, {
      include_downstream: true,
    });
    await syncUntilQuiet();
    const [ended] = await Array.fromAsync(dagRuns.list(client, { dagId: "mapped_only" }));
    await dagRuns.delete(client, { dagId: "mapped_only", dagRunId: ended!.dag_run_id });
    await syncNow({ reconcile: true });
    await syncUntilQuiet();
  });

  test("rows purged by airflow db clean are kept, and marked as purged", { timeout }, async () => {
    const { taken, cut } = await cleanUp(server, () => syncNow({ reconcile: true }), 0.5);
    log(`taken by db clean: ${JSON.stringify(taken)}`);
    expect(taken.taskInstances).toBeGreaterThan(0);
    const purged = await changeTable(
      path,
      "from airflow_dag_runs select dag_id, dag_run_id where purged_at is not null",
    );
    expect(purged).toHaveLength(taken.runs);
    await expectTruth(server, path, { cleanedBefore: cut });
  });

  /** Clears one stored row by its id. @returns what the server says it cleared */
  async function clear(dagId: string, where: string, options: object = {}): Promise<void> {
    const [row] = await attempts(`dag_id = '${dagId}' and ${where}`);
    const cleared = await taskInstances.clear(client, dagId, {
      dag_run_id: String(row?.dag_run_id),
      task_instance_ids: [String(row?.id)],
      only_failed: false,
      ...options,
    });
    log(`cleared: ${cleared.map((each) => `${each.task_id} ${each.loop_iteration?.iteration ?? ""}`).join(", ")}`);
  }
}
