/** How reliable things are. Expected numbers were computed by hand from small-world.ts. */
import { defineQuestion, flakyTasks, successRate } from "@org/insights";
import { attempt, dag, run } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { askedEverywhere } from "./places.ts";

const waitingRun = run("waits", "waits 1", { due: "11-02 11:00", took: null });
const failed = ["11-02 11:00", "11-02 11:02"] as const;
const attempts = { max_tries: 3, state: "up_for_retry" };
const asked = askedEverywhere({
  // Airflow 3.4 shows a failed attempt twice while its task waits: in its own row, and in the next attempt's.
  since_34: {
    dags: [dag("waits")],
    runs: [waitingRun],
    tasks: [
      attempt(waitingRun, "t", failed, { ...attempts, state: "failed", is_latest: false }),
      attempt(waitingRun, "t", failed, { ...attempts, try_number: 2 }),
    ],
  },
  // Older versions show it once.
  before_34: { dags: [dag("waits")], runs: [waitingRun], tasks: [attempt(waitingRun, "t", failed, attempts)] },
});

const failedExecutions = defineQuestion({
  name: "failed_executions",
  sentence: "How many executions failed?",
  tables: ["airflow_task_instances"],
  parameters: {},
  columns: { n: { type: "integer", description: "" } },
  chart: { kind: "table" },
  sql: () => "SELECT sum(is_failed) AS n FROM executions",
});

test.each(["since_34", "before_34"])(
  "a failed attempt counts once while its task waits for a retry: %s",
  async (pipeline) => {
    expect(await asked(failedExecutions, { pipelines: [pipeline] })).toEqual([{ n: 1 }]);
  },
);

test("success_rate", async () => {
  const rows = await asked(successRate);
  const of = (name: string) => rows.find((row) => row.name === name);
  // 27 October to 2 November: seven runs, the last two failed. The five before: 20 to 25 October and the 26th at 06:16.
  expect(of("daily_sales")).toEqual({
    orchestrator: "airflow",
    pipeline: "airflow",
    name: "daily_sales",
    runs: 7,
    succeeded: 5,
    failed: 2,
    canceled: 0,
    running: 0,
    rate: expect.closeTo(500 / 7, 6),
    low: expect.closeTo(35.89, 1),
    high: expect.closeTo(91.78, 1),
    previous_rate: 100,
    change: null,
  });
  // The logical run of 30 October succeeded on its second attempt.
  expect(of("ingest")).toMatchObject({
    orchestrator: "dagster",
    runs: 5,
    succeeded: 4,
    failed: 0,
    canceled: 1,
    rate: 100,
  });
  expect(of("load")).toMatchObject({ runs: 2, failed: 2, running: 1, rate: 0 });
  // Due in September, and ended in the window.
  expect(of("backfilled")).toMatchObject({ runs: 2, succeeded: 2 });
  expect(of("long")).toMatchObject({ runs: 6, running: 1 });
  expect(rows.map(({ name }) => name)).not.toEqual(expect.arrayContaining(["gone_from_bundle"]));
  expect(of("purged")).toBeUndefined();
  expect((await asked(successRate, { include_stale: true })).map(({ name }) => name)).toContain("gone_from_bundle");
});

test("flaky_tasks", async () => {
  expect(await asked(flakyTasks)).toEqual([
    {
      pipeline: "airflow",
      dag: "flaky",
      task: "fetch",
      instances: 6,
      saved: 4,
      saved_percent: expect.closeTo(200 / 3, 6),
      failed_attempts: 4,
      attempts_p95: 2,
      max_tries: 2,
    },
  ]);
});
