/** Questions whose answers opt-in streams improve. Expected numbers were computed by hand from further-world.ts. */
import {
  criticalPath,
  manualInterventions,
  missedRuns,
  needsAttention,
  poolPressure,
  schedulerHealth,
  staleAssets,
  stuckWaiting,
} from "@org/insights";
import { at } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { healthAirflow, healthDagster } from "./components-world.ts";
import {
  drawnAirflow,
  madeDagster,
  oldTicksDagster,
  pooledAirflow,
  tickedDagster,
  updatedAirflow,
} from "./further-world.ts";
import { peopleAirflow } from "./people-world.ts";
import { askedEverywhere } from "./places.ts";

const asked = askedEverywhere({
  ...{ ticked: tickedDagster, old_ticks: oldTicksDagster, health: healthAirflow, health_dagster: healthDagster },
  ...{ made: madeDagster, updated: updatedAirflow, drawn: drawnAirflow, pooled: pooledAirflow, people: peopleAirflow },
});
const HOUR = 3600;

test("pool_pressure: the sizes of pools, and how they changed", async () => {
  const sunday = { pipelines: ["pooled"], timezone: "UTC", since: "2026-11-01", until: "2026-11-02" };
  const rows = await asked(poolPressure, sunday);
  const of = ["pool", "slots", "peak", "peak_percent", "full_hours", "samples", "sampled_peak"] as const;
  expect(rows.map((row) => of.map((name) => row[name]))).toEqual([
    ["plain", 1, 1, 100, 6, null, null],
    // Two of two slots from 10:00 to 11:00; two of four in the afternoon.
    ["grown", 4, 2, 100, 1, 10, 3],
    ["endless", null, 1, null, null, null, null],
    ["keeps", 8, 1, 12.5, 0, null, null],
    // Airflow gives its slot to others.
    ["lends", 8, 0, 0, 0, null, null],
    ["unused", 8, 0, 0, 0, 1, 0],
  ]);
  expect(rows[1]).toMatchObject({
    ...{
      peak_at: at("11-01 10:00"),
      waiting_hours: 0.5,
      waiting_while_full: 0.5,
      full_percent: expect.closeTo(100 / 24, 9),
    },
    // Three of ten samples show two of two slots.
    sampled_full_percent: 30,
  });
  expect(rows.at(-1)).toMatchObject({ peak_at: null, sampled_full_percent: null });
  // What is given counts instead.
  const given = await asked(poolPressure, { ...sunday, slots: "grown=3" });
  expect(given.find(({ pool }) => pool === "grown")).toMatchObject({ slots: 3, full_hours: 0 });
});

test("missed_runs: ticks tell skipped, failed and missing ones apart", async () => {
  const rows = await asked(missedRuns, { pipelines: ["ticked"] });
  expect(rows.map(({ name, expected, late, last_run, reason }) => [name, expected, late, last_run, reason])).toEqual([
    ["always_fails_job", at("11-01 04:00"), 32 * HOUR, null, "tick failed: second"],
    ["fails_job", at("11-02 04:00"), 8 * HOUR, at("11-01 04:00:02"), "tick failed: ValueError: no such bucket"],
    ["silent_job", at("11-02 04:00"), 8 * HOUR, at("11-01 04:00:02"), "no tick"],
  ]);
  // Within the grace period, nothing is late yet.
  expect(await asked(missedRuns, { pipelines: ["ticked"], grace: 33 * 60 })).toEqual([]);
});

test("missed_runs: after the last sync of the ticks, two times must be missed", async () => {
  const rows = await asked(missedRuns, { pipelines: ["old_ticks"] });
  // skips had a tick on the 30th, and none at 04:00 on the 31st, as the ticks say.
  expect(rows.map(({ name, expected, reason }) => [name, expected, reason])).toEqual([
    ["skips_job", at("10-31 04:00"), "no tick"],
  ]);
});

test("scheduler_health", async () => {
  const rows = await asked(schedulerHealth, { pipelines: ["health", "health_dagster"] });
  const of = ["orchestrator", "component", "state", "required", "age", "samples", "bad", "outages"] as const;
  expect(rows.map((row) => of.map((name) => row[name]))).toEqual([
    ["dagster", "SCHEDULER", "down", true, 600, 1, 1, 1],
    ["airflow", "dag_processor", "down", true, 360, 9, 1, 1],
    ["airflow", "metadatabase", "down", true, null, 1, 1, 1],
    ["dagster", "BACKFILL", "never", true, null, 1, 0, 0],
    ["dagster", "SENSOR", "errors", true, 30, 1, 0, 0],
    // 120 seconds are not more than 120.
    ["airflow", "scheduler", "healthy", true, 120, 10, 3, 2],
    ["dagster", "MONITORING", "never", false, null, 1, 0, 0],
    ["airflow", "triggerer", "never", false, null, 1, 0, 0],
  ]);
  expect(rows.find(({ component }) => component === "scheduler")).toMatchObject({
    ...{ last_heartbeat: at("11-02 11:48"), sampled_at: at("11-02 11:50"), status: "healthy", bad_percent: 30 },
    ...{ worst_age: 600, processes: 1, started: 1, error: null },
  });
  expect(rows.find(({ component }) => component === "dag_processor")).toMatchObject({ bad_percent: null, started: 0 });
  expect(rows.find(({ component }) => component === "SENSOR")).toMatchObject({
    processes: null,
    error: "a sensor\nfailed",
  });
  expect(rows.filter((row) => schedulerHealth.isFinding!(row))).toHaveLength(5);
});

