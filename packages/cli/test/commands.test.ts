import { existsSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { createEmptyAirflowWorld, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { dagsync, temporaryFolder, until } from "./helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

test("check reports the server's version and whether the destination opens", async () => {
  const { url } = await until(startAirflowSimulator({ world: createEmptyAirflowWorld({ version: "3.4" }) }));
  const file = join(temporaryFolder(), "orchestration.duckdb");
  const result = await dagsync(["check", "--from", `airflow:${url}`, "--to", `duckdb:${file}`], { env });
  const stdout = `${url}: airflow 3.4.0b2, authenticated.\nduckdb:${file}: can be opened and written.\n`;
  expect(result).toEqual({ code: 0, stdout, stderr: "" });
});

test("check and sync report in one line that a server is newer than any tested version", async () => {
  const { url, faults } = await until(startAirflowSimulator({ world: createEmptyAirflowWorld() }));
  const body = { version: "3.9.0", git_version: null };
  faults.push({ match: ({ path }) => path === "/api/v2/version", body, times: 10 });
  const to = ["--to", `sqlite:${join(temporaryFolder(), "o.sqlite")}`];
  const line = /^.*Airflow 3\.9\.0 is newer than any version tested.*$/gm;
  for (const command of [["check"], ["sync"], ["sync", "--reconcile"], ["sync"]]) {
    const { code, stdout, stderr } = await dagsync([...command, "--from", `airflow:${url}`, ...to], { env });
    expect({ code, said: `${stdout}\n${stderr}`.match(line)?.length }).toEqual({ code: 0, said: 1 });
  }
});

test("check ignores a destination that is not named, and answers in JSON", async () => {
  const { url } = await until(startDagsterSimulator());
  const { code, stdout } = await dagsync(["check", "--from", `dagster:${url}`, "--json"]);
  const found = { type: "check", source: "dagster", url, version: "1.13.27", notes: [] };
  expect({ code, found: JSON.parse(stdout) }).toEqual({ code: 0, found });
});

test("check does not open the destination if the server check fails", async () => {
  const { url } = await until(startAirflowSimulator());
  const file = join(temporaryFolder(), "orchestration.duckdb");
  const { code } = await dagsync(["check", "--from", `airflow:${url}`, "--to", `duckdb:${file}`], {
    env: { ...env, AIRFLOW_PASSWORD: "wrong" },
  });
  expect({ code, exists: existsSync(file) }).toEqual({ code: 2, exists: false });
});

test("discover lists streams, tables and columns without contacting the server", async () => {
  const { code, stdout } = await dagsync(["discover", "--from", "airflow:http://127.0.0.1:1"]);
  expect(code).toBe(0);
  expect(stdout).toContain("dag_runs → airflow_dag_runs: The runs of the DAGs.\n");
  expect(stdout).toMatch(/^ {2}dag_run_id +string +key +Run identifier, unique within the DAG\.$/m);
  expect(stdout).toMatch(/^ {2}conf +json +nullable /m);
  expect(stdout).toMatch(/^ {2}_deleted_at +timestamp +nullable /m);
});

test("discover writes each stream as a line of JSON", async () => {
  const { stdout } = await dagsync(["discover", "--from", "dagster:http://127.0.0.1:1", "--json"]);
  const streams = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(streams.map(({ stream, table }) => [stream, table.name, table.primaryKey])).toEqual([
    ["runs", "dagster_runs", ["run_id"]],
    ["assets", "dagster_assets", ["id"]],
    ["schedules", "dagster_schedules", ["id"]],
    ["sensors", "dagster_sensors", ["id"]],
    ["ticks", "dagster_ticks", ["instigator_id", "tick_id"]],
    [
      "materializations",
      "dagster_materializations",
      ["asset_id", "event_type", "timestamp", "run_id", "partition", "number"],
    ],
    ["steps", "dagster_steps", ["run_id", "step_key"]],
    ["asset_checks", "dagster_asset_checks", ["asset_id", "check_name", "execution_id"]],
    ["code_locations", "dagster_code_locations", ["name"]],
    ["daemons", "dagster_daemons", ["daemon_type", "sampled_at"]],
    ["backfills", "dagster_backfills", ["id"]],
    ["asset_edges", "dagster_asset_edges", ["asset_id", "upstream_id"]],
    ["concurrency", "dagster_concurrency", ["kind", "name", "sampled_at"]],
  ]);
});

test("state shows every pipeline's streams, positions and rows, and which state is broken", async () => {
  const airflow = await until(startAirflowSimulator());
  const dagster = await until(startDagsterSimulator());
  const file = join(temporaryFolder(), "orchestration.duckdb");
  const to = ["--to", `duckdb:${file}`];
  await dagsync(["sync", "--from", `airflow:${airflow.url}`, ...to, "--pipeline", "a", "--streams", "dags"], { env });
  await dagsync(["sync", "--from", `dagster:${dagster.url}`, ...to, "--pipeline", "d", "--streams", "sensors"]);
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run("UPDATE _sync_state SET value = '{' WHERE stream = 'sensors'");
  connection.closeSync();
  instance.closeSync();

  const { code, stdout } = await dagsync(["state", ...to, "--json"]);
  expect(code).toBe(0);
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    {
      type: "state",
      pipeline: "a",
      stream: "dags",
      table: "airflow_dags",
      rows: airflow.world.dags.size,
      deleted: 0,
      position: new Date(airflow.clock.now()).toISOString(),
      progress: "",
      historySince: null,
      outstanding: null,
      reconciledAt: expect.stringMatching(/^2.*Z$/),
      committedAt: expect.any(String),
    },
    {
      type: "state",
      pipeline: "d",
      stream: "sensors",
      table: "dagster_sensors",
      rows: dagster.world.rows().dagster_sensors.length,
      deleted: 0,
      position: null,
      progress: "corrupt: sync it with --full-refresh",
      historySince: null,
      outstanding: null,
      reconciledAt: null,
      committedAt: expect.any(String),
    },
  ]);
  expect((await dagsync(["state", ...to])).stdout).toMatch(
    /^a +dags +airflow_dags +\d+ +0 +\S+Z +\S+ s ago +\S+ s ago$/m,
  );
});

test("state reports a file that does not exist, or holds nothing of ours", async () => {
  const file = join(temporaryFolder(), "none.duckdb");
  const missing = await dagsync(["state", "--to", `duckdb:${file}`]);
  expect(missing).toEqual({
    code: 2,
    stdout: "",
    stderr: `dagsync: duckdb:${file} does not exist: there is no file ${file}.\n`,
  });
  (await DuckDBInstance.create(file)).closeSync();
  const empty = await dagsync(["state", "--to", `duckdb:${file}`]);
  expect(empty).toEqual({ code: 0, stdout: `duckdb:${file} has no synced data.\n`, stderr: "" });
});

test.each([
  [["--help"], 0, "stdout", "Usage: dagsync"],
  [["--version"], 0, "stdout", "0."],
  [[], 2, "stderr", "Exit codes:"],
  [["fetch"], 2, "stderr", "unknown command 'fetch'"],
] as const)("called with %j, it exits with %i and prints help on %s", async (args, code, where, text) => {
  const result = await dagsync(args);
  expect(result.code).toBe(code);
  expect(result[where]).toContain(text);
});
