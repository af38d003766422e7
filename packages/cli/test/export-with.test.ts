/** `dagsync export --with`: what is read straight from a server. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { queryDuckdb } from "@org/destination/duckdb";
import { createDemoAirflowWorld, startAirflowSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { answering, dagsync, listen, temporaryFolder, until } from "./helpers.ts";

const canary = "c4n4ry-v4lue";

const xcom = (key: string, more: object = {}) => ({
  ...{ key, dag_id: "one", run_id: "manual__1", task_id: "t", map_index: -1, timestamp: "2026-11-01T00:00:00Z" },
  ...{ logical_date: null, dag_display_name: "one", task_display_name: "t", value: canary, ...more },
});

/** An Airflow that sends values with all names. */
const server = {
  "/api/v2/dags": { dags: [{ dag_id: "one" }, { dag_id: "gone" }], total_entries: 2 },
  "/api/v2/dagSources/one": { dag_id: "one", version_number: 3, content: "# DAG\n" },
  "/api/v2/pools": {
    pools: [{ name: "default_pool", slots: 128, include_deferred: false, description: "", open_slots: 1 }],
    total_entries: 1,
  },
  "/api/v2/variables": {
    variables: ["a", "b"].map((key) => ({ key, value: canary, description: canary, is_encrypted: true })),
    total_entries: 2,
  },
  "/api/v2/connections": {
    connections: [
      { connection_id: "db", conn_type: "postgres", host: canary, password: canary, extra: canary, login: canary },
    ],
    total_entries: 1,
  },
  "/api/v2/dags/one/dagRuns/~/taskInstances/~/xcomEntries": {
    xcom_entries: [xcom("return_value"), xcom("other", { region_id: "r", region_index: 2 })],
    total_entries: 2,
  },
  "/api/v2/dags/gone/dagRuns/~/taskInstances/~/xcomEntries": { xcom_entries: [], total_entries: 0 },
};

async function world(documents: Readonly<Record<string, unknown>> = server, streams = "default") {
  const simulator = await until(startAirflowSimulator({ world: createDemoAirflowWorld({ dags: 1, days: 1 }) }));
  const folder = temporaryFolder();
  const at = `duckdb:${join(folder, "from")}`;
  const login = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
  const sync = ["sync", "--from", `airflow:${simulator.url}`, "--to", at, "--streams", streams];
  const synced = await dagsync(sync, { env: login });
  expect(synced.code).toBe(0);
  const from = `airflow:http://${await listen(answering(documents))}`;
  const into = join(folder, "to");
  const run = (...more: string[]) =>
    dagsync(["export", "--at", at, "--into", into, ...more], { env: { AIRFLOW_TOKEN: "token" } });
  return { at, from, into, run, folder };
}

const contentsOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");

test("exports names, pools and sources beside the synced tables, and no values", async () => {
  const { from, into, run, folder } = await world();
  const all = "sources,pools,variables,connections,xcoms";
  const { code, stdout, stderr } = await run("--with", all, "--from", from, "--tables", "dags", "--json");
  expect([code, stderr]).toEqual([0, ""]);
  const files = stdout.split("\n").flatMap((line) => (line.includes('"file-written"') ? [JSON.parse(line).file] : []));
  expect(files.map(({ table, rows }) => [table, rows])).toEqual([
    ["airflow_dags", 1],
    ["airflow_dag_sources", 1],
    ["airflow_pools", 1],
    ["airflow_variables", 2],
    ["airflow_connections", 1],
    ["airflow_xcoms", 2],
  ]);
  const rowsOf = (table: string) => {
    const { path, columns } = files.find((file) => file.table === table);
    const names = columns.map(({ name }: { name: string }) => name).filter((name: string) => !name.startsWith("_"));
    const sql = `SELECT ${names.join(", ")} FROM read_parquet('${join(into, path)}') ORDER BY 1`;
    return queryDuckdb(join(folder, "from"), sql);
  };
  expect(await rowsOf("airflow_dag_sources")).toEqual([{ dag_id: "one", version_number: 3, content: "# DAG\n" }]);
  expect(await rowsOf("airflow_variables")).toEqual(
    ["a", "b"].map((key) => ({ key, is_encrypted: true, team_name: null })),
  );
  expect(await rowsOf("airflow_connections")).toEqual([
    { connection_id: "db", conn_type: "postgres", team_name: null },
  ]);
  expect(await rowsOf("airflow_pools")).toEqual([
    { name: "default_pool", slots: 128, include_deferred: false, description: "", team_name: null },
  ]);
  const xcoms = (await rowsOf("airflow_xcoms")).map(({ key, region_index }) => [key, region_index]);
  expect(xcoms.toSorted()).toEqual([
    ["other", 2],
    ["return_value", -1],
  ]);
  // Parquet compresses columns by themselves, so text is looked for where nothing compresses it.
  const plain = await run("--with", all, "--from", from, "--format", "csv");
  expect(plain.code).toBe(0);
  expect(contentsOf(into) + stdout + plain.stdout + plain.stderr).not.toContain(canary);
  expect((await dagsync(["export", "verify", into])).code).toBe(0);
});

test("exports what a stream syncs from its table, and not from the server too", async () => {
  const { from, run } = await world(server, "dags,pools");
  const { code, stdout } = await run("--with", "pools,variables", "--from", from, "--json");
  expect(code).toBe(0);
  const tables = stdout
    .split("\n")
    .flatMap((line) => (line.includes('"file-written"') ? [JSON.parse(line).file.table] : []));
  expect(tables.filter((each) => /pools|variables/.test(each))).toEqual(["airflow_pools", "airflow_variables"]);
});

test("reads a list again if it changed meanwhile", async () => {
  const pool = (name: string) => ({ name, slots: 1, include_deferred: false });
  let asked = 0;
  const changing = {
    get "/api/v2/pools"() {
      asked += 1;
      const pools = asked === 1 ? [pool("a")] : asked === 2 ? [] : [pool("a"), pool("b")];
      return { pools, total_entries: 2 };
    },
  };
  const { from, run } = await world(changing);
  const { code, stdout } = await run("--with", "pools", "--from", from, "--tables", "dags", "--json");
  expect([code, /"table":"airflow_pools"[^}]*"rows":2/.test(stdout)]).toEqual([0, true]);
});

test("says what is missing, and what --with accepts", async () => {
  const { from, run } = await world();
  const refusals: [string[], RegExp][] = [
    [["--with", "pools"], /name it with --from/],
    [["--with", "pool", "--from", from], /--with: write some of sources, pools, .*Did you mean "pools"/],
    [["--with", "pools", "--from", "dagster:http://127.0.0.1:1"], /only for Airflow/],
  ];
  for (const [args, message] of refusals) {
    expect([args, await run(...args)]).toEqual([
      args,
      expect.objectContaining({ code: 2, stderr: expect.stringMatching(message) }),
    ]);
  }
});

test("a server error ends the export, and the message contains none of the response", async () => {
  const { from, run, into } = await world({ "/api/v2/variables": { variables: [{ value: canary }], total: canary } });
  const { code, stdout, stderr } = await run("--with", "variables", "--from", from);
  expect(code).not.toBe(0);
  expect(stdout + stderr).not.toContain(canary);
  expect((await dagsync(["export", "verify", into])).code).toBe(2);
});
