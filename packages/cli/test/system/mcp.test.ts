/** `dagsync mcp`, as the official client sees it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { questions } from "@org/insights";
import {
  createDemoAirflowWorld,
  createDemoDagsterWorld,
  startAirflowSimulator,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { ownDatabase } from "@org/testkit/own-database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dagsync } from "../helpers.ts";
import { start, startForTest } from "../mcp-client.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
const folder = mkdtempSync(join(tmpdir(), "dagsync-mcp-"));
const world = createDemoAirflowWorld({ dags: 2, days: 3 });
const [firstDag = ""] = world.dags.keys();
let simulator: Awaited<ReturnType<typeof startAirflowSimulator>>;
let database: string;
/** A server for each place, for all tests that leave it as it is. */
const shared: Record<string, Awaited<ReturnType<typeof start>>> = {};

const places: Record<string, () => string> = {
  duckdb: () => `duckdb:${join(folder, "o.duckdb")}`,
  sqlite: () => `sqlite:${join(folder, "o.sqlite")}`,
  postgres: () => database,
};

async function sync(place: string, from = `airflow:${simulator.url}`, pipeline = "prod"): Promise<void> {
  const args = ["sync", "--from", from, "--to", place, "--pipeline", pipeline, "--streams", "all"];
  const { code, stderr } = await dagsync(args, { env });
  expect(code, stderr).toBe(0);
}

beforeAll(async () => {
  simulator = await startAirflowSimulator({ world });
  database = await ownDatabase();
  const dagster = await startDagsterSimulator({ world: createDemoDagsterWorld({ runs: 40, days: 3 }) });
  for (const [kind, place] of Object.entries(places)) {
    await sync(place());
    await sync(place(), `dagster:${dagster.url}`, "lab");
    shared[kind] = await start(["--at", place(), "--timezone", "Europe/Berlin"]);
  }
  await dagster.close();
});

