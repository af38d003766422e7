/** What fails, and what happens next. Expected numbers were computed by hand from small-world.ts and failures-world.ts. */
import { failuresByTask, firstPassRate, retryCost, timeToRecovery } from "@org/insights";
import { at } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { failuresAirflow, failuresDagster } from "./failures-world.ts";
import { askedEverywhere } from "./places.ts";

const asked = askedEverywhere({ more_airflow: failuresAirflow, more_dagster: failuresDagster });
const more = { pipelines: ["more_airflow", "more_dagster"] };
const DAY = 86_400;

test("failures_by_task", async () => {
  const rows = await asked(failuresByTask);
  expect(rows.map(({ dag, task }) => `${dag}.${task}`)).toEqual([
    "flaky.fetch",
    "daily_sales.load",
    "mapped.part",
    "cleared.work",
  ]);
  // Two attempts on each of four days, one on two days.
  expect(rows[0]).toEqual({
    pipeline: "airflow",
    dag: "flaky",
    task: "fetch",
    executions: 10,
    failed: 4,
    failed_percent: 40,
    instances: 4,
    persistent: 0,
    transient: 4,
    map_indexes: 0,
    distinct_days: 4,
    first: at("10-26 20:02"),
    last: at("10-29 20:02"),
    last_host: "worker-1",
    dag_percent: 100,
  });
  expect(rows[1]).toMatchObject({ executions: 7, failed: 2, persistent: 2, distinct_days: 2, last_host: "worker-2" });
  expect(rows[2]).toMatchObject({ executions: 3, failed: 1, persistent: 1, map_indexes: 1, last: at("10-29 10:20") });
  expect(rows[3]).toMatchObject({ executions: 2, failed: 1, persistent: 0, transient: 1 });
});

test("failures_by_task: iterations of a loop count separately", async () => {
  expect(await asked(failuresByTask, more)).toEqual([
    expect.objectContaining({
      dag: "loops",
      // Two of the first iteration, two of the second, one of the third, which waits for its retry.
      executions: 5,
      failed: 4,
      instances: 3,
      persistent: 1,
      transient: 1,
      map_indexes: 1,
      // At 00:10 on 30 October, 01:10 on 1 November and 11:50 on 2 November UTC: the 29th, 31st and 2nd in New York.
      distinct_days: 3,
    }),
  ]);
});

test("retry_cost", async () => {
  // In minutes: 14 x 15, 2 x 10, 10 + 20 + 40, 4 x (2 + 3) + 2 x 3, 6 x 10.
  const all = 210 + 20 + 70 + 26 + 60;
  const of = (dag: string, task: string, failed_attempts: number, failed: number, waiting: number) => ({
    pipeline: "airflow",
    dag,
    task,
    failed_attempts,
    failed_hours: expect.closeTo(failed / 60, 9),
    waiting_hours: expect.closeTo(waiting / 60, 9),
    share: expect.closeTo((failed / all) * 100, 9),
    cost: expect.closeTo(failed / 10, 9),
  });
  expect(await asked(retryCost, { rate: 6 })).toEqual([
    of("daily_sales", "load", 2, 20, 0),
    of("mapped", "part", 1, 20, 0),
    of("cleared", "work", 1, 10, 50),
    of("flaky", "fetch", 4, 8, 20),
  ]);
  // The first iteration waited for ten minutes. The second's next attempt came two days later.
  expect(await asked(retryCost, more)).toEqual([
    expect.objectContaining({ failed_attempts: 4, waiting_hours: expect.closeTo(1 / 6, 9), cost: null }),
  ]);
});

test("time_to_recovery", async () => {
  const rows = await asked(timeToRecovery);
  expect(rows.map(({ name, longest, open, failed_runs }) => [name, longest, open, failed_runs])).toEqual([
    ["mapped", 4 * DAY + 75 * 60, true, 1],
    ["load", 2 * DAY + 117 * 60, true, 2],
    ["daily_sales", DAY + 344 * 60, true, 2],
    ["few", DAY, false, 1],
  ]);
  expect(rows[0]).toMatchObject({ incidents: 1, median: null, p90: null, began: [at("10-29 10:45")] });
});

test("time_to_recovery: several failures, canceled and manual runs", async () => {
  const rows = await asked(timeToRecovery, more);
  expect(rows.find(({ name }) => name === "breaks")).toEqual({
    orchestrator: "airflow",
    pipeline: "more_airflow",
    name: "breaks",
    incidents: 3,
    median: DAY,
    p90: 2 * DAY,
    longest: 2 * DAY,
    open: false,
    failed_runs: 4,
    began: [at("10-11 00:05"), at("10-13 00:05"), at("10-16 00:05")],
    lengths: [DAY, 2 * DAY, DAY],
  });
  expect(rows.find(({ name }) => name === "stopped")).toMatchObject({ incidents: 1, longest: 2 * DAY, failed_runs: 1 });
  const all = await asked(timeToRecovery, { ...more, all_types: true, days: 60 });
  expect(all.find(({ name }) => name === "breaks")).toMatchObject({ incidents: 5, open: true });
});

test("first_pass_rate", async () => {
  const rows = await asked(firstPassRate);
  const of = (name: string) => rows.find((row) => row.name === name);
  expect(of("daily_sales")).toMatchObject({
    runs: 7,
    clean: 5,
    retried_only: 0,
    rerun_by_hand: 0,
    failed: 2,
    rate: null,
  });
  expect(of("cleared")).toMatchObject({ runs: 1, clean: 0, rerun_by_hand: 1 });
  expect(of("flaky")).toMatchObject({ runs: 6, clean: 2, retried_only: 4 });
  // The canceled run does not count.
  expect(of("ingest")).toMatchObject({ orchestrator: "dagster", runs: 4, clean: 3, retried_only: 1 });
  expect(of("load")).toMatchObject({ runs: 2, failed: 2 });
  const longer = await asked(firstPassRate, { days: 14 });
  expect(longer.find(({ name }) => name === "daily_sales")).toMatchObject({ rate: expect.closeTo(1200 / 14, 9) });
  const others = await asked(firstPassRate, more);
  expect(others.find(({ name }) => name === "helped")).toMatchObject({ runs: 1, rerun_by_hand: 1, retried_only: 0 });
  expect(others.find(({ name }) => name === "times_out")).toMatchObject({ runs: 1, failed: 1 });
});
