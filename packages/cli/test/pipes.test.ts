import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { queryDuckdb } from "@org/destination/duckdb";
import { startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { closedPort, dagsync, temporaryFolder, until } from "./helpers.ts";

interface Message {
  readonly method: string;
  readonly params: { readonly asset_key?: string; readonly metadata?: Record<string, { raw_value: unknown }> };
}

const encoded = (value: unknown) => deflateSync(JSON.stringify(value)).toString("base64");

/** The variables that Dagster sets, and what was written to where they point. */
function session(context: object = { asset_keys: null }) {
  const folder = temporaryFolder();
  const files = { context: join(folder, "context"), messages: join(folder, "messages") };
  writeFileSync(files.context, JSON.stringify(context));
  writeFileSync(files.messages, "");
  const env = {
    DAGSTER_PIPES_CONTEXT: encoded({ path: files.context }),
    DAGSTER_PIPES_MESSAGES: encoded({ path: files.messages }),
  };
  const messages = (): readonly Message[] =>
    readFileSync(files.messages, "utf8")
      .trim()
      .split("\n")
      .map((line) => {
        const { __dagster_pipes_version: version, ...message } = JSON.parse(line);
        expect(version).toBe("0.1");
        return message;
      });
  return { folder, env, messages };
}

const syncOf = (url: string, folder: string) => [
  ...["sync", "--from", `dagster:${url}`, "--to", `duckdb:${join(folder, "o.duckdb")}`],
  ...["--pipeline", "my dagster/1"],
];

test("a sync that Dagster started reports each table with its rows and position, and that it is complete", async () => {
  const simulator = await until(startDagsterSimulator());
  const { folder, env, messages } = session();
  expect((await dagsync(syncOf(simulator.url, folder), { env })).code).toBe(0);
  const [opened, ...rest] = messages();
  expect(opened).toEqual({ method: "opened", params: { extras: {} } });
  expect(rest.at(-1)).toEqual({ method: "closed", params: {} });
  const tables = ["runs", "assets", "schedules", "sensors"].map((each) => `dagster_${each}`);
  for (const table of tables) {
    const [row] = await queryDuckdb(join(folder, "o.duckdb"), `SELECT count(*) AS rows FROM ${table}`);
    const about = rest.filter(({ params }) => params.asset_key === `my_dagster_1/${table}`);
    expect(about).toMatchObject([
      {
        method: "report_asset_materialization",
        params: {
          data_version: null,
          metadata: {
            "dagster/row_count": { type: "int", raw_value: row?.rows },
            inserted: { type: "int", raw_value: row?.rows },
            updated: { type: "int", raw_value: 0 },
            position: { type: "timestamp", raw_value: expect.any(Number) },
          },
        },
      },
      { method: "report_asset_check", params: { check_name: "complete", passed: true, severity: "ERROR" } },
    ]);
  }
  expect(rest).toHaveLength(2 * tables.length + 1);
});

test("only the step's own assets are reported", async () => {
  const simulator = await until(startDagsterSimulator());
  const { folder, env, messages } = session({ asset_keys: ["my_dagster_1/dagster_runs", "elsewhere"] });
  expect((await dagsync(syncOf(simulator.url, folder), { env })).code).toBe(0);
  const keys = messages().flatMap(({ params }) => params.asset_key ?? []);
  expect(keys).toEqual(["my_dagster_1/dagster_runs", "my_dagster_1/dagster_runs"]);
});

test("what was not synced is no materialization, and not complete", async () => {
  const simulator = await until(startAirflowSimulator());
  simulator.faults.push({ match: ({ path }) => path.includes("dagRuns"), status: 403, times: 100 });
  const { folder, env, messages } = session();
  const args = ["sync", "--from", `airflow:${simulator.url}`, "--to", `duckdb:${join(folder, "o.duckdb")}`];
  const login = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
  const { code } = await dagsync([...args, "--pipeline", "prod"], { env: { ...env, ...login } });
  expect(code).toBe(1);
  const of = (method: string) =>
    messages()
      .filter((each) => each.method === method)
      .map(({ params }) => params);
  expect(of("report_asset_materialization").map((each) => each.asset_key)).not.toContain("prod/airflow_dag_runs");
  expect(of("report_asset_materialization").map((each) => each.asset_key)).toContain("prod/airflow_dags");
  expect(of("report_asset_check")).toContainEqual(
    expect.objectContaining({
      asset_key: "prod/airflow_dag_runs",
      passed: false,
      metadata: expect.objectContaining({ reason: { type: "text", raw_value: expect.stringContaining("403") } }),
    }),
  );
  expect(of("report_asset_check")).toContainEqual(
    expect.objectContaining({ asset_key: "prod/airflow_dags", passed: true }),
  );
});

test("where the server is away, no table is complete", async () => {
  const { folder, env, messages } = session();
  const address = `http://${await closedPort()}`;
  expect((await dagsync([...syncOf(address, folder), "--streams", "runs"], { env })).code).toBe(75);
  expect(messages()).toMatchObject([
    { method: "opened" },
    { method: "report_asset_check", params: { asset_key: "my_dagster_1/dagster_runs", passed: false } },
    { method: "closed" },
  ]);
});

test("a command that fails closes the session with the reason", async () => {
  const { env, messages } = session();
  expect((await dagsync(["sync", "--config", "nowhere.yaml"], { env })).code).toBe(2);
  expect(messages().at(-1)).toMatchObject({
    method: "closed",
    params: { exception: { name: "UsageError", message: expect.stringContaining("nowhere.yaml"), stack: [] } },
  });
});

test("verify reports whether each table is what the server has", async () => {
  const simulator = await until(startDagsterSimulator());
  // A step that only checks materializes no asset.
  const { folder, env, messages } = session({ asset_keys: [] });
  const [, ...options] = syncOf(simulator.url, folder);
  expect((await dagsync(["sync", ...options])).code).toBe(0);
  await queryDuckdb(join(folder, "o.duckdb"), "SELECT 1");
  simulator.world.addRun({ jobName: "score", location: "ml_platform" });
  expect((await dagsync(["verify", ...options.slice(0, 4)], { env })).code).toBe(1);
  const checks = messages().filter(({ method }) => method === "report_asset_check");
  const passed = checks.map(({ params }) => [params.asset_key, (params as { passed?: boolean }).passed]);
  expect(Object.fromEntries(passed)).toMatchObject({
    "my_dagster_1/dagster_runs": false,
    "my_dagster_1/dagster_sensors": true,
  });
});

test("messages go to stdout or stderr if Dagster says so, and the context may be in the variable", async () => {
  const env = {
    DAGSTER_PIPES_CONTEXT: encoded({ data: { asset_keys: [] } }),
    DAGSTER_PIPES_MESSAGES: encoded({ stdio: "stderr" }),
  };
  const { stderr } = await dagsync(["discover", "--from", "dagster:http://127.0.0.1:1"], { env });
  expect(
    stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).method),
  ).toEqual(["opened", "closed"]);
});

