/** What needs attention now. Expected numbers were computed by hand from small-world.ts and attention-world.ts. */
import { coverage, failingNow, missedRuns, runningTooLong, stuckWaiting } from "@org/insights";
import { at } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { attentionAirflow, attentionDagster } from "./attention-world.ts";
import { askedEverywhere } from "./places.ts";

const asked = askedEverywhere({
  more_airflow: attentionAirflow,
  more_dagster: attentionDagster,
});
const more = { pipelines: ["more_airflow", "more_dagster"] };
const HOUR = 3600;

test("coverage", async () => {
  const rows = await asked(coverage, more, ["synced_at", "age"]);
  const of = (table: string) => rows.find((row) => row.table === table);
  expect(of("more_airflow_airflow_dag_runs")).toMatchObject({
    pipeline: "more_airflow",
    rows: 28,
    first: at("10-01 05:00"),
    last: at("11-02 11:55"),
    as_of: at("11-02 12:00"),
    synced_at: expect.stringMatching(/^2\d{3}-.*Z$/),
    purged: 1,
    deleted: 0,
    without_start: 0,
    bad_durations: 0,
    late_dags: null,
  });
  // Of the four DAGs with tasks, wants_slot first appears in its third version.
  expect(of("more_airflow_airflow_task_instances")).toMatchObject({ rows: 18, purged: 0, late_dags: 1 });
  expect(of("more_dagster_dagster_schedules")).toMatchObject({ rows: 6, first: null, purged: null });
  // The run that ended a minute before it started, and the two of the purged month.
  const small = await asked(coverage, {}, ["synced_at", "age"]);
  expect(small.find(({ table }) => table === "airflow_dag_runs")).toMatchObject({ bad_durations: 1, purged: 2 });
  for (const { age } of small) expect(age).toBeGreaterThanOrEqual(0);
});

test("failing_now", async () => {
  expect(await asked(failingNow)).toEqual([
    {
      orchestrator: "dagster",
      pipeline: "dagster",
      name: "load",
      streak: 2,
      failing_since: at("10-31 10:03"),
      last_failure: at("11-01 10:03"),
      last_success: null,
      run_id: "load-32",
      last_error_task: null,
      running_again: true,
      paused: null,
      owners: null,
      last_runs: ["failed", "failed"],
    },
    {
      orchestrator: "airflow",
      pipeline: "airflow",
      name: "daily_sales",
      streak: 2,
      failing_since: at("11-01 06:16"),
      last_failure: at("11-02 06:16"),
      last_success: at("10-31 06:16"),
      run_id: "daily 11-02",
      last_error_task: "load",
      running_again: false,
      paused: false,
      owners: "ann",
      last_runs: [...Array(12).fill("success"), "failed", "failed"],
    },
    expect.objectContaining({ name: "mapped", streak: 1, last_success: null, last_error_task: "part", owners: "bob" }),
  ]);
});

test("failing_now: cleared, canceled and manual runs", async () => {
  const rows = await asked(failingNow, more);
  expect(rows).toEqual([
    // `b`, not `a`, which failed first but then succeeded. The fourth run is unfinished since it was cleared.
    expect.objectContaining({
      name: "broken",
      streak: 3,
      failing_since: at("10-29 00:05"),
      last_success: at("10-28 00:05"),
      run_id: "broken 31",
      last_error_task: "b",
      running_again: true,
      paused: true,
      last_runs: ["success", "failed", "failed", "failed"],
    }),
    expect.objectContaining({ name: "sad", streak: 1, last_runs: ["failed", "canceled"], running_again: false }),
  ]);
  expect((await asked(failingNow, { ...more, all_types: true })).map(({ name }) => name)).toContain("by_hand");
  expect((await asked(failingNow, { ...more, min_streak: 2 })).map(({ name }) => name)).toEqual(["broken"]);
});

