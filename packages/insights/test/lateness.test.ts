/** How late things are. Expected numbers were computed by hand from small-world.ts and the world here. */
import { landingTimes, queueWait, scheduleDelay } from "@org/insights";
import { after, at, attempt, dag, run, type World } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { askedEverywhere } from "./places.ts";

const seconds = (text: string, number: number) => after(text, number / 60);

/** Five hourly runs: created after 10 seconds and started 20 seconds later, the last one 320. Tasks start 30 seconds later. */
const hourlyRuns = [5, 6, 7, 8, 9].map((hour) => {
  const due = `11-02 0${hour}:00`;
  const delay = (hour < 9 ? 30 : 330) / 60;
  return run("hourly", `hourly ${hour}`, { due, delay, took: 10 }, { queued_at: at(seconds(due, 10)) });
});
const hourlyTasks = hourlyRuns.map((each, index) => {
  const start = seconds(`11-02 0${5 + index}:00`, index < 4 ? 60 : 360);
  return attempt(each, "work", [start, after(start, 5)]);
});
/** Deployed at 09:00 on 1 November, when it caught up five days. On time the next day. */
const caughtUpRuns = ["10-28", "10-29", "10-30", "10-31", "11-01"].map((date) =>
  run(
    "caught_up",
    `day ${date}`,
    { due: `${date} 00:00`, delay: null, took: null },
    {
      queued_at: at("11-01 09:00"),
      start_date: at("11-01 09:01"),
      end_date: at("11-01 09:02"),
      state: "success",
    },
  ),
);
const nextRun = run("caught_up", "day 11-02", { due: "11-02 00:00", took: 1 });

/** Six executions, scheduled 5 seconds before they were queued. The last one's worker has a clock that is behind. */
const waitingRun = run("waiting", "waiting 1", { due: "11-02 10:00", took: 30 }, { run_type: "manual" });
const waits = [10, 20, 30, 40, 400, -3].map((wait, index) =>
  attempt(waitingRun, `t${index}`, ["11-02 10:15", "11-02 10:20"], {
    pool: "small",
    queued_when: at(seconds("11-02 10:15", -wait)),
    scheduled_when: at(seconds("11-02 10:15", -wait - 5)),
  }),
);

const late: Partial<World> = {
  dags: ["hourly", "caught_up", "waiting"].map((name) => dag(name)),
  runs: [...hourlyRuns, ...caughtUpRuns, nextRun, waitingRun],
  tasks: [...hourlyTasks, ...waits],
};

/**
 * Due at 03:30 UTC from 6 October to 2 November: at 23:30 the day before in New York, and the last time at 22:30. Takes 21
 * minutes, and one more each day. Another DAG is due every half hour of one day.
 */
const landing: Partial<World> = {
  dags: [dag("nightly"), dag("often")],
  runs: [
    ...Array.from({ length: 28 }, (_, day) =>
      run("nightly", `nightly ${day}`, { due: after("10-06 03:30", day * 24 * 60), took: 21 + day }),
    ),
    ...Array.from({ length: 48 }, (_, index) =>
      run("often", `often ${index}`, { due: after("11-01 11:00", index * 30), took: 5 }),
    ),
  ],
};

const asked = askedEverywhere({ late, landing });
const inLate = { pipelines: ["late"] };

test("schedule_delay", async () => {
  expect(await asked(scheduleDelay, inLate)).toEqual([
    // Four times a minute, and once six.
    {
      orchestrator: "airflow",
      pipeline: "late",
      name: "hourly",
      n: 5,
      median: 60,
      p95: 360,
      max: 360,
      over_1m: 1,
      over_5m: 1,
      over_1h: 0,
      creation: 10,
      run_queue: (4 * 20 + 320) / 5,
      first_task: 30,
      main_part: "run_queue",
      catch_up: 0,
    },
    {
      orchestrator: "airflow",
      pipeline: "late",
      name: "caught_up",
      n: 1,
      median: 0,
      p95: null,
      max: 0,
      over_1m: 0,
      over_5m: 0,
      over_1h: 0,
      creation: 0,
      run_queue: 0,
      first_task: null,
      main_part: null,
      catch_up: 5,
    },
  ]);
  const rows = await asked(scheduleDelay);
  const of = (name: string) => rows.find((row) => row.name === name);
  // Started a minute after they were due, including the failed ones.
  expect(of("daily_sales")).toMatchObject({ n: 7, median: 60, p95: 60, creation: 0, run_queue: 60, first_task: 0 });
  // Five were launched by the schedule, and one was re-executed.
  expect(of("ingest")).toMatchObject({ n: 5, median: 60, creation: null, first_task: null, main_part: "run_queue" });
  // Its only run was cleared. This one was not scheduled.
  expect(of("cleared")).toBeUndefined();
  expect(of("load")).toBeUndefined();
  expect(of("backfilled")).toBeUndefined();
});

