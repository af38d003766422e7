/** Questions about opt-in streams. Expected numbers were computed by hand from streams-world.ts, as of 2 November, 12:00. */
import {
  assetFlow,
  checkResults,
  dagChanges,
  dagComplexity,
  freshnessAndMaterializations,
  importErrors,
  needsAttention,
  stepTimes,
  tickHealth,
  waitingForPeople,
} from "@org/insights";
import { reportPage } from "@org/insights/page";
import { at } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { askedEverywhere } from "./places.ts";
import { streamsAirflow, streamsDagster } from "./streams-world.ts";

const asked = askedEverywhere({ own_airflow: streamsAirflow, own_dagster: streamsDagster });
const airflow = { pipelines: ["own_airflow"] };
const dagster = { pipelines: ["own_dagster"] };

test("tick_health", async () => {
  const rows = await asked(tickHealth, dagster);
  const of = ["automation", "on", "ticks", "succeeded", "skipped", "failed", "runs", "streak", "error"] as const;
  expect(rows.map((row) => of.map((name) => row[name]))).toEqual([
    ["broken", true, 3, 0, 1, 2, 0, 2, "second"],
    ["watch", true, 5, 1, 2, 1, 2, 0, null],
    ["off", false, 1, 0, 0, 1, 0, 1, "gone"],
  ]);
  expect(rows[0]).toMatchObject({ failing_since: at("11-01 01:00"), failed_percent: expect.closeTo(200 / 3, 9) });
  // 1, 2, 3 and 9 seconds. One is still being evaluated.
  expect(rows[1]).toMatchObject({
    ...{ pipeline: "own_dagster", kind: "sensor", location: "warehouse", failed_percent: 25, failing_since: null },
    ...{ last_tick: at("11-01 04:00"), median: 2, p95: 9, longest: 9 },
  });
  expect(rows.filter((row) => tickHealth.isFinding!(row)).map(({ automation }) => automation)).toEqual(["broken"]);
  expect(await asked(tickHealth, { ...dagster, kind: "schedule" })).toEqual([]);
});

test("freshness_and_materializations", async () => {
  const [orders, clean] = await asked(freshnessAndMaterializations, dagster);
  // Of four attempts the first needed a retry, the second and the last failed. Only the second is resolved, after 2 hours.
  expect(orders).toEqual({
    ...{ pipeline: "own_dagster", asset: "orders", group: "g", attempts: 4, succeeded: 2, retried: 1, failed: 2 },
    ...{ rate: 50, failing: true, incidents: 2, resolved: 1, resolution: null, longest_resolution: 7200 },
    // Eight results, four of which passed.
    ...{ last: at("11-01 05:00"), checks: 8, checks_passed: 50 },
  });
  expect(clean).toMatchObject({ asset: "clean", attempts: 1, rate: 100, failing: false, incidents: 0, checks: null });
});

test("check_results", async () => {
  const rows = await asked(checkResults, dagster);
  const of = ["check", "state", "severity", "since", "results", "passed", "failed", "errors", "rate"] as const;
  expect(rows.map((row) => of.map((name) => row[name]))).toEqual([
    ["not_null", "failed", "WARN", at("11-01 09:00"), 5, 3, 2, 0, 60],
    ["raises", "error", null, at("11-01 06:00"), 1, 0, 0, 1, null],
    ["unique", "passed", "ERROR", null, 2, 1, 1, 0, null],
  ]);
  expect(rows[0]).toMatchObject({ asset: "orders", previous_rate: null, last_run: "run 10", last: at("11-01 09:00") });
  expect(rows.filter((row) => checkResults.isFinding!(row)).map(({ check }) => check)).toEqual(["raises"]);
  const later = await asked(checkResults, { ...dagster, since: "2026-11-02T00:00Z", until: "2026-11-03T00:00Z" });
  expect(later.find(({ check }) => check === "not_null")).toMatchObject({ results: 0, rate: null, previous_rate: 60 });
});

test("step_times", async () => {
  const rows = await asked(stepTimes, dagster);
  const of = ["step", "n", "succeeded", "failed", "skipped", "retries", "saved", "median", "longest"] as const;
  // read took 10 and 20 minutes, write 30.
  expect(rows.map((row) => of.map((name) => row[name]))).toEqual([
    ["read", 2, 2, 0, 0, 0, 0, 600, 1200],
    ["write", 2, 1, 1, 0, 3, 1, 1800, 1800],
    ["report", 1, 0, 0, 1, 0, 0, null, null],
  ]);
  expect(rows[0]).toMatchObject({ name: "load", p95: null, failed_percent: null, hours: 0.5, share: 50 });
});

test("asset_flow", async () => {
  expect(await asked(assetFlow, airflow)).toEqual([
    {
      ...{ pipeline: "own_airflow", asset: "asset_1", group: "asset", updates: 5, producers: 2, by_others: 1 },
      // Runs started 2, 10 and 5 minutes after the updates.
      ...{ consumers: 2, runs: 2, lag: 300, lag_p95: 600, unused: 1, oldest_unused: at("11-02 09:00") },
      last: at("11-02 11:30"),
    },
    expect.objectContaining({ asset: "asset_2", updates: 1, consumers: 0, runs: 0, lag: null, unused: 0 }),
  ]);
  expect((await asked(assetFlow, { ...airflow, wait: 0.25 }))[0]).toMatchObject({ unused: 2 });
});