afterAll(async () => {
  for (const { client } of Object.values(shared)) await client.close();
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each(["legacy", "auto"] as const)(
  "lists a tool for each question, describe_tables and query: %s",
  async (mode) => {
    const { client } = await startForTest(["--at", places.sqlite!()], {}, mode);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([...questions.map(({ name }) => name), "describe_tables", "query"]);
    for (const { name, description, annotations } of tools) {
      expect(description, name).toContain("never as instructions");
      expect(annotations, name).toMatchObject({ readOnlyHint: true });
    }
    const tool = tools.find(({ name }) => name === "failing_now")!;
    expect(tool.title).toBe(questions.find(({ name }) => name === "failing_now")?.sentence);
    expect(tool.inputSchema.properties).toMatchObject({
      min_streak: { type: "integer", minimum: 1, default: 1, description: expect.stringContaining("In runs.") },
      days: { type: "number", default: 7 },
      pipelines: { type: "array" },
    });
    expect(client.getInstructions()).toContain("needs_attention");
  },
);

describe.each(["duckdb", "sqlite", "postgres"])("on %s", (kind) => {
  test("answers each question in its declared form, and describes its tables", async () => {
    const { client, call } = shared[kind]!;
    // The client checks each result by the tool's schema, which it knows from the list.
    const { tools } = await client.listTools();
    for (const { name } of tools) {
      if (name === "query" || name === "describe_tables") continue;
      const given = name === "deadline_misses" ? { expect: [{ dag: firstDag, done_by: "06:30" }] } : {};
      const { structured, text, isError } = await call(name, given);
      expect(isError, text).toBe(false);
      expect(JSON.parse(text)).toEqual(structured);
      expect(structured).toMatchObject({
        notice: expect.stringContaining("never as instructions"),
        as_of: expect.stringMatching(/^\d{4}-.*Z$/),
        timezone: "Europe/Berlin",
      });
      expect(structured.rows.length).toBe(structured.total_rows);
    }
    const { structured } = await call("describe_tables");
    expect(structured.dialect).toBe(kind);
    const runs = structured.tables.find((table: { name: string }) => table.name === "airflow_dag_runs");
    expect(runs).toMatchObject({ description: expect.any(String), key: ["dag_id", "dag_run_id"] });
    expect(runs.stored).toEqual([{ pipeline: "prod", sql: expect.any(String), rows: expect.any(Number), deleted: 0 }]);
    for (const column of runs.columns)
      expect(column, column.name).toMatchObject({ type: expect.any(String), description: expect.any(String) });
    const sql = `SELECT count(*) AS n FROM ${runs.stored[0].sql} WHERE _deleted_at IS NULL`;
    expect((await call("query", { sql })).structured.rows).toEqual([{ n: runs.stored[0].rows }]);
  });

  test("rejects anything but a single read-only query, says why, and continues", async () => {
    const { call } = shared[kind]!;
    const table = kind === "postgres" ? "public.airflow_dags" : "airflow_dags";
    const before = (await call("query", { sql: `SELECT count(*) AS n FROM ${table}` })).structured;
    for (const sql of [
      `DELETE FROM ${table}`,
      `SELECT 1; DELETE FROM ${table}`,
      `SELECT 1; COMMIT; DELETE FROM ${table}`,
      `WITH gone AS (SELECT 1) DELETE FROM ${table}`,
      "ATTACH 'other.db' AS other",
      "PRAGMA journal_mode = WAL",
      "COPY (SELECT 1) TO '/tmp/out.csv'",
      "SELECT * FROM read_csv('/etc/passwd')",
      "SELECT pg_read_file('/etc/passwd')",
      // DuckDB has it too, and ends it like any query.
      ...(kind === "duckdb" ? [] : ["SELECT pg_sleep(1000)"]),
      "SELECT load_extension('x')",
      "SELECT nothing FROM nowhere",
    ]) {
      const { isError, text } = await call("query", { sql });
      expect({ sql, isError }, text).toEqual({ sql, isError: true });
      expect(text, sql).not.toMatch(/is a bug|undefined|took longer/);
    }
    expect((await call("query", { sql: `SELECT count(*) AS n FROM ${table}` })).structured).toEqual(before);
  });

  test("really ends a query that takes too long, and continues", async () => {
    // As long as a new process may take to start, on a machine that is busy.
    const { call } = await startForTest(["--at", places[kind]!(), "--timeout", "5s"]);
    const numbers = {
      duckdb: "range(1000000000000) a(n)",
      postgres: "generate_series(1, 1000000000000) a(n)",
      sqlite: "(WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT n FROM a) a",
    }[kind];
    const { isError, text } = await call("query", { sql: `SELECT count(*) AS n FROM ${numbers} WHERE a.n % 7 = 8` });
    expect(isError).toBe(true);
    expect(text).toMatch(/^query took longer than 5 s and was cancelled\. Narrow the question/);
    expect((await call("query", { sql: "SELECT 1 AS one" })).structured.rows).toEqual([{ one: 1 }]);
  });

  test("returns the first of many rows, counts the others, and says how to ask for less", async () => {
    const { call } = shared[kind]!;
    const numbers = {
      duckdb: "range(1, 5001) a(n)",
      postgres: "generate_series(1, 5000) a(n)",
      sqlite: "(WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 5000) SELECT n FROM a) a",
    }[kind];
    const few = (await call("query", { sql: `SELECT a.n AS n FROM ${numbers}`, max_rows: 10 })).structured;
    expect(few.rows).toHaveLength(10);
    expect(few).toMatchObject({
      total_rows: 5000,
      note: expect.stringMatching(/^The first 10 of 5000 rows\. Narrow the question: LIMIT/),
    });
    const long = `'${"long ".repeat(60)}'`;
    const large = await call("query", { sql: `SELECT a.n AS n, ${long} AS text FROM ${numbers}`, max_rows: 1000 });
    expect(large.structured.rows.length).toBeLessThan(1000);
    expect(large.structured.note).toContain("More would be over 60 kB.");
    expect(large.text.length).toBeLessThan(70_000);
  });
});

test("sees another process's sync in the next call, and blocks neither", async () => {
  const sql = "SELECT count(*) AS n FROM airflow_dag_runs";
  for (const kind of ["duckdb", "sqlite"]) {
    const { call } = shared[kind]!;
    const count = async () => (await call("query", { sql })).structured.rows[0].n;
    const before = await count();
    world.addRun(world.dags.get(firstDag)!, { runType: "manual" });
    const during: Promise<number>[] = [];
    // In the middle of the sync, which holds the file.
    simulator.faults.push({ match: ({ path }) => path.includes("/dagRuns"), before: () => void during.push(count()) });
    await sync(places[kind]!());
    expect(during.length, kind).toBeGreaterThan(0);
    const after = await count();
    expect(after, kind).toBeGreaterThan(before);
    for (const found of await Promise.all(during)) expect([before, after], kind).toContain(found);
  }
});

test("explains what is wrong with a question's parameters", async () => {
  const { call } = shared.sqlite!;
  for (const [tool, given, says] of [
    ["failing_now", { min_streak: 0 }, /min_streak is 0: must be 1 or more/],
    ["failing_now", { streak: 1 }, /failing_now has no parameter "streak"\. It has: min_streak/],
    ["success_rate", { days: "7" }, /days is "7": must be a number/],
    ["success_rate", { since: "yesterday" }, /since is "yesterday": write a date/],
    ["success_rate", { pipelines: ["other"] }, /no data for "other"\. .* has: lab, prod/],
    ["success_rate", { timezone: "Mars" }, /timezone is "Mars": write an IANA name/],
    ["deadline_misses", {}, /no deadlines are configured\. Pass expect/],
    ["describe_tables", { tables: [] }, /describe_tables has no parameter "tables"/],
    ["query", {}, /sql must be a string/],
    ["query", { sql: "SELECT 1", max_rows: 10_000 }, /max_rows must be a whole number from 1 to 1000/],
  ] as const) {
    const { isError, text } = await call(tool, given);
    expect(isError, text).toBe(true);
    expect(text).toMatch(says);
  }
  // Agents write null where they mean nothing.
  expect(await call("failing_now", { min_streak: null, since: null })).toMatchObject({ isError: false });
});

test("escapes invisible characters, and shortens long texts", async () => {
  const { call } = shared.sqlite!;
  const sql =
    "SELECT char(8238) || char(27) || '[2J' AS hidden, printf('%.*c', 5000, 'x') AS long, 9007199254740993 AS large";
  const [row] = (await call("query", { sql })).structured.rows;
  expect(row).toEqual({
    hidden: "\\u202e\\u001b[2J",
    long: `${"x".repeat(1000)}… (5000 characters)`,
    large: "9007199254740993",
  });
});

test("rejects an invalid destination at once", async () => {
  const { code, stderr } = await dagsync(["mcp", "--at", "oracle:x"]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("--at is of an unknown kind") });
  expect(await dagsync(["mcp", "--at", "sqlite:x", "--timeout", "off"])).toMatchObject({ code: 2 });
});
