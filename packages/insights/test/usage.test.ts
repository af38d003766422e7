/** Usage, and how both servers compare. Expected numbers were computed by hand from small-world.ts and the worlds here. */
import { costByOwner, sideBySide } from "@org/insights";
import { attempt, dag, jobRun, run, type World } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { askedEverywhere } from "./places.ts";

/** The window starts at 12:00 on 26 October, and the previous one a week earlier. */
const runs = [
  run("shared", "shared 1", { due: "11-01 00:00", took: 120 }),
  run("shared", "shared 0", { due: "10-26 11:00", took: 120 }, { state: "failed" }),
  run("own", "own 1", { due: "11-02 11:00", took: null }),
  run("own", "own 0", { due: "10-20 00:00", took: 240 }),
] as const;
const costs: Partial<World> = {
  dags: [dag("shared", { owners: "ann, bob", tags: "x, y" }), dag("own")],
  runs,
  tasks: [
    attempt(runs[0], "t", ["11-01 00:00", "11-01 02:00"]),
    // Half of it is in the window.
    attempt(runs[1], "t", ["10-26 11:00", "10-26 13:00"], { state: "failed" }),
    // Still running after an hour.
    attempt(runs[2], "t", ["11-02 11:00", null], { operator: "BashOperator", queue: "big", pool_slots: 3 }),
    attempt(runs[3], "t", ["10-20 00:00", "10-20 04:00"]),
  ],
};

/** Five successful runs of 10 to 50 minutes, a failure, and a DAG that does not exist in Dagster. */
const left: Partial<World> = {
  dags: [dag("Daily-Sales"), dag("other")],
  runs: [
    ...[1, 2, 3, 4, 5].map((day) =>
      run("Daily-Sales", `sales ${day}`, { due: `10-${26 + day} 00:00`, took: 10 * day }),
    ),
    run("Daily-Sales", "sales 6", { due: "11-01 00:00", took: 1 }, { state: "failed" }),
    run("other", "other 1", { due: "11-01 00:00", took: 1 }, { run_type: "manual" }),
  ],
};
/** Five successful runs of 5 minutes, started a minute after their creation, and a canceled one. */
const right: Partial<World> = {
  jobRuns: [27, 28, 29, 30, 31, 25 + 7].map((day) => {
    const date = day > 31 ? "11-01" : `10-${day}`;
    return jobRun(`sales-${day}`, "daily_sales", [`${date} 00:00`, `${date} 00:01`, `${date} 00:06`], {
      tags: { "dagster/schedule_name": "daily" },
      ...(day > 31 ? { status: "CANCELED" } : {}),
    });
  }),
};

const asked = askedEverywhere({ costs, left, right });

test("cost_by_owner", async () => {
  const cost = async (parameters: object) =>
    (await asked(costByOwner, { pipelines: ["costs"], ...parameters })).map(({ key, hours }) => [key, hours]);
  // In the window 2 and 1 hours of both and 1 of one, before it 1 and 4.
  expect(await asked(costByOwner, { pipelines: ["costs"], rate: 2 })).toEqual([
    {
      ...{ orchestrator: "airflow", pipeline: null, key: "ann", hours: 2.5, share: 62.5, runs: 3, failed_hours: 0.5 },
      ...{ hours_before: 4.5, change: expect.closeTo(-400 / 9, 9), cost: 5 },
    },
    {
      ...{ orchestrator: "airflow", pipeline: null, key: "bob", hours: 1.5, share: 37.5, runs: 2, failed_hours: 0.5 },
      ...{ hours_before: 0.5, change: 200, cost: 3 },
    },
  ]);
  expect(await cost({ split: false })).toEqual([
    ["ann", 4],
    ["bob", 3],
  ]);
  expect(await cost({ slots: true })).toEqual([
    ["ann", 4.5],
    ["bob", 1.5],
  ]);
  expect(await cost({ by: "tag" })).toEqual([
    ["x", 1.5],
    ["y", 1.5],
    ["(none)", 1],
  ]);
  expect(await cost({ by: "operator" })).toEqual([
    ["PythonOperator", 3],
    ["BashOperator", 1],
  ]);
  expect(await asked(costByOwner, { pipelines: ["costs"], by: "queue" })).toMatchObject([
    { key: "default", hours: 3, hours_before: 5, change: -40 },
    { key: "big", hours: 1, hours_before: 0, change: null, cost: null },
  ]);
  // Of Dagster the hours of runs: 30 + 5 + 10 + 1 minutes, 2 + 2 and 29 up to now, 30.
  expect(await asked(costByOwner, { by: "dag", pipelines: ["dagster"] })).toMatchObject([
    { pipeline: "dagster", key: "ingest", hours: expect.closeTo(46 / 60, 9), runs: 6, failed_hours: 5 / 60 },
    { key: "load", hours: expect.closeTo(33 / 60, 9), runs: 3, failed_hours: expect.closeTo(4 / 60, 9) },
    { key: "(asset runs)", hours: 0.5, share: expect.closeTo(3000 / 109, 9), runs: 1 },
  ]);
  expect(await asked(costByOwner, { pipelines: ["dagster"] })).toMatchObject([{ key: "(none)", runs: 10 }]);
  await expect(asked(costByOwner, { by: "team" as never })).rejects.toThrow(
    'cost_by_owner: by is "team": must be one of owner, tag, operator, dag, queue.',
  );
});

test("side_by_side", async () => {
  const both = { pipelines: ["left", "right"] };
  const dagster = {
    ...{ dagster_runs: 6, dagster_rate: 100, dagster_median: 300, dagster_p95: 300, dagster_landing_p90: 360 },
  };
  expect(await asked(sideBySide, both)).toEqual([
    {
      ...{
        name: "(all)",
        airflow: "(all)",
        dagster: "(all)",
        airflow_runs: 7,
        airflow_rate: expect.closeTo(600 / 7, 9),
      },
      ...{ airflow_median: 1200, airflow_p95: 3000, airflow_landing_p90: 3000, ...dagster },
    },
    {
      ...{ name: "Daily-Sales", airflow: "Daily-Sales", dagster: "daily_sales", airflow_runs: 6 },
      ...{
        airflow_rate: expect.closeTo(500 / 6, 9),
        airflow_median: 1800,
        airflow_p95: 3000,
        airflow_landing_p90: 3000,
      },
      ...dagster,
    },
  ]);
  const pairs = [
    { airflow: "other", dagster: "daily_sales" },
    { airflow: "Daily-Sales", dagster: "absent" },
  ];
  expect((await asked(sideBySide, { ...both, pairs })).slice(1)).toMatchObject([
    { name: "other", ...dagster, airflow_runs: 1, airflow_median: 60, airflow_p95: null, airflow_landing_p90: null },
    { name: "Daily-Sales", dagster: "absent", dagster_runs: 0, dagster_rate: null, dagster_median: null },
  ]);
  await expect(asked(sideBySide, { ...both, pairs: [pairs[0], { airflow: "x" }] })).rejects.toThrow(
    'side_by_side: pairs[1] must name a DAG and a job: { airflow: "daily_sales", dagster: "sales" }.',
  );
});