test("stale_assets: the gaps between an asset's own materializations", async () => {
  const rows = await asked(staleAssets, { pipelines: ["made"], all: true });
  const of = ["asset", "state", "age", "usual", "longest", "n", "guess"] as const;
  // As of 12:00. The daily one's gaps: three of 24 hours, then 48 from 31 October to 2 November. Its job runs each hour.
  expect(rows.map((row) => of.map((name) => row[name]))).toEqual([
    ["twice", "stale", 5 * HOUR + 3300, HOUR, HOUR, 4, true],
    ["late", "stale", 77 * HOUR + 3300, 24 * HOUR, 24 * HOUR, 3, false],
    ["each_hour", "fresh", HOUR + 3300, HOUR, HOUR, 4, false],
    ["each_day", "fresh", 5 * HOUR + 3300, 24 * HOUR, 48 * HOUR, 4, false],
  ]);
});

test("stale_assets: Airflow's", async () => {
  const rows = await asked(staleAssets, { pipelines: ["updated"], all: true });
  const of = ["orchestrator", "asset", "group", "state", "age", "usual", "n", "last_run", "job"] as const;
  // The events are known until 11:30.
  expect(rows.map((row) => of.map((name) => row[name]))).toEqual([
    ["airflow", "asset_1", "asset", "stale", 26.5 * HOUR, HOUR, 3, "maker 11-01 09:00", "maker"],
    ["airflow", "asset_3", "asset", "never", null, null, 0, null, null],
    ["airflow", "asset_2", "asset", "fresh", HOUR / 2, HOUR, 3, "maker 11-02 11:00", "maker"],
  ]);
});

test("critical_path: by dependencies, where they are known", async () => {
  const rows = await asked(criticalPath, { pipelines: ["drawn"] });
  const of = ["dag", "task", "on_path", "slack", "edges_percent"] as const;
  expect(rows.map((row) => of.map((name) => row[name]))).toEqual([
    // check could have ended at 00:25, when report began. extract is followed by load five minutes later.
    ["drawn", "check", 0, 960, 100],
    ["drawn", "extract", 5, null, 100],
    ["drawn", "load", 5, null, 100],
    ["drawn", "report", 5, null, 100],
    // Inferred: no task ended less than a minute before load began.
    ["guessed", "check", 0, 60, 0],
    ["guessed", "extract", 0, 300, 0],
    ["guessed", "load", 5, null, 0],
    ["guessed", "report", 5, null, 0],
  ]);
});

test("without their streams, questions say what to sync", async () => {
  await expect(asked(schedulerHealth)).rejects.toMatchObject({
    code: "NO_TABLES",
    message: expect.stringMatching(
      /It needs one of the streams health, daemons, which are opt-in: dagsync sync --streams default,health,daemons\.$/,
    ),
  });
  const only = { pipelines: ["dagster"] };
  await expect(asked(schedulerHealth, only)).rejects.toThrow(
    "It needs the stream daemons, which is opt-in: dagsync sync --streams default,daemons.",
  );
  const [insights] = asked.open;
  const note = async (pipeline: string) => (await insights!.answer(missedRuns, { pipelines: [pipeline] })).note;
  expect(await note("dagster")).toBe(
    "More is known with the opt-in stream ticks: dagsync sync --streams default,ticks.",
  );
  expect(await note("airflow")).toBeUndefined();
  expect(await note("ticked")).toBeUndefined();
});

test("needs_attention: components that are down come first", async () => {
  const rows = await asked(needsAttention, { pipelines: ["health_dagster"], limit: 9 });
  expect(rows.map(({ severity, kind, name, what }) => [severity, kind, name, what])).toEqual([
    [3, "scheduler_health", "BACKFILL", "It never ran."],
    [3, "scheduler_health", "SCHEDULER", "It is down. Its last heartbeat was 10 min before the last sync."],
    [2, "scheduler_health", "SENSOR", "It reports: a sensor."],
  ]);
});

test("stuck_waiting: whether the pool is full", async () => {
  const rows = await asked(stuckWaiting, { pipelines: ["people"] });
  expect(rows.map(({ task, cause }) => [task, cause])).toEqual([
    ["in endless", "scheduler"],
    ["in free", "scheduler"],
    ["in full", "pool full"],
    ["in narrow", "pool full"],
    ["in unknown", "pool full or scheduler"],
  ]);
});

test("manual_interventions: who cleared runs", async () => {
  const [cleared] = await asked(manualInterventions, { pipelines: ["people"] });
  expect(cleared).toMatchObject({ name: "cleared", reruns: 1, cleared_by: "bob (2), ann (1)" });
});