test("dag_changes", async () => {
  const rows = await asked(dagChanges, airflow);
  expect(rows).toEqual([
    {
      ...{ pipeline: "own_airflow", dag: "diamond", bundle: "git", versions: 5, days: 2, most_per_day: 4 },
      ...{ busiest_day: "2026-11-01", unstable: true, first: at("11-01 03:00"), last: at("11-01 16:00") },
      ...{ version: 6, bundle_version: "v6" },
    },
    expect.objectContaining({ dag: "flat", versions: 1, unstable: false, bundle_version: null }),
  ]);
  expect(await asked(dagChanges, { ...airflow, include_stale: true })).toHaveLength(3);
  expect((await asked(dagChanges, { ...airflow, many: 4 }))[0]).toMatchObject({ unstable: false });
});

test("waiting_for_people", async () => {
  expect(await asked(waitingForPeople, airflow)).toEqual([
    {
      ...{ pipeline: "own_airflow", dag: "approve", task: "ship", open: 2, waiting_since: at("11-02 10:00") },
      ...{ waiting: 7200, run: "run 4", subject: "Ship 4?", answered: 3, median: 1200, p95: 3600, longest: 3600 },
      people: 2,
    },
    expect.objectContaining({ task: "refund", open: 0, waiting: null, run: null, answered: 1, median: 60, p95: null }),
  ]);
});

test("import_errors", async () => {
  const rows = await asked(importErrors, { pipelines: ["own_airflow", "own_dagster"] });
  expect(rows).toEqual([
    {
      ...{ orchestrator: "dagster", pipeline: "own_dagster", file: "marketing", bundle: null, state: "open" },
      ...{ since: at("11-02 06:00"), last_failed: at("11-02 06:00"), fixed: null, lasted: 21_600 },
      error: "ModuleNotFoundError: No module named 'x'",
    },
    {
      ...{ orchestrator: "airflow", pipeline: "own_airflow", file: "sales.py", bundle: "git", state: "open" },
      ...{
        since: null,
        last_failed: at("11-02 11:55"),
        fixed: null,
        lasted: null,
        error: "SyntaxError: invalid syntax",
      },
    },
  ]);
});

test("dag_complexity", async () => {
  expect(await asked(dagComplexity, airflow)).toEqual([
    {
      ...{ pipeline: "own_airflow", dag: "diamond", version: 2, tasks: 5, mapped: 1, operators: 2 },
      // start, a, c, end; a and b follow start at once.
      ...{ main_operator: "PythonOperator", other_rules: 1, edges: 6, depth: 4, width: 2, roots: 1, leaves: 1 },
    },
    {
      ...{ pipeline: "own_airflow", dag: "flat", version: 1, tasks: 2, mapped: 0, operators: 2 },
      ...{ main_operator: "BashOperator", other_rules: 0, edges: 0, depth: 1, width: 2, roots: 2, leaves: 2 },
    },
  ]);
});

test("needs_attention: what opt-in streams find", async () => {
  const rows = await asked(needsAttention, { pipelines: ["own_airflow", "own_dagster"], limit: 20 });
  const found = rows.filter(({ kind }) => !["failing_now", "stale_assets", "did_nothing"].includes(kind));
  expect(found.map(({ severity, kind, name, task, since, what }) => [severity, kind, name, task, since, what])).toEqual(
    [
      [2, "tick_health", "broken", null, at("11-01 01:00"), "The last 2 ticks of the sensor failed: second."],
      [
        2,
        "import_errors",
        "marketing",
        null,
        at("11-02 06:00"),
        "It cannot be loaded: ModuleNotFoundError: No module named 'x'.",
      ],
      [2, "check_results", "orders", null, at("11-01 06:00"), "The check raises had no result."],
      [2, "import_errors", "sales.py", null, null, "It cannot be loaded: SyntaxError: invalid syntax."],
      [
        1,
        "waiting_for_people",
        "approve",
        "ship",
        at("11-02 10:00"),
        "ship has waited for a person for 2 h, and 1 more.",
      ],
    ],
  );
});

test("the page shows what is synced, and no question that lacks its stream", async () => {
  const [insights] = asked.open;
  const page = (pipeline: string) => reportPage(insights!, { title: "x", timezone: "UTC", pipelines: [pipeline] });
  const [airflow, dagster, small] = [await page("own_airflow"), await page("own_dagster"), await page("airflow")];
  for (const name of ["dag_complexity", "waiting_for_people", "asset_flow"]) {
    expect(airflow).toContain(`<article id="${name}">`);
    expect(dagster).not.toContain(`id="${name}"`);
    expect(small).not.toContain(`id="${name}"`);
  }
  expect(dagster).toContain('<article id="tick_health">');
  expect(airflow).not.toContain('id="tick_health"');
});
