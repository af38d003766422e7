/** Why things run, where people intervene, what is backfilled, and what is unused. Computed by hand from load-world.ts. */
import { backfillProgress, hygiene, manualInterventions, runOrigins } from "@org/insights";
import { at } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { filling, fillingDagster, helped, helpedDagster, originAirflow, originDagster, untidy } from "./load-world.ts";
import { askedEverywhere } from "./places.ts";

const asked = askedEverywhere({
  origin_airflow: originAirflow,
  origin_dagster: originDagster,
  helped,
  helped_dagster: helpedDagster,
  filling,
  filling_dagster: fillingDagster,
  untidy,
});
const utc = { timezone: "UTC" };

test("run_origins", async () => {
  const rows = await asked(runOrigins, { ...utc, pipelines: ["origin_airflow", "origin_dagster"] });
  expect(rows[0]).toEqual({
    ...{ orchestrator: "airflow", pipeline: "origin_airflow", origin: "scheduled", by: "timetable", person: null },
    ...{ runs: 10, share: expect.closeTo(1000 / 14, 9), failed: 1, failed_percent: 10, jobs: 1, runs_before: 1 },
    daily: [27, 28, 29, 30, 31].map((day) => [`2026-10-${day}`, 2]),
  });
  expect(rows.slice(1).map(({ origin, by, person, runs, failed }) => [origin, by, person, runs, failed])).toEqual([
    ["manual", "rest_api", "ann", 2, 1],
    ["backfill", "backfill", null, 1, 0],
    ["backfill", "bf1", null, 1, 0],
    ["manual", "ui", "bob", 1, 0],
    ["manual", null, "eve", 1, 0],
    // Retried, and counted once, by its outcome.
    ["scheduled", "daily", null, 1, 0],
  ]);
  expect(rows.find(({ person }) => person === "ann")?.failed_percent).toBeNull();
});

test("manual_interventions", async () => {
  const hours = Array.from({ length: 24 }, () => 0);
  expect(await asked(manualInterventions, { ...utc, pipelines: ["helped", "helped_dagster"] })).toEqual([
    {
      ...{ orchestrator: "airflow", pipeline: "helped", name: "broken", total: 4, reruns: 1, manual_after_failure: 1 },
      ...{ marked_success: 1, notes: 1, at_night: 1, people: "ann (1)", cleared_by: null, last: at("11-02 08:05") },
      hours: hours.with(9, 1).with(23, 1),
    },
    {
      ...{ orchestrator: "dagster", pipeline: "helped_dagster", name: "again", total: 1, reruns: 1 },
      ...{
        manual_after_failure: 0,
        marked_success: 0,
        notes: 0,
        at_night: 1,
        people: null,
        cleared_by: null,
        last: at("10-30 05:00"),
      },
      hours: hours.with(5, 1),
    },
  ]);
});

test("backfill_progress", async () => {
  expect(await asked(backfillProgress, { pipelines: ["filling", "filling_dagster"] })).toEqual([
    {
      ...{ orchestrator: "airflow", pipeline: "filling", name: "filling", kind: "backfill", backfill: null },
      ...{ total: 11, done: 5, failed: 1, running: 1, queued: 4, percent: expect.closeTo(600 / 11, 9) },
      // One per hour, and five left.
      ...{ status: null, requested: null, not_created: null },
      ...{ first_due: at("09-10 00:00"), per_hour: 1, eta: at("11-02 17:00") },
    },
    expect.objectContaining({
      ...{ orchestrator: "dagster", name: "part", kind: "backfill", backfill: "bf1", total: 4, done: 2, failed: 1 },
      ...{ running: 0, queued: 1, percent: 75, first_due: null, per_hour: null, eta: null },
    }),
    expect.objectContaining({
      ...{ name: "catching", kind: "catch_up", total: 3, done: 2, queued: 1, first_due: at("10-31 00:00"), eta: null },
    }),
  ]);
});

test("hygiene", async () => {
  const rows = await asked(hygiene, { pipelines: ["untidy"] });
  expect(rows.map(({ kind, name, since }) => [kind, name, since])).toEqual([
    ["import_error", "broken_file", null],
    ["always_failing", "hopeless", at("11-01 00:05")],
    ["catch_up_backlog", "behind", at("10-30 00:00")],
    ["stale_with_runs", "ghost", null],
    ["paused", "resting", at("09-20 12:00")],
    ["never_run", "unborn", null],
    ["idle", "old", at("08-01 12:00")],
    ["no_owner", "nobody", null],
    ["no_tags", "nobody", null],
    ["unused_limit", "roomy", null],
  ]);
  expect(rows.map(({ what }) => what).slice(1, 3)).toEqual([
    "The last 20 runs failed, and its schedule goes on.",
    "3 scheduled runs wait.",
  ]);
  expect(rows[6]).toMatchObject({ what: "The last run was 93 days ago.", owners: "ann" });
  expect((await asked(hygiene, { pipelines: ["untidy"], kind: "idle" })).map(({ name }) => name)).toEqual(["old"]);
  expect((await asked(hygiene, { pipelines: ["dagster"] })).map(({ kind, name }) => [kind, name])).toEqual([
    ["stopped", "load_hourly"],
    ["never_materialized", "never"],
  ]);
});
