/** What older questions know more with opt-in streams. Expected numbers were computed by hand from parts-world.ts. */
import { backfillProgress, costByOwner, didNothing, failureBlastRadius, failuresAfterChange } from "@org/insights";
import { at } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { partsAirflow, partsDagster } from "./parts-world.ts";
import { askedEverywhere } from "./places.ts";

const asked = askedEverywhere({ parts: partsAirflow, parts_dagster: partsDagster });
const airflow = { pipelines: ["parts"] };
const dagster = { pipelines: ["parts_dagster"] };

test("failure_blast_radius: what follows the failed task, and the DAGs that wait for its assets", async () => {
  expect(await asked(failureBlastRadius, airflow)).toEqual([
    {
      ...{ pipeline: "parts", dag: "flow", task: "a", failed_runs: 2, shared_runs: 1 },
      // x and z; and x, z and u. Only y was skipped because of it. later and latest wait for the asset of z.
      ...{ blocked_instances: 5, blocked_per_failure: 2.5, skipped_instances: 1, waiting_dags: 2, edges_percent: 100 },
      last: at("10-29 00:01"),
    },
    {
      ...{ pipeline: "parts", dag: "flow", task: "b", failed_runs: 2, shared_runs: 1 },
      // w, and without dependencies everything that did not run: x and w.
      ...{ blocked_instances: 3, blocked_per_failure: 1.5, skipped_instances: 0, waiting_dags: 0, edges_percent: 50 },
      last: at("10-30 00:01"),
    },
    {
      ...{ pipeline: "parts", dag: "leaf", task: "only", failed_runs: 1, shared_runs: 0 },
      ...{ blocked_instances: 0, blocked_per_failure: 0, skipped_instances: null, waiting_dags: 1, edges_percent: 0 },
      last: at("10-31 00:01"),
    },
  ]);
});

test("failures_after_change: when the version was created, and from what", async () => {
  expect(await asked(failuresAfterChange, airflow)).toEqual([
    expect.objectContaining({
      ...{ dag: "changed", version: 2, created: at("10-29 02:30"), first_seen: at("10-29 03:00") },
      ...{ bundle_version: "abc", runs_before: 3, runs_after: 3, verdict: "no change" },
    }),
    // A version of flow that no stream has seen.
    expect.objectContaining({ dag: "flow", version: 3, created: null, bundle_version: null, verdict: "too few" }),
  ]);
});

test("backfill_progress: Airflow's backfills by id", async () => {
  const rows = await asked(backfillProgress, airflow);
  const of = ["backfill", "status", "total", "done", "queued", "not_created", "percent"] as const;
  expect(rows.map((row) => of.map((name) => row[name]))).toEqual([
    ["2", "paused", 2, 1, 1, null, 50],
    [null, null, 1, 0, 1, null, 0],
    ["1", "completed", 2, 2, 0, null, 100],
  ]);
  expect(rows[0]).toMatchObject({ name: "fills", requested: at("11-02 06:00"), first_due: at("09-02 00:00") });
});

test("backfill_progress: what Dagster's backfills have yet to create", async () => {
  const rows = await asked(backfillProgress, dagster);
  const of = ["name", "backfill", "status", "total", "done", "queued", "not_created", "percent"] as const;
  expect(rows.map((row) => of.map((name) => row[name]))).toEqual([
    // Four of ten exist; one of these ended before the window.
    ["part", "b1", "requested", 9, 2, 1, 6, expect.closeTo(200 / 9, 9)],
    ["b2_job", "b2", "requested", 5, 0, 0, 5, 0],
    ["stopped", "b5", "canceled", 1, 1, 0, 0, 100],
    // How many runs the partitions of assets take is unknown.
    ["(asset runs)", "b3", "requested", 0, 0, 0, null, null],
  ]);
  const open = rows.filter((row) => backfillProgress.isFinding!(row)).map(({ backfill }) => backfill);
  expect(open).toEqual(["b1", "b2", "b3"]);
});

test("did_nothing: Dagster's runs that touched no asset", async () => {
  expect(await asked(didNothing, dagster)).toEqual([
    {
      ...{ orchestrator: "dagster", pipeline: "parts_dagster", name: "(asset runs)", runs: 2, empty_runs: 1 },
      ...{ percent: 50, last_useful_run: at("10-29 00:10") },
    },
    {
      ...{ orchestrator: "dagster", pipeline: "parts_dagster", name: "load", runs: 3, empty_runs: 1 },
      ...{ percent: expect.closeTo(100 / 3, 9), last_useful_run: at("10-30 01:10") },
    },
  ]);
});

test("cost_by_owner: hours of Dagster's steps, and of runs whose steps are unknown", async () => {
  const rows = await asked(costByOwner, { ...dagster, by: "dag" });
  const minutes = ({ key, runs, hours, failed_hours }: (typeof rows)[number]) => [
    ...[key, runs, Math.round(hours * 60), Math.round(failed_hours * 60)],
  ];
  expect(rows.map(minutes)).toEqual([
    // Two parallel steps, 3 and 6 minutes of steps, and four runs of 10 minutes.
    ["load", 6, 69, 6],
    ["(asset runs)", 2, 20, 0],
    ["part", 2, 20, 0],
    ["stopped", 1, 10, 0],
    ["mail", 1, 5, 0],
  ]);
});