test("queue_wait", async () => {
  const [small, others] = await asked(queueWait, inLate);
  expect(small).toEqual({
    orchestrator: "airflow",
    key: "small",
    n: 5,
    median: 30,
    p95: 400,
    max: 400,
    over_1m: 1,
    over_5m: 1,
    total_hours: expect.closeTo(500 / 3600, 9),
    scheduler_median: 5,
    scheduler_p95: 5,
    scheduler_max: 5,
    negative: 1,
  });
  expect(others).toMatchObject({ key: "default_pool", n: 5, median: 0, negative: 0 });
  const keys = async (parameters: object) =>
    (await asked(queueWait, { ...inLate, ...parameters })).map(({ key, n }) => [key, n]);
  expect(await keys({ by: "job" })).toEqual([
    ["waiting", 5],
    ["hourly", 5],
  ]);
  expect(await keys({ by: "executor" })).toEqual([["(default)", 10]]);
  expect(await keys({ by: "all" })).toEqual([["all", 10]]);
  expect((await keys({ by: "hour" })).at(-1)).toEqual(["2026-11-02T10:00:00.000000Z", 5]);
  // There, hours start at half past.
  expect((await keys({ by: "hour", timezone: "Asia/Kolkata" })).at(-1)).toEqual(["2026-11-02T09:30:00.000000Z", 5]);

  // Dagster's runs waited a minute each, three of them are too few for percentiles, and one asset run did not wait.
  expect(await asked(queueWait, { pipelines: ["dagster"], by: "job" })).toMatchObject([
    { orchestrator: "dagster", key: "ingest", n: 6, median: 60, total_hours: 0.1, scheduler_max: null },
    { key: "load", n: 3, median: null, p95: null, max: 60 },
    { key: "(asset runs)", n: 1, max: 0 },
  ]);
  await expect(asked(queueWait, { by: "host" as never })).rejects.toThrow(
    'queue_wait: by is "host": must be one of pool, queue, executor, job, hour, all.',
  );
});

test("landing_times", async () => {
  const [last, nightly, often] = await asked(landingTimes, { pipelines: ["landing"] });
  // 27 runs that took 21 to 47 minutes: the 14th is 34, the 25th is 45.
  expect(nightly).toEqual({
    orchestrator: "airflow",
    pipeline: "landing",
    name: "nightly",
    slot: "23:30",
    n: 27,
    median: "00:04 (+1)",
    p90: "00:15 (+1)",
    latest: "00:17 (+1)",
    median_after: 34 * 60,
    p90_after: 45 * 60,
    latest_after: 47 * 60,
    trend: expect.closeTo(7, 9),
    daily: expect.anything(),
  });
  expect(nightly!.daily.at(0)).toEqual(["2026-10-05", 21 * 60]);
  expect(nightly!.daily).toHaveLength(27);
  // An hour earlier since the clocks went back.
  const few = { n: 1, median: null, p90: null, median_after: null, trend: null };
  expect(last).toMatchObject({ ...few, name: "nightly", slot: "22:30", latest: "23:18", latest_after: 48 * 60 });
  expect(often).toMatchObject({
    ...{ slot: null, n: 48, median: null, latest: null },
    median_after: 300,
    p90_after: 300,
  });

  const rows = await asked(landingTimes);
  const of = (name: string) => rows.filter((row) => row.name === name);
  // From 20 to 31 October, 16 minutes after 06:00 UTC. The last two failed.
  expect(of("daily_sales")).toMatchObject([{ slot: "02:00", n: 12, median: "02:16", p90: "02:16", trend: 0 }]);
  // The re-executed run has no usual time.
  expect(of("ingest")).toMatchObject([{ slot: "00:00", n: 3, median: null, latest: "00:11", latest_after: 660 }]);
  expect(of("backfilled")).toEqual([]);
});
