/** Metrics must match the small world, in every database, and in a form that Prometheus can read. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withTablePrefix } from "@org/destination";
import { sqlite } from "@org/destination/sqlite";
import { openInsights } from "@org/insights";
import { type MetricsOptions, metrics } from "@org/insights/metrics";
import { parseExposition } from "@org/testkit/insights/parse-exposition";
import { airflowWorld, dagsterWorld } from "@org/testkit/insights/small-world";
import { at, dag, jobRun, store, type World } from "@org/testkit/insights/world";
import { expect, onTestFinished, test } from "vitest";
import { exposition } from "../src/metrics/exposition.ts";
import { jobState } from "../src/metrics/job-state.ts";
import { assetState, automationState, taskState } from "../src/metrics/other-states.ts";
import { healthAirflow } from "./components-world.ts";
import { pooledAirflow } from "./further-world.ts";
import { askedEverywhere } from "./places.ts";
import { streamsAirflow, streamsDagster } from "./streams-world.ts";

const asked = askedEverywhere();
const hostile = '\\ "quoted"\nä\u202e\u0007{a="b"} 1';

async function textOf(worlds: Readonly<Record<string, Partial<World>>>, options?: MetricsOptions): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "metrics-"));
  const place = sqlite(join(folder, "world.sqlite"));
  for (const [index, [pipeline, world]] of Object.entries(worlds).entries()) {
    const session = await withTablePrefix(place, `p${index}_`).open({ pipeline });
    await store(session, world);
    await session.close();
  }
  const insights = await openInsights(place);
  onTestFinished(async () => {
    await insights.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return metrics(insights, options);
}

test("runs of each DAG and job by state, their last ends and open runs", async () => {
  const rows = await asked(jobState);
  const of = (name: string) => rows.find((row) => row.name === name);
  expect(of("daily_sales")).toEqual({
    orchestrator: "airflow",
    pipeline: "airflow",
    name: "daily_sales",
    location: "",
    queued: 0,
    running: 0,
    success: 12,
    failed: 2,
    canceled: 0,
    queued_since: null,
    running_since: null,
    last_success: at("10-31 06:16"),
    last_failed: at("11-02 06:16"),
    last_canceled: null,
    last_duration: 900,
    streak: 2,
    paused: false,
    owners: "ann",
  });
  expect(of("paused")).toMatchObject({ queued: 2, queued_since: at("11-01 01:00"), paused: true, streak: 0 });
  expect(of("long")).toMatchObject({ running: 1, running_since: at("11-02 09:00"), success: 6 });
  expect(of("never_ran")).toMatchObject({ success: 0, failed: 0, last_success: null, owners: "airflow" });
  // Of four runs the second failed.
  expect(of("few")).toMatchObject({ failed: 1, streak: 0, last_failed: at("10-28 18:20") });
  expect(of("odd_clock")).toMatchObject({ success: 1, last_duration: null });
  expect(of("gone_from_bundle")).toBeUndefined();
  // An automatically retried run counts as one run, which succeeded.
  expect(of("ingest")).toMatchObject({ location: "warehouse", success: 4, failed: 0, canceled: 1, paused: null });
  expect(of("load")).toMatchObject({ failed: 2, running: 1, streak: 2, running_since: at("11-02 11:31") });
  expect(of("(asset runs)")).toMatchObject({ success: 1, queued: 1, queued_since: at("11-02 09:00") });
});

test("unfinished tasks, assets, schedules and sensors", async () => {
  expect(await asked(taskState)).toEqual([{ pipeline: "airflow", name: "long", state: "running", tasks: 1 }]);
  const assets = await asked(assetState);
  expect(assets.find(({ asset }) => asset === "orders")).toMatchObject({ group: "default", last: at("10-31 00:25") });
  expect(assets.find(({ asset }) => asset === "never")?.last).toBeNull();
  const automations = await asked(automationState);
  expect(Object.fromEntries(automations.map(({ kind, name, on }) => [`${kind} ${name}`, on]))).toEqual({
    "schedule ingest_daily": true,
    "schedule load_hourly": false,
    "sensor on_file": true,
  });
});

test("every known DAG and job has a series for each state, 0 included", async () => {
  const families = parseExposition(await textOf({ airflow: airflowWorld, dagster: dagsterWorld }));
  const present = airflowWorld.dags.filter(({ is_stale }) => !is_stale).map(({ dag_id }) => dag_id);
  const series = (family: string) =>
    families.get(family)!.samples.map(({ labels: { name, state } }) => `${name} ${state}`);
  const states = (names: readonly string[], all: readonly string[]) =>
    names.flatMap((name) => all.map((state) => `${name} ${state}`));
  const jobs = ["ingest", "load", "(asset runs)"];
  expect(series("dagsync_runs").toSorted()).toEqual(
    [
      ...states(present, ["queued", "running", "success", "failed"]),
      ...states(jobs, ["queued", "running", "success", "failed", "canceled"]),
    ].toSorted(),
  );
  expect(series("dagsync_run_oldest_timestamp_seconds").toSorted()).toEqual(
    states([...present, ...jobs], ["queued", "running"]).toSorted(),
  );
  expect(series("dagsync_task_instances")).toHaveLength(present.length * 6);
  const [never] = families
    .get("dagsync_run_ended_timestamp_seconds")!
    .samples.filter(({ labels }) => labels.name === "never_ran" && labels.state === "success");
  expect(never?.value).toBe(0);
});

test("times are seconds since 1970, and as_of is per pipeline", async () => {
  const families = parseExposition(await textOf({ airflow: airflowWorld }));
  const value = (family: string, labels: object) =>
    families
      .get(family)
      ?.samples.find((each) => Object.entries(labels).every(([key, text]) => each.labels[key] === text))?.value;
  expect(value("dagsync_as_of_timestamp_seconds", { pipeline: "airflow" })).toBe(Date.parse(at("11-02 12:00")) / 1000);
  expect(value("dagsync_run_ended_timestamp_seconds", { name: "daily_sales", state: "failed" })).toBe(
    Date.parse(at("11-02 06:16")) / 1000,
  );
  expect(value("dagsync_table_rows", { table: "p0_airflow_dags" })).toBe(airflowWorld.dags.length);
  for (const family of families.keys()) if (family.includes("timestamp")) expect(family).toMatch(/_timestamp_seconds$/);
});

test("names from servers become label values, and run ids do not", async () => {
  const runs = [jobRun("run-1234", hostile, ["11-02 10:00", "11-02 10:01", "11-02 10:02"])];
  const text = await textOf({ [hostile]: { dags: [dag(hostile, { owners: hostile })] }, dagster: { jobRuns: runs } });
  const names = parseExposition(text)
    .get("dagsync_runs")!
    .samples.map(({ labels }) => labels.name);
  expect(new Set(names)).toEqual(new Set([hostile]));
  expect(text).not.toContain("run-1234");
});

test("one name in two code locations is two jobs", async () => {
  const times = ["11-02 10:00", "11-02 10:01", "11-02 10:02"];
  const runs = ["a", "b"].map((code_location) => jobRun(`run-${code_location}`, "same", times, { code_location }));
  const families = parseExposition(await textOf({ dagster: { jobRuns: runs } }));
  const locations = families.get("dagsync_consecutive_failures")!.samples.map(({ labels }) => labels.location);
  expect(locations.toSorted()).toEqual(["a", "b"]);
});

test("a limit keeps the most recently active ones, and reports how many were left out", async () => {
  const families = parseExposition(await textOf({ airflow: airflowWorld }, { limit: 4 }));
  const names = families.get("dagsync_consecutive_failures")!.samples.map(({ labels }) => labels.name);
  // These are waiting or running. The next one ended last.
  expect(names.toSorted()).toEqual(["backfilled", "daily_sales", "long", "paused"]);
  const leftOut = families.get("dagsync_left_out")!.samples.find(({ labels }) => labels.kind === "jobs");
  expect(leftOut?.value).toBe(airflowWorld.dags.length - 1 - 4);
});

test("opt-in streams: components, pools, ticks, checks, errors, and tasks that wait for people", async () => {
  const worlds = { a: healthAirflow, b: pooledAirflow, c: streamsAirflow, d: streamsDagster };
  const families = parseExposition(await textOf(worlds));
  const values = (family: string, ...labels: readonly string[]) =>
    families.get(family)!.samples.map((each) => [...labels.map((name) => each.labels[name]), each.value]);
  expect(values("dagsync_component_up", "component").toSorted()).toEqual([
    ["dag_processor", 0],
    ["metadatabase", 0],
    ["scheduler", 1],
  ]);
  expect(values("dagsync_component_heartbeat_timestamp_seconds", "component").toSorted()).toEqual([
    ["dag_processor", Date.parse(at("11-02 11:44")) / 1000],
    ["scheduler", Date.parse(at("11-02 11:48")) / 1000],
  ]);
  const slots = values("dagsync_pool_slots", "name");
  expect(slots).toContainEqual(["endless", Number.POSITIVE_INFINITY]);
  expect(slots).toContainEqual(["lends", 8]);
  expect(values("dagsync_pool_occupied_slots", "name")).toContainEqual(["keeps", 1]);
  expect(values("dagsync_consecutive_failed_ticks", "kind", "name").toSorted()).toEqual([
    ["sensor", "broken", 2],
    ["sensor", "off", 1],
    ["sensor", "watch", 0],
  ]);
  expect(values("dagsync_tick_timestamp_seconds", "name")).toContainEqual([
    "watch",
    Date.parse(at("11-01 04:00")) / 1000,
  ]);
  expect(values("dagsync_asset_check_passed", "asset", "check").toSorted()).toEqual([
    ["orders", "not_null", 0],
    ["orders", "raises", 0],
    ["orders", "unique", 1],
  ]);
  expect(values("dagsync_import_error_info", "bundle", "file").toSorted()).toEqual([
    [undefined, "marketing", 1],
    ["git", "sales.py", 1],
  ]);
  expect(values("dagsync_waiting_for_people", "name", "task")).toEqual([["approve", "ship", 2]]);
});

test("unusual numbers and texts are formatted correctly", () => {
  const samples = [Number.NaN, Number.POSITIVE_INFINITY, 1e21].map((value) => ({ labels: { a: `${value}` }, value }));
  const lone = { labels: { a: "\ud800", b: "" }, value: 1 };
  expect(exposition([{ name: "x", type: "gauge", help: "one\ntwo \\", samples: [...samples, lone] }])).toBe(
    '# HELP x one\\ntwo \\\\\n# TYPE x gauge\nx{a="NaN"} NaN\nx{a="Infinity"} +Inf\nx{a="1e+21"} 1e+21\nx{a="\ufffd"} 1\n',
  );
});
