/** What a configuration says, done: several pipelines at once, chosen by name, with prefixes and without columns. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { queryDuckdb } from "@org/destination/duckdb";
import { createDemoAirflowWorld, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { closedPort, dagsync, temporaryFolder, until } from "../helpers.ts";

const env = { PASSWORD: "admin" };
const world = (dags = 2) => createDemoAirflowWorld({ dags, days: 2, runsPerDag: 2 });
const lines = (text: string) => text.trimEnd().split("\n");
const json = (text: string) => lines(text).map((line) => JSON.parse(line));

/** A configuration in a folder of its own. */
function written(text: string): { readonly folder: string; readonly config: string } {
  const folder = temporaryFolder();
  const config = join(folder, "dagsync.yaml");
  writeFileSync(config, text);
  return { folder, config };
}

const source = (url: string) => `{ kind: airflow, url: "${url}", username: admin, password: "\${PASSWORD}" }`;

/** Two Airflows and a Dagster, into one file. */
async function three() {
  const prod = await until(startAirflowSimulator({ world: world(2) }));
  const staging = await until(startAirflowSimulator({ world: world(3) }));
  const dagster = await until(startDagsterSimulator());
  const { folder, config } = written(`
sources:
  prod: ${source(prod.url)}
  staging: ${source(staging.url)}
  dagster: { kind: dagster, url: "${dagster.url}" }
destinations:
  file: duckdb:o.duckdb
pipelines:
  - { name: prod, from: prod, to: file, prefix: prod_ }
  - { name: staging, from: staging, to: file, prefix: staging_, streams: [dags, dag_runs], exclude: [conf] }
  - { name: dagster, from: dagster, to: file }
`);
  return { prod, staging, dagster, file: join(folder, "o.duckdb"), config, folder };
}

test("syncs every pipeline into its tables, and the other commands find them", async () => {
  const { prod, staging, dagster, file, config } = await three();
  const { code, stdout, stderr } = await dagsync(["sync", "--config", config], { env });
  expect({ code, failed: stderr.includes("✗") }).toEqual({ code: 0, failed: false });
  expect(lines(stdout)[0]).toMatch(/^pipeline +new +changed +deleted +requests +time$/);
  expect(lines(stdout).slice(2)).toEqual([
    expect.stringMatching(/^prod +\d.* done$/),
    expect.stringMatching(/^staging +\d.* done$/),
    expect.stringMatching(/^dagster +\d.* done$/),
  ]);
  expect(stderr).toMatch(/^prod: ✓ dag_runs: /m);
  const tables = await queryDuckdb(
    file,
    "SELECT table_name FROM duckdb_tables() WHERE table_name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY 1",
  );
  expect(tables.map(({ table_name }) => table_name)).toEqual([
    ...["dagster_assets", "dagster_runs", "dagster_schedules", "dagster_sensors"],
    ...["prod_airflow_dag_runs", "prod_airflow_dags", "prod_airflow_task_instances"],
    ...["staging_airflow_dag_runs", "staging_airflow_dags"],
  ]);
  const count = async (table: string) => Number((await queryDuckdb(file, `SELECT count(*) AS n FROM ${table}`))[0]?.n);
  expect(await count("prod_airflow_dag_runs")).toBe(prod.world.runs().length);
  expect(await count("staging_airflow_dag_runs")).toBe(staging.world.runs().length);
  expect(await count("dagster_runs")).toBe(dagster.world.runs.size);
  const columns = await queryDuckdb(
    file,
    "SELECT column_name FROM duckdb_columns() WHERE table_name = 'staging_airflow_dag_runs'",
  );
  expect(columns.map(({ column_name }) => column_name)).not.toContain("conf");
  // Of both Airflows in one view; what one of them leaves out is null there.
  const united =
    "SELECT pipeline, count(*) AS runs, count(conf) AS confs FROM all_airflow_dag_runs GROUP BY 1 ORDER BY 1";
  expect(await queryDuckdb(file, united)).toEqual([
    { pipeline: "prod", runs: prod.world.runs().length, confs: prod.world.runs().length },
    { pipeline: "staging", runs: staging.world.runs().length, confs: 0 },
  ]);

  const state = await dagsync(["state", "staging", "--config", config, "--json"]);
  expect(json(state.stdout).map(({ pipeline, table }) => [pipeline, table])).toEqual([
    ["staging", "staging_airflow_dag_runs"],
    ["staging", "staging_airflow_dags"],
  ]);
  const discovered = await dagsync(["discover", "staging", "--config", config, "--json"]);
  const [, runs] = json(discovered.stdout);
  expect([runs.table.name, Object.keys(runs.table.columns).includes("conf")]).toEqual([
    "staging_airflow_dag_runs",
    false,
  ]);
  const checked = await dagsync(["check", "--config", config], { env });
  expect([
    checked.code,
    lines(checked.stdout).filter((line) => line.endsWith("can be opened and written.")).length,
  ]).toEqual([0, 3]);
  for (const name of ["prod", "staging"]) {
    const verified = await dagsync(["verify", name, "--config", config, "--json"], { env });
    expect(json(verified.stdout).at(-1)).toMatchObject({ exitCode: 0, differences: 0 });
  }
});

