/** Why things fail, and the consequences. Expected numbers were computed by hand from small-world.ts and causes-world.ts. */
import {
  didNothing,
  failureBlastRadius,
  failureBursts,
  failuresAfterChange,
  failuresByHost,
  failureTimes,
} from "@org/insights";
import { at } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { burstsAirflow, burstsDagster, flowAirflow, hostsAirflow, versionsAirflow } from "./causes-world.ts";
import { askedEverywhere } from "./places.ts";

const asked = askedEverywhere({
  versions: versionsAirflow,
  bursts: burstsAirflow,
  bursts_dagster: burstsDagster,
  hosts: hostsAirflow,
  flow: flowAirflow,
});

test("failures_after_change", async () => {
  const rows = await asked(failuresAfterChange, { pipelines: ["versions"] });
  expect(rows.map(({ dag, version, verdict }) => `${dag} ${version}: ${verdict}`)).toEqual([
    "broke 2: fails more",
    "slowed 3: slower",
    "slowed 2: slower",
    "young 2: too few",
  ]);
  expect(rows[0]).toEqual({
    pipeline: "versions",
    dag: "broke",
    version: 2,
    created: null,
    // The eleventh hour since 29 October 00:00.
    first_seen: at("10-29 10:00"),
    bundle_version: "commit 2",
    runs_before: 10,
    runs_after: 3,
    rate_before: 100,
    rate_after: 0,
    median_before: 600,
    median_after: null,
    verdict: "fails more",
  });
  expect(rows[2]).toMatchObject({ runs_before: 20, runs_after: 4, median_before: 600, median_after: 1200 });
  // The 20 before the third version: 16 of the first, 10 minutes each, and 4 of the second, 20 minutes each.
  expect(rows[1]).toMatchObject({ runs_before: 20, runs_after: 20, median_before: 600, median_after: 1200 });
  expect(rows[3]).toMatchObject({ runs_before: 5, runs_after: 2, rate_before: 100, rate_after: null });
  expect(await asked(failuresAfterChange)).toEqual([]);
});

test("failure_bursts", async () => {
  const rows = await asked(failureBursts, { pipelines: ["bursts", "bursts_dagster"] });
  const nothing = { share: null, pool: "default_pool", operator: "PythonOperator" };
  expect(rows).toEqual([
    {
      kind: "burst",
      start: at("10-28 03:00"),
      end: at("10-28 03:14"),
      length: 840,
      names: ["a", "b", "c"],
      dags: 3,
      bursts: 1,
      tasks: 3,
      executions: 3,
      hostname: "worker-9",
      ...nothing,
    },
    // With Dagster's run, two of three are too few for a shared pool.
    expect.objectContaining({ names: ["a", "b", "job"], executions: 3, tasks: 2, hostname: null, pool: null }),
    expect.objectContaining({ names: ["a", "b", "c"], start: at("10-30 03:00"), hostname: "worker-1", ...nothing }),
    // a is in five bursts, b in three.
    expect.objectContaining({
      kind: "pair",
      names: ["a", "b"],
      bursts: 3,
      share: 60,
      tasks: null,
      start: at("10-28 03:00"),
    }),
  ]);
  const near = await asked(failureBursts, { pipelines: ["bursts"], gap: 20, min: 4 });
  // In microseconds more than 32 bits.
  expect(await asked(failureBursts, { pipelines: ["bursts"], gap: 40, min: 4 })).toEqual(near);
  expect(near.filter(({ kind }) => kind === "burst")).toEqual([
    expect.objectContaining({ names: ["a", "b", "c", "d"] }),
  ]);
});

test("failure_times", async () => {
  const rows = await asked(failureTimes);
  const failed = rows.filter(({ failed }) => failed > 0).map(({ weekday, hour, failed }) => [weekday, hour, failed]);
  expect(failed).toEqual([
    // flaky at 20:02 UTC, 16:02 in New York, on four days; daily_sales at 06:16 UTC, 01:16 since 1 November.
    [1, 1, 1],
    [1, 16, 1],
    [2, 16, 1],
    [3, 16, 1],
    // mapped.
    [4, 6, 1],
    [4, 16, 1],
    // ingest at 04:06 UTC, cleared at 08:10.
    [5, 0, 1],
    [5, 4, 1],
    // load at 10:03 UTC: 06:03, and 05:03 the day after.
    [6, 6, 1],
    [7, 1, 1],
    [7, 5, 1],
  ]);
  expect(await asked(failureTimes, { pipelines: ["hosts"], timezone: "Asia/Kolkata" })).toEqual([
    // 10:05 UTC is 15:35 there.
    { weekday: 4, hour: 15, executions: 150, failed: 25, rate: expect.closeTo(50 / 3, 9) },
  ]);
});

test("failures_by_host", async () => {
  const bad = { executions: 50, failed: 20, rate: 40, rest_executions: 100, rest_rate: 5, lift: 8 };
  expect(await asked(failuresByHost, { pipelines: ["hosts"] })).toEqual([
    { pipeline: "hosts", kind: "hostname", value: "bad-worker", ...bad },
    { pipeline: "hosts", kind: "queue", value: "gpu", ...bad },
  ]);
  expect(await asked(failuresByHost, { pipelines: ["hosts"], min_executions: 51 })).toEqual([]);
  expect(await asked(failuresByHost)).toEqual([]);
  const few = await asked(failuresByHost, { min_executions: 1 });
  // daily_sales failed twice on worker-2, and nothing else ran there.
  expect(few).toEqual([expect.objectContaining({ kind: "hostname", value: "worker-2", executions: 2, rate: 100 })]);
});

test("failure_blast_radius", async () => {
  expect(await asked(failureBlastRadius)).toEqual([
    {
      pipeline: "airflow",
      dag: "mapped",
      task: "part",
      failed_runs: 1,
      shared_runs: 0,
      blocked_instances: 1,
      blocked_per_failure: 1,
      ...{ skipped_instances: null, waiting_dags: null, edges_percent: 0 },
      last: at("10-29 10:20"),
    },
  ]);
  expect(await asked(failureBlastRadius, { pipelines: ["flow"] })).toEqual([
    expect.objectContaining({
      task: "a",
      failed_runs: 2,
      shared_runs: 1,
      blocked_instances: 4,
      blocked_per_failure: 2,
    }),
    expect.objectContaining({ task: "b", failed_runs: 1, shared_runs: 1, blocked_instances: 3 }),
  ]);
});

test("did_nothing", async () => {
  expect(await asked(didNothing)).toEqual([]);
  expect(await asked(didNothing, { pipelines: ["flow"] })).toEqual([
    {
      orchestrator: "airflow",
      pipeline: "flow",
      name: "idle",
      runs: 3,
      empty_runs: 2,
      percent: expect.closeTo(200 / 3, 9),
      last_useful_run: at("10-29 00:05"),
    },
  ]);
});
