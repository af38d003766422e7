/** Streams that a sync reads only if asked to. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { queryDuckdb } from "@org/destination/duckdb";
import {
  createDemoAirflowWorld,
  createEmptyDagsterWorld,
  startAirflowSimulator,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { changeTable } from "@org/testkit/compare";
import { expect, test } from "vitest";
import { dagsync, temporaryFolder, until } from "./helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

async function server() {
  const simulator = await until(startAirflowSimulator({ world: createDemoAirflowWorld({ dags: 1, days: 1 }) }));
  const file = join(temporaryFolder(), "airflow.duckdb");
  return { simulator, from: `airflow:${simulator.url}`, url: simulator.url, file, to: `duckdb:${file}` };
}

/** The names of the streams that a command's lines of JSON are about. */
const streamsIn = (stdout: string, type: string) =>
  stdout
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
    .filter((event) => event.type === type)
    .map(({ stream }) => stream);

test("discover lists all streams, and says which are opt-in", async () => {
  const { from } = await server();
  const { stdout } = await dagsync(["discover", "--from", from]);
  expect(stdout).toContain("dag_runs → airflow_dag_runs: ");
  expect(stdout).toContain("pools → airflow_pools (opt-in): ");
  const asJson = await dagsync(["discover", "--from", from, "--json"]);
  const found = asJson.stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
  const byDefault = found.filter(({ isDefault }) => isDefault).map(({ stream }) => stream);
  expect(byDefault).toEqual(["dags", "dag_runs", "task_instances"]);
});

test.each([
  [undefined, ["dags", "dag_runs", "task_instances"]],
  ["pools", ["pools"]],
  ["default,pools", ["dags", "dag_runs", "task_instances", "pools"]],
])("--streams %s syncs these", async (names, expected) => {
  const { from, to } = await server();
  const chosen = names === undefined ? [] : ["--streams", names];
  const { code, stdout } = await dagsync(["sync", "--from", from, "--to", to, ...chosen, "--json"], { env });
  expect([code, streamsIn(stdout, "stream-finished")]).toEqual([0, expected]);
});

test("check says what the server's version lacks for the chosen streams, and names one that does not exist", async () => {
  const { url } = await until(startDagsterSimulator({ world: createEmptyDagsterWorld(), version: "1.7.10" }));
  const check = (...more: string[]) => dagsync(["check", "--from", `dagster:${url}`, ...more]);
  expect((await check()).stdout).not.toContain("asset_edges");
  expect((await check("--streams", "default,asset_edges")).stdout).toContain(
    "Dagster 1.7.10 does not have kinds of an asset: dagster_asset_edges.kinds stays NULL.\n",
  );
  const unknown = await check("--streams", "polls");
  expect([unknown.code, unknown.stdout, unknown.stderr]).toEqual([2, "", expect.stringContaining("polls")]);
});

test("a file's streams may be default and further ones, whose samples it keeps for so long", async () => {
  const { url, file, to } = await server();
  const config = join(temporaryFolder(), "dagsync.yaml");
  const write = (more: string) =>
    writeFileSync(
      config,
      `sources: { a: { kind: airflow, url: "${url}", username: admin, password: admin } }
destinations: { d: "${to}" }
pipelines: [{ from: a, to: d, streams: [default, pool_samples]${more} }]
`,
    );
  write("");
  const sync = () => dagsync(["sync", "--config", config, "--json"], { env });
  const { code, stdout, stderr } = await sync();
  expect([code, stderr]).toEqual([0, ""]);
  expect(streamsIn(stdout, "stream-finished")).toEqual(["dags", "dag_runs", "task_instances", "pool_samples"]);
  const old = "UPDATE airflow_pool_samples SET sampled_at = sampled_at - INTERVAL 2 DAY";
  await changeTable(file, old);
  const count = async () => (await queryDuckdb(file, "SELECT count(*)::INT AS n FROM airflow_pool_samples"))[0]?.n;
  await sync();
  expect(await count()).toBe(2);
  write(", keepSamples: 1d");
  await sync();
  expect(await count()).toBe(1);
  write(", keepSamples: never");
  expect((await sync()).stdout).toContain("keepSamples is not a duration");
});

test("a file's source can leave batch calls out of the audit log, for sync and verify", async () => {
  const { simulator, url, to } = await server();
  const config = join(temporaryFolder(), "dagsync.yaml");
  writeFileSync(
    config,
    `sources: { a: { kind: airflow, url: "${url}", username: admin, password: admin, batchEvents: false } }
destinations: { d: "${to}" }
pipelines: [{ from: a, to: d, streams: [event_logs] }]
`,
  );
  for (const command of ["sync", "verify"]) expect((await dagsync([command, "--config", config])).code).toBe(0);
  const asked = simulator.requests.filter(({ path }) => path.endsWith("/eventLogs"));
  expect(asked.length).toBeGreaterThan(1);
  for (const { query } of asked) expect(String(query)).toContain("excluded_events=get_task_instances_batch");
});

test("verify compares opt-in streams that it is asked for, and says that samples cannot be compared", async () => {
  const { from, to } = await server();
  const streams = ["--streams", "default,pools,pool_samples,import_errors"];
  expect((await dagsync(["sync", "--from", from, "--to", to, ...streams], { env })).code).toBe(0);
  const { code, stdout } = await dagsync(["verify", "--from", from, "--to", to, ...streams, "--json"], { env });
  const tables = stdout
    .split("\n")
    .flatMap((line) => (line.includes('"type":"table"') ? [JSON.parse(line).table] : []));
  expect([code, tables]).toEqual([
    0,
    ["airflow_dags", "airflow_dag_runs", "airflow_task_instances", "airflow_pools", "airflow_import_errors"],
  ]);
  expect(streamsIn(stdout, "samples")).toEqual(["pool_samples"]);
  const samplesOf = (names: string) => dagsync(["verify", "--from", from, "--to", to, "--streams", names], { env });
  expect((await samplesOf("pools,pool_samples")).stdout).toContain("\npool_samples: not compared, since ");
  const only = await samplesOf("pool_samples,health");
  expect([only.code, only.stdout]).toEqual([2, ""]);
  expect(only.stderr).toMatch(
    /^dagsync: Only samples would be compared \(pool_samples, health\): .* Choose other streams\.\n$/,
  );
});