test("syncs only the named ones, and reads changes the next time", async () => {
  const { prod, config } = await three();
  const sync = () => dagsync(["sync", "prod", "--config", config, "--json"], { env });
  const first = json((await sync()).stdout);
  expect(new Set(first.map(({ pipeline }) => pipeline))).toEqual(new Set(["prod", undefined]));
  expect(first.at(-1)).toEqual({ type: "summary", exitCode: 0, pipelines: [{ pipeline: "prod", exitCode: 0 }] });
  prod.world.advance(60_000);
  prod.world.addRun([...prod.world.dags.values()][0]!);
  const result = json((await sync()).stdout).find(({ type }) => type === "result");
  expect(result.streams[1]).toMatchObject({ table: "prod_airflow_dag_runs", mode: "incremental", inserted: 1 });
  const unknown = await dagsync(["sync", "prd", "--config", config], { env });
  expect(unknown).toEqual({
    code: 2,
    stdout: "",
    stderr: 'dagsync: The configuration has no pipeline "prd". Did you mean "prod"?\n',
  });
});

test("one failure does not stop the others, and the worst exit code wins", async () => {
  const { url } = await until(startAirflowSimulator({ world: world() }));
  const { folder, config } = written(`
sources:
  good: ${source(url)}
  down: ${source(`http://${await closedPort()}`)}
  unset:
    kind: airflow
    url: ${url}
    token: \${TOKEN}
destinations: { file: "duckdb:o.duckdb" }
pipelines:
  - { name: down, from: down, to: file, prefix: d_ }
  - { name: unset, from: unset, to: file, prefix: u_ }
  - { name: good, from: good, to: file, prefix: g_ }
`);
  const { code, stdout, stderr } = await dagsync(["sync", "--config", config], { env });
  expect(code).toBe(2);
  expect(lines(stdout).slice(2)).toEqual([
    expect.stringMatching(/^down .* FAILED: try again later$/),
    expect.stringMatching(/^unset .* FAILED: configuration$/),
    expect.stringMatching(/^good .* done$/),
  ]);
  expect(stderr).toContain(
    `unset: ${config}:8:12: sources.unset.token needs the variable TOKEN, which is unset or empty.\n`,
  );
  expect(stderr).toMatch(/^down: Not everything was synced\.$/m);
  expect(await queryDuckdb(join(folder, "o.duckdb"), "SELECT count(*) > 0 AS some FROM g_airflow_dag_runs")).toEqual([
    { some: true },
  ]);
  const down = await dagsync(["sync", "down", "good", "--config", config], { env });
  expect(down.code).toBe(75);
});

test("a named pipeline stays the same when its server's address changes", async () => {
  const simulator = await until(startAirflowSimulator({ world: world() }));
  const proxy = await until(startAirflowSimulator({ world: simulator.world }));
  const text = (url: string) => `
sources: { a: ${source(url)} }
destinations: { file: "duckdb:o.duckdb" }
pipelines: [{ name: main, from: a, to: file }]
`;
  const { config } = written(text(simulator.url));
  expect((await dagsync(["sync", "--config", config], { env })).code).toBe(0);
  writeFileSync(config, text(proxy.url));
  const { code, stderr } = await dagsync(["sync", "--config", config], { env });
  expect(code).toBe(0);
  expect(stderr).toContain("main: ▸ dag_runs: reading what changed");
});

test("a token comes from a command or a file, and is requested again when the server rejects it", async () => {
  const airflow = await until(startAirflowSimulator({ world: world() }));
  const login = await fetch(`${airflow.url}/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password: "admin" }),
  });
  const { access_token: token } = (await login.json()) as { access_token: string };
  const { folder, config } = written(`
sources:
  command: { kind: airflow, url: "${airflow.url}", tokenCommand: ["${process.execPath}", "-p", "process.env.SECRET"] }
  file: { kind: airflow, url: "${airflow.url}", tokenFile: token }
  broken: { kind: airflow, url: "${airflow.url}", tokenCommand: "echo CANARY; echo CANARY >&2; exit 3" }
destinations: { file: "duckdb:o.duckdb" }
pipelines:
  - { name: command, from: command, to: file, prefix: c_ }
  - { name: file, from: file, to: file, prefix: f_ }
  - { name: broken, from: broken, to: file, prefix: b_ }
`);
  writeFileSync(join(folder, "token"), `${token}\n`);
  chmodSync(join(folder, "token"), 0o600);
  const sync = (name: string, more = {}) =>
    dagsync(["sync", name, "--config", config], { env: { ...process.env, ...more } });
  expect((await sync("command", { SECRET: token })).code).toBe(0);
  expect((await sync("file")).code).toBe(0);
  const broken = await sync("broken");
  expect(broken.code).toBe(2);
  expect(broken.stderr).toContain("tokenCommand: the command ended with exit code 3. Run it by hand to see why.");
  expect(broken.stderr + broken.stdout).not.toContain("CANARY");
});