test("running_too_long", async () => {
  // Six successful runs of 10 minutes each, so 20 are too long. This one has taken 3 hours.
  const long = { orchestrator: "airflow", pipeline: "airflow", name: "long", run_id: "long now", state: "running" };
  const usual = { started: at("11-02 09:00"), running_for: 3 * HOUR, normal_p95: 600, n: 6, ratio: 18 };
  expect(await asked(runningTooLong)).toEqual([
    { ...long, ...usual, task: null, map_index: null, try_number: null, hostname: null },
    { ...long, ...usual, task: "crunch", map_index: -1, try_number: 1, hostname: "worker-1" },
  ]);
});

test("running_too_long: too few successes, deferred tasks, short ones", async () => {
  const rows = await asked(runningTooLong, more);
  expect(
    rows.map(({ name, run_id, task, state, normal_p95, n }) => [name, run_id, task, state, normal_p95, n]),
  ).toEqual([
    ["defers", "defers now", null, "running", 600, 5],
    ["defers", "defers now", "sense", "deferred", 600, 5],
    ["rare", "rare 2", null, "running", null, 1],
  ]);
  const sooner = await asked(runningTooLong, { ...more, absolute: 4 * HOUR });
  expect(sooner.map(({ run_id }) => run_id)).toContain("rare 3");
  expect((await asked(runningTooLong, { ...more, floor: 200 })).map(({ name }) => name)).toContain("short");
});

test("stuck_waiting", async () => {
  const rows = await asked(stuckWaiting);
  expect(rows.map(({ name, run_id, state, waiting, cause }) => [name, run_id, state, waiting, cause])).toEqual([
    ["backfilled", "backfill 09-03", "queued", 70 * HOUR, "scheduler"],
    ["paused", "waiting 1", "queued", 35 * HOUR, "paused"],
    ["paused", "waiting 2", "queued", 34 * HOUR, "paused"],
    ["(asset runs)", "assets-2", "QUEUED", 3 * HOUR, "run queue"],
  ]);
  // In microseconds more than 32 bits.
  expect((await asked(stuckWaiting, { min: 36 * HOUR })).map(({ name }) => name)).toEqual(["backfilled"]);
});

test("stuck_waiting: causes", async () => {
  const rows = await asked(stuckWaiting, more);
  expect(
    rows.map(({ run_id, task, waiting, pool, queue, cause }) => [run_id, task, waiting, pool, queue, cause]),
  ).toEqual([
    ["starting-1", null, 2 * HOUR, null, null, "launcher"],
    ["full 2", null, 2400, null, null, "max_active_runs reached"],
    // `a` is running and `b` is queued: two of two.
    ["full 1", "c", 1800, "default_pool", "default", "max_active_tasks reached"],
    ["slot 1", "t", 1740, "small", "default", "pool full or scheduler"],
    ["full 1", "b", 1200, "default_pool", "slow", "executor"],
  ]);
});

test("missed_runs", async () => {
  expect(await asked(missedRuns)).toEqual([
    {
      orchestrator: "dagster",
      pipeline: "dagster",
      name: "ingest",
      schedule: "ingest_daily (0 4 * * *)",
      expected: at("11-01 04:00"),
      late: 32 * HOUR,
      last_run: at("10-31 04:00"),
      reason: null,
    },
    {
      orchestrator: "airflow",
      pipeline: "airflow",
      name: "few",
      schedule: "0 18 * * *",
      expected: at("11-02 08:00"),
      late: 4 * HOUR,
      last_run: at("10-30 18:00"),
      reason: null,
    },
  ]);
});

test("missed_runs: import errors, several expressions in one time zone, unknowable schedules", async () => {
  const rows = await asked(missedRuns, more);
  expect(rows.map(({ name, expected, reason }) => [name, expected, reason])).toEqual([
    // At 06:00 in New York, five hours behind UTC since that night.
    ["twice", at("11-01 11:00"), null],
    ["unreadable", at("11-02 08:00"), "import error"],
  ]);
  const soon = await asked(missedRuns, { ...more, grace: 5 });
  expect(soon.map(({ name }) => name)).toContain("soon");
});
