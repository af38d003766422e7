/** The tools inside another program, and what their SQL must not reach. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Destination } from "@org/destination";
import { postgres } from "@org/destination/postgres";
import { sqlite } from "@org/destination/sqlite";
import { createToolCaller, type InsightsToolOptions, insightsTools } from "@org/insights/tools";
import { airflowWorld } from "@org/testkit/insights/small-world";
import { store } from "@org/testkit/insights/world";
import { ownDatabase } from "@org/testkit/own-database";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "insights-mcp-"));
const file = sqlite(join(folder, "world.sqlite"));
beforeAll(() => fill(file));

async function fill(destination: Destination): Promise<void> {
  const session = await destination.open({ pipeline: "airflow" });
  await store(session, airflowWorld);
  await session.close();
}
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function toolsOf(destination: Destination, options?: InsightsToolOptions) {
  const tools = insightsTools(destination, options);
  const call = createToolCaller();
  return async (name: string, given: object = {}) => {
    const { text, isError, result } = await call(tools.find((each) => each.name === name)!, given);
    // biome-ignore lint/suspicious/noExplicitAny: each tool's own
    return { isError, text, structured: result as any };
  };
}

test("a service answers in its own process, one call after the other", async () => {
  const call = toolsOf(file);
  const answers = await Promise.all(["failing_now", "success_rate", "describe_tables"].map((name) => call(name)));
  expect(answers.map(({ isError }) => isError)).toEqual([false, false, false]);
  const [failing] = answers;
  expect(failing?.structured).toMatchObject({
    as_of: "2026-11-02T12:00:00.000000Z",
    columns: { name: "The DAG or the job." },
  });
  // Without table descriptions, it lists their names.
  expect(answers[2]?.structured.tables[0]).toMatchObject({
    name: "airflow_dags",
    columns: expect.arrayContaining([{ name: "dag_id" }]),
  });
});

test("covers only the served pipelines, with the configuration's expected deadlines", async () => {
  const served = { expect: [{ dag: "daily_sales", done_by: "06:30" }] };
  const call = toolsOf(file, { pipelines: ["airflow", "never_synced"], parameters: served });
  expect((await call("success_rate")).structured.total_rows).toBeGreaterThan(0);
  expect((await call("deadline_misses")).structured.total_rows).toBeGreaterThan(0);
  expect((await call("success_rate", { pipelines: ["dagster"] })).text).toContain('"dagster" is not served here');
  const other = toolsOf(file, { pipelines: ["never_synced"] });
  expect((await other("success_rate")).text).toBe("No data yet for never_synced: sync first.");
});

test("says that an answer stops at its limit, or was shortened", async () => {
  const call = toolsOf(file);
  const { structured } = await call("success_rate", { limit: 2 });
  expect(structured).toMatchObject({ total_rows: 2, note: "It stops at its limit of 2 rows: there may be more." });
  expect((await call("success_rate")).structured.note).toBeUndefined();
});

test("SQL cannot use its PostgreSQL user's further privileges, however it is written", async () => {
  const place = postgres(await ownDatabase());
  await fill(place);
  const call = toolsOf(place);
  const reading = "pg_read_file('/etc/passwd')";
  for (const sql of [
    `SELECT ${reading}`,
    `SELECT "pg_read_file"('/etc/passwd')`,
    `SELECT pg_catalog . "pg_read_file" /* ' */ ('/etc/passwd') -- '`,
    `SELECT 1 AS "--", ${reading}`,
    `SELECT 1 AS "'", ${reading} AS "'"`,
    `SELECT x AS a$b$, ${reading}, 1 AS c$b$ FROM (SELECT 1 AS x) t`,
    `SELECT x AS é$$, ${reading}, 1 AS c$$ FROM (SELECT 1 AS x) t`,
    `SELECT U&"\\0070g_read_file"('/etc/passwd')`,
    `SELECT E'\\'', ${reading} --'`,
    `SELECT '' /* /* */ ' */ , ${reading} --'`,
    `SELECT set_config('role', 'none', true), ${reading}`,
    `SELECT query_to_xml('SELECT ${reading.replaceAll("'", "''")}', true, true, '')::text`,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
    "SELECT pg_sleep(1000)",
    "SELECT lo_import('/etc/passwd')",
    "SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t(a int)",
  ]) {
    const { isError, text } = await call("query", { sql });
    expect({ sql, isError }).toEqual({ sql, isError: true });
    expect(text, sql).toMatch(/^query: (\w+ does more than compute from rows|Write strings in plain quotes)/);
  }
  const sql = `SELECT 'pg_read_file(' AS a, $$it's -- fine$$ AS b, pg_typeof(1)::text AS c -- pg_sleep(1)`;
  expect(await call("query", { sql })).toMatchObject({
    structured: { rows: [{ a: "pg_read_file(", b: "it's -- fine", c: "integer" }] },
  });
});