test("a configured pipeline can be exported by name, with its prefix, and imported under another configuration", async () => {
  const { file, config, folder } = await three();
  expect((await dagsync(["sync", "staging", "--config", config], { env })).code).toBe(0);
  const exported = await dagsync(["state", "export", "--pipeline", "staging", "--config", config]);
  expect({ code: exported.code, stderr: exported.stderr }).toEqual({ code: 0, stderr: "" });
  writeFileSync(join(folder, "staging.json"), exported.stdout);
  const other = join(folder, "other.yaml");
  const text = readFileSync(config, "utf8").replace("duckdb:o.duckdb", "duckdb:other.duckdb").replace("staging_", "s_");
  writeFileSync(other, text);
  const imported = ["state", "import", join(folder, "staging.json"), "--pipeline", "staging", "--config", other];
  expect((await dagsync(imported)).code).toBe(0);
  const moved = "FROM s_airflow_dag_runs ORDER BY ALL";
  expect(await queryDuckdb(join(folder, "other.duckdb"), moved)).toEqual(
    await queryDuckdb(file, moved.replace("s_", "staging_")),
  );
  const next = await dagsync(["sync", "staging", "--config", other], { env });
  expect([next.code, next.stderr]).toEqual([0, expect.stringContaining("staging: ▸ dag_runs: reading what changed")]);
});

test.each([
  [["--streams", "dags,dagruns"], 'dagsync: --streams names a stream that no pipeline has. Did you mean "dag_runs"?\n'],
  [
    ["--reconcile-every", "often"],
    "dagsync: --reconcile-every is not a duration. Write a number and s, m, h or d, as in 12h or 1d, or off.\n",
  ],
  [["--parallel", "none"], "dagsync: --parallel must be a whole number, 1 or more.\n"],
])("reports what is wrong with %j once, before any pipeline opens", async (options, stderr) => {
  const { folder, config } = written(`
sources:
  one: ${source("http://127.0.0.1:1")}
  other: ${source("http://127.0.0.1:2")}
destinations:
  file: duckdb:o.duckdb
pipelines:
  - { from: one, to: file, prefix: one_ }
  - { from: other, to: file, prefix: other_ }
`);
  expect(await dagsync(["sync", "--config", config, ...options], { env })).toEqual({ code: 2, stdout: "", stderr });
  expect(existsSync(join(folder, "o.duckdb"))).toBe(false);
});
