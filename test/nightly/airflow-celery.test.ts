/** `dagsync deploy airflow` on Celery workers, one of which is killed: every pipeline ends, no row is lost or doubled. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { createAirflowClient, dagRuns } from "@org/airflow-client";
import { main } from "@org/cli";
import { startAirflowSimulator } from "@org/simulators/internal";
import { airflowVersions, airflowWithFab } from "@org/testkit/servers/airflow-versions";
import { airflowsWithCelery, type CeleryServer, hasRedis, startCelery } from "@org/testkit/servers/celery";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { deploySettings, testDeploy } from "../live/airflow-deploy.ts";
import { describeLiveOn, log } from "../live/live.ts";

const timeout = 3_600_000;
const pipelines = Number(process.env.CELERY_PIPELINES ?? 200);
const tested = airflowVersions.filter(({ version }) => (airflowsWithCelery as readonly string[]).includes(version));

/** A worker that died is noticed within a minute, as by Airflow's own defaults within five. */
const settings = {
  ...deploySettings,
  AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT: "40",
  AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT: "90",
  AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL: "10",
};

if (!hasRedis()) console.warn("SKIPPED: tests with Celery, for which redis-server must be installed.");
else {
  for (const { version, pythons } of tested) {
    describeLiveOn(pythons)(`two Celery workers of Airflow ${version}`, () => {
      let server: CeleryServer;
      beforeAll(async () => {
        server = await startCelery({ log, version, workers: 2, concurrency: 4, env: settings });
      });
      afterAll(() => server?.stop());
      testDeploy(version, () => server);
    });
    if (version === airflowWithFab) describeLiveOn(pythons)("four Celery workers", () => testKill(version));
  }
}

function testKill(version: string): void {
  const folder = mkdtempSync(join(tmpdir(), "nightly-celery-"));
  let server: CeleryServer;
  beforeAll(async () => {
    const env = {
      ...settings,
      AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL: "600",
      // Few tasks wait in Celery's queue, so that waiting in it for a minute means that a worker has lost them.
      AIRFLOW__CORE__PARALLELISM: "6",
    };
    server = await startCelery({ log, version, workers: 4, concurrency: 1, env });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test(`${pipelines} pipelines end, and none has lost or doubled a row, although a worker is killed`, {
    timeout,
  }, async () => {
    const source = await startAirflowSimulator();
    onTestFinished(() => source.close());
    const names = Array.from({ length: pipelines }, (_, index) => `p${index}`);
    writeFileSync(
      join(folder, "dagsync.yaml"),
      JSON.stringify({
        sources: { all: { kind: "airflow", url: source.url, username: "admin", password: "admin" } },
        destinations: Object.fromEntries(names.map((name) => [name, `sqlite:${join(folder, name)}.sqlite`])),
        pipelines: names.map((name) => ({ name, from: "all", to: name })),
      }),
    );
    const retry_config = {
      max_retries: 20,
      initial_delay_seconds: 10,
      backoff_multiplier: 1,
      retryable_exit_codes: [75],
    };
    const schedules = names.map((name) => ({
      name,
      cron: "0 0 1 1 *",
      job: { sync: name, retry_config, tenant_id: `tenant${name.slice(-1)}` },
    }));
    const runner = { orchestrator: { concurrency_per_tenant: 2, schedules } };
    writeFileSync(join(folder, "runner.yaml"), JSON.stringify({ runner }));
    await deploy();

    const { url, username, password } = server;
    const client = createAirflowClient({ url, auth: { username, password } });
    for (const name of names) await dagRuns.trigger(client, name);
    const ended = async () => (await Array.fromAsync(dagRuns.list(client, { state: ["success", "failed"] }))).length;
    await expect.poll(ended, { timeout, interval: 2000 }).toBeGreaterThan(pipelines / 4);
    // In the middle of a task, which its other processes do not survive; the sync itself goes on, alone.
    let killed = -1;
    await expect
      .poll(() => (killed = server.workerRunning("bin.ts\0sync")), { timeout, interval: 50 })
      .toBeGreaterThanOrEqual(0);
    process.kill(server.workers[killed]!.pid, "SIGKILL");
    log(`killed worker ${killed + 1} after ${await ended()} runs`);
    await expect.poll(ended, { timeout, interval: 5000 }).toBe(pipelines);

    const states = Map.groupBy(await Array.fromAsync(dagRuns.list(client, {})), ({ state }) => state);
    expect([...states].map(([state, runs]) => [state, runs.length])).toEqual([["success", pipelines]]);
    const again = await server.query("select dag_id, try_number from task_instance where try_number > 1");
    log(`attempted again: ${JSON.stringify(again)}`);
    expect(again.length).toBeGreaterThan(0);
    const rows = Object.entries(source.world.rows());
    for (const name of names) {
      const database = new DatabaseSync(join(folder, `${name}.sqlite`), { readOnly: true });
      for (const [table, { length }] of rows) {
        const { count } = database.prepare(`select count(*) as count from ${table}`).get() as { count: number };
        expect([name, table, count]).toEqual([name, table, length]);
      }
      database.close();
    }
  });

  async function deploy(): Promise<void> {
    const said: string[] = [];
    const output = { write: (text: string) => void said.push(text) };
    const bin = fileURLToPath(new URL("../../packages/cli/src/bin.ts", import.meta.url));
    const dagsync = `${process.execPath} --conditions=@org/source ${bin}`;
    const where = ["--dags-folder", server.dagsFolder, "--url", server.url, "--workdir", folder];
    const code = await main(
      ["deploy", "airflow", "--config", join(folder, "runner.yaml"), ...where, "--dagsync", dagsync, "--verify", "30m"],
      { stdout: output, stderr: output, env: { AIRFLOW_USERNAME: server.username, AIRFLOW_PASSWORD: server.password } },
    );
    expect(code, said.join("")).toBe(0);
  }
}
