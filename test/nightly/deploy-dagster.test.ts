/** Schedules that `dagsync deploy dagster` handed to a real Dagster with daemon and queue, one after the other to its end. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assets, createDagsterClient, type DagsterClient, runs, schedules, sensors } from "@org/dagster-client";
import { queryDuckdb } from "@org/destination/duckdb";
import { startAirflowSimulator } from "@org/simulators/internal";
import { type DagsterServer, dagsterVersions, startDagster } from "@org/testkit/servers/dagster";
import { run } from "@org/testkit/servers/processes";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DagsterSchedule } from "../../packages/cli/src/deploy/dagster/definitions.ts";
import { verifyDagster } from "../../packages/cli/src/deploy/dagster/verify.ts";
import type { SafeIo } from "../../packages/cli/src/render/safe-output.ts";
import { describeLiveOn, log } from "../live/live.ts";

const bin = new URL("../../packages/cli/src/bin.ts", import.meta.url).pathname;
const dagsync = `${process.execPath} --conditions=@org/source ${bin}`;
const soon = { deadlineMs: 280_000, maxIntervalMs: 1000 };

for (const { version, pythons } of dagsterVersions.filter((each) => each.version !== "1.7.10")) {
  describeLiveOn(pythons)(`schedules deployed to Dagster ${version}`, () => testDeployed(version));
}

function testDeployed(version: string): void {
  const folder = mkdtempSync(join(tmpdir(), "deploy-dagster-"));
  const file = (name: string) => join(folder, name);
  let airflow: Awaited<ReturnType<typeof startAirflowSimulator>>;
  let server: DagsterServer;
  let client: DagsterClient;

  const off = { enabled: false, cron: "@yearly" };
  /** Ends once a job of each tenant is under way; if they wait for each other, without that. */
  const timed = (name: string, tenant: string) => ({
    ...{ name, ...off },
    job: {
      command: `echo start ${name} >> times; touch up-${tenant}
        for i in $(seq 600); do test -e up-a -a -e up-b && break; sleep 0.2; done; echo end ${name} >> times`,
      tenant_id: tenant,
    },
  });
  const retry_config = { max_retries: 2, initial_delay_seconds: 0, retryable_exit_codes: [75] };
  const often = { name: "often", interval_seconds: 15, job: { command: "echo $DAGSYNC_SLOT $DAGSYNC_JOB >> slots" } };
  const all = [
    { name: "sync-prod", cron: "* * * * *", job: { sync: "prod", tenant_id: "acme", retry_config } },
    { name: "sync again", ...off, job: { sync: ["prod", "--reconcile"] } },
    often,
    ...[timed("a1", "a"), timed("a2", "a"), timed("b1", "b")],
    {
      name: "flaky",
      ...off,
      job: { command: "echo $DAGSYNC_ATTEMPT >> flaky; test $(wc -l < flaky) -ge 3 || exit 75", retry_config },
    },
    { name: "fatal", ...off, job: { command: "echo x >> fatal; echo gone wrong >&2; exit 76", retry_config } },
    { name: "skips", ...off, job: { command: "exit 99" } },
    { name: "nothing", ...off, job: { command: ["/no/such/program"] } },
    {
      ...{ name: "stubborn", ...off },
      job: { command: "trap 'echo told >> stubborn; exit 3' TERM; echo up >> stubborn; sleep 100 & wait" },
    },
    { name: "backup", ...off, job: { export: ["--at", "prod", "--into", "backups"] } },
  ];
  const write = (list: readonly object[]) =>
    writeFileSync(file("runner.yaml"), JSON.stringify({ runner: { orchestrator: { schedules: list } } }));

  /** @returns stdout, and the exit code after it */
  const deploy = async (...more: readonly string[]) => {
    const args = ["deploy", "dagster", "--into", folder, "--dagsync", dagsync, ...more];
    const script = `'${dagsync.replaceAll(" ", "' '")}' "$@"; echo "exit code $?"`;
    return run("/bin/sh", ["-c", script, "sh", ...args], { cwd: folder });
  };
  const lines = (name: string) => readFileSync(file(name), "utf8").trim().split("\n");
  const launch = async (job: string) => (await runs.launch(client, { job })).runId;
  const ended = async (job: string) => runs.wait(client, await launch(job), soon);

  /** The last evaluations of a check, the newest first. */
  async function checks(table: string, check: string) {
    const { assetCheckExecutions } = await server.query<{
      assetCheckExecutions: { status: string; evaluation: { metadataEntries: { label: string; text?: string }[] } }[];
    }>(
      `query($key: AssetKeyInput!, $check: String!) { assetCheckExecutions(assetKey: $key, checkName: $check, limit: 10) {
         status evaluation { metadataEntries { label ... on TextMetadataEntry { text } } } } }`,
      { key: { path: ["prod", table] }, check },
    );
    return assetCheckExecutions;
  }

  const materialized = (table: string) => assets.materializations(client, ["prod", table]).toArray();

  beforeAll(async () => {
    airflow = await startAirflowSimulator();
    const config = {
      sources: { a: { kind: "airflow", url: airflow.url, username: "admin", password: "admin" } },
      destinations: { local: "duckdb:o.duckdb" },
      pipelines: [{ name: "prod", from: "a", to: "local" }],
    };
    writeFileSync(file("dagsync.yaml"), JSON.stringify(config));
    mkdirSync(file("backups"));
    write(all);
    const printed = await deploy();
    expect(printed).toContain("exit code 0");
    const settings = /concurrency:[\s\S]*?(?=exit code)/.exec(printed)![0];
    log(settings);
    const files = { deployed: join(folder, "dagsync_definitions.py") };
    server = await startDagster({ log, version, locations: [], files, settings, daemon: true, queue: true });
    client = createDagsterClient({ url: server.url });
  });
  afterAll(async () => {
    await server?.stop();
    await airflow?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("--verify finds everything loaded and limited", async () => {
    await expect
      .poll(() => deploy("--url", server.url.replace("/graphql", ""), "--verify"), { timeout: 120_000, interval: 2000 })
      .toContain(`✓ Dagster has loaded all ${all.length} schedules`);
  });

  test("what is enabled runs by itself, at its moments, once for each", async () => {
    const states = await schedules.list(client).toArray();
    expect(states.filter(({ scheduleState }) => scheduleState.status === "RUNNING").map(({ name }) => name)).toEqual([
      "sync_prod",
    ]);
    await expect.poll(() => lines("slots").length, { timeout: 280_000, interval: 1000 }).toBeGreaterThanOrEqual(2);
    await sensors.stop(client, "often");
    const slots = lines("slots").map((line) => {
      const [slot = "", name] = line.split(" ");
      expect(name).toBe("often");
      return Date.parse(slot) / 15_000;
    });
    log(`slots: ${slots.join(" ")}`);
    expect(slots.every(Number.isInteger)).toBe(true);
    expect(new Set(slots).size).toBe(slots.length);
    await expect
      .poll(async () => (await materialized("airflow_dags")).length, { timeout: 280_000, interval: 1000 })
      .toBeGreaterThan(0);
    const [first] = await Array.fromAsync(runs.list(client, { job: "sync_prod" }));
    const tags = Object.fromEntries(first!.tags.map(({ key, value }) => [key, value]));
    expect(tags).toMatchObject({
      "dagsync/schedule": "sync-prod",
      "dagsync/tenant": "acme",
      "dagsync/connector": "sync",
      "dagsync/slot": expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z$/),
    });
    await schedules.stop(client, "sync_prod");
    // What is queued goes on, and none of it may disturb what follows.
    const open = { statuses: ["QUEUED", "NOT_STARTED", "STARTING", "STARTED"] } as const;
    await expect.poll(() => runs.count(client, open), { timeout: 280_000, interval: 1000 }).toBe(0);
  }, 900_000);

  test("each table has its materialization, with its rows, and its check", async () => {
    for (const table of ["airflow_dags", "airflow_dag_runs", "airflow_task_instances"]) {
      const [row] = await queryDuckdb(file("o.duckdb"), `SELECT count(*) AS rows FROM ${table}`);
      const [last] = await materialized(table);
      const metadata = Object.fromEntries(last!.metadataEntries.map((entry) => [entry.label, entry]));
      log(`${table}: ${JSON.stringify(metadata)}`);
      expect(metadata["dagster/row_count"]).toMatchObject({ intValue: row?.rows });
      expect(Object.keys(metadata)).toEqual(
        expect.arrayContaining(["inserted", "updated", "unchanged", "deleted", "position"]),
      );
      expect((await checks(table, "complete"))[0]).toMatchObject({ status: "SUCCEEDED" });
    }
  });

  test("a second schedule for the same tables reports about the same assets", async () => {
    const before = (await materialized("airflow_dags")).length;
    expect((await ended("sync_again")).status).toBe("SUCCESS");
    expect(await materialized("airflow_dags")).toHaveLength(before + 1);
  });

  test("some of the tables may be synced without the others", async () => {
    const before = (await materialized("airflow_dag_runs")).length;
    const { runId } = await assets.materialize(client, [["prod", "airflow_dags"]]);
    expect((await runs.wait(client, runId, soon)).status).toBe("SUCCESS");
    expect(await materialized("airflow_dag_runs")).toHaveLength(before);
  });

  test("a table that was not synced fails its check, and the others are materialized", async () => {
    const before = (await materialized("airflow_dags")).length;
    airflow.faults.push({ match: ({ path }) => path.includes("dagRuns"), status: 403, times: 1000 });
    expect((await ended("sync_prod")).status).toBe("FAILURE");
    airflow.faults.clear();
    const [failed] = await checks("airflow_dag_runs", "complete");
    expect(failed).toMatchObject({ status: "FAILED" });
    expect(failed?.evaluation.metadataEntries.find(({ label }) => label === "reason")?.text).toContain("403");
    expect((await checks("airflow_dags", "complete"))[0]).toMatchObject({ status: "SUCCEEDED" });
    expect(await materialized("airflow_dags")).toHaveLength(before + 1);
    expect((await ended("sync_prod")).status).toBe("SUCCESS");
    expect((await checks("airflow_dag_runs", "complete"))[0]).toMatchObject({ status: "SUCCEEDED" });
  });

  test("only the listed exit codes are retried", async () => {
    const [flaky, fatal, skips, nothing] = await Promise.all(["flaky", "fatal", "skips", "nothing"].map(ended));
    expect([flaky, fatal, skips, nothing].map((each) => each?.status)).toEqual([
      ...["SUCCESS", "FAILURE", "SUCCESS", "FAILURE"],
    ]);
    expect(lines("flaky")).toEqual(["1", "2", "3"]);
    expect(lines("fatal")).toEqual(["x"]);
    const reasons = [];
    for await (const event of runs.events(client, fatal!.runId)) reasons.push(event);
    expect(JSON.stringify(reasons)).toContain("exit code 76. gone wrong");
  });

  test("runs of a tenant wait for each other, those of two tenants do not", async () => {
    const ids = await Promise.all(["a1", "a2", "b1"].map(launch));
    const statuses = await Promise.all(ids.map(async (id) => (await runs.wait(client, id, soon)).status));
    expect(statuses).toEqual(["SUCCESS", "SUCCESS", "SUCCESS"]);
    const times = lines("times");
    log(times.join(", "));
    const of = (tenant: string) =>
      times.filter((line) => line.includes(` ${tenant}`)).map((line) => line.split(" ")[0]);
    expect(of("a")).toEqual(["start", "end", "start", "end"]);
    expect(times.slice(0, 2).map((line) => line.split(" ")[0])).toEqual(["start", "start"]);
  });

  test("a run that is terminated ends its command, and all that it started", async () => {
    const id = await launch("stubborn");
    await expect.poll(() => readdirSync(folder), { timeout: 120_000 }).toContain("stubborn");
    await runs.terminate(client, id);
    expect((await runs.wait(client, id, soon)).status).toBe("CANCELED");
    expect(lines("stubborn")).toEqual(["up", "told"]);
  });

  test("a sync that is terminated stops between two batches, and the next one goes on", async () => {
    const stalled = Promise.withResolvers<void>();
    const match = ({ path }: { readonly path: string }) => path.includes("taskInstances");
    airflow.faults.push({ match, stall: "body", times: 1000, before: () => stalled.resolve() });
    const id = await launch("sync_prod");
    await stalled.promise;
    await runs.terminate(client, id);
    expect((await runs.wait(client, id, soon)).status).toBe("CANCELED");
    airflow.faults.clear();
    expect((await ended("sync_prod")).status).toBe("SUCCESS");
  });

  test("an export runs as a job of a schedule", async () => {
    const backup = await ended("backup");
    expect(backup.status, JSON.stringify(await runs.events(client, backup.runId).toArray())).toBe("SUCCESS");
    const verified = await run("/bin/sh", ["-c", `${dagsync} export verify backups`], { cwd: folder });
    expect(verified).toMatch(/✓ .* files/);
  });

  test("the check against the server passes, and fails for what is not as it is there", async () => {
    const evaluate = async () => {
      const found = await server.query<{ launchRun: { __typename: string; run: { runId: string } } }>(
        `mutation($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename
           ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }`,
        {
          params: {
            mode: "default",
            executionMetadata: { tags: [] },
            runConfigData: "{}",
            selector: {
              ...{ repositoryLocationName: "deployed", repositoryName: "__repository__", pipelineName: "__ASSET_JOB" },
              ...{ assetSelection: [] },
              assetCheckSelection: ["airflow_dags", "airflow_dag_runs", "airflow_task_instances"].map((table) => ({
                assetKey: { path: ["prod", table] },
                name: "verified",
              })),
            },
          },
        },
      );
      return runs.wait(client, found.launchRun.run.runId, soon);
    };
    expect((await evaluate()).status).toBe("SUCCESS");
    expect((await checks("airflow_dags", "verified"))[0]).toMatchObject({ status: "SUCCEEDED" });
  });

  test("what is deployed again changes what changed, and what somebody switched stays", async () => {
    expect(await deploy()).toContain("0 new, 0 changed, 0 removed, 1 unchanged.");
    write(all.map((each) => (each === often ? { ...often, interval_seconds: 20 } : each)));
    expect(await deploy("--dry-run")).toMatch(/^-.*"interval": 15,\n\+.*"interval": 20,$/m);
    const verified = await deploy("--url", server.url.replace("/graphql", ""), "--verify");
    // Both were stopped above.
    expect(verified).toContain("often is stopped in Dagster, although the file says enabled");
    expect(verified).toContain("exit code 1");
    expect(await sensors.get(client, "often")).toMatchObject({ minIntervalSeconds: 20 });
  });

  test("--verify tells why a file does not load, and what it lacks", async () => {
    const path = file("dagsync_definitions.py");
    writeFileSync(path, `raise RuntimeError("broken on purpose")\n${readFileSync(path, "utf8")}`);
    const told: string[] = [];
    const io = { env: {}, stdout: { write: (text: string) => told.push(text) } } as unknown as SafeIo;
    const schedule = { name: "often", enabled: true } as DagsterSchedule;
    const limits = [{ key: "dagsync/at_most_7", limit: 7 }];
    const url = server.url.replace("/graphql", "");
    expect(await verifyDagster({ url, schedules: [schedule], limits }, io)).toBe(1);
    expect(told.join("")).toContain("does not load: RuntimeError: broken on purpose");
    expect(told.join("")).toContain(
      "- { key: dagsync/at_most_7, value: { applyLimitPerUniqueValue: true }, limit: 7 }",
    );
  });
}