const good = encoded({ data: {} });
test.each([
  ["one of them alone", { DAGSTER_PIPES_CONTEXT: good }, "DAGSTER_PIPES_MESSAGES cannot be used: it is not set"],
  ["no base64", { DAGSTER_PIPES_CONTEXT: "???", DAGSTER_PIPES_MESSAGES: good }, "DAGSTER_PIPES_CONTEXT cannot be used"],
  [
    "no zlib",
    { DAGSTER_PIPES_CONTEXT: Buffer.from("{}").toString("base64"), DAGSTER_PIPES_MESSAGES: good },
    "it is not what Dagster puts there",
  ],
  [
    "no object",
    { DAGSTER_PIPES_CONTEXT: encoded([]), DAGSTER_PIPES_MESSAGES: good },
    "it is not what Dagster puts there",
  ],
  ["an empty context", { DAGSTER_PIPES_CONTEXT: encoded({}), DAGSTER_PIPES_MESSAGES: good }, "neither path nor data"],
  [
    "a file that is gone",
    { DAGSTER_PIPES_CONTEXT: encoded({ path: "/nowhere/context" }), DAGSTER_PIPES_MESSAGES: good },
    "its file cannot be read (ENOENT)",
  ],
  [
    "no place",
    { DAGSTER_PIPES_CONTEXT: good, DAGSTER_PIPES_MESSAGES: encoded({ s3: "x" }) },
    "neither a file nor stdout",
  ],
  [
    "a place that is gone",
    { DAGSTER_PIPES_CONTEXT: good, DAGSTER_PIPES_MESSAGES: encoded({ path: "/nowhere/messages" }) },
    "its file cannot be written (ENOENT)",
  ],
  [
    "keys that are none",
    { DAGSTER_PIPES_CONTEXT: encoded({ data: { asset_keys: 7 } }), DAGSTER_PIPES_MESSAGES: good },
    "its asset_keys are not a list of texts",
  ],
])("variables with %s are refused before anything is done", async (_, env, message) => {
  expect(await dagsync(["discover", "--from", "dagster:http://127.0.0.1:1"], { env })).toEqual({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining(message),
  });
});
