/** How slow and how late things are. Expected numbers were computed by hand from small-world.ts and the worlds here. */
import { durationAnomalies, durationSpread, gotFaster, gotSlower, runDurations, staleAssets } from "@org/insights";
import { after, at, attempt, dag, jobRun, run, type World } from "@org/testkit/insights/world";
import { expect, test } from "vitest";
import { askedEverywhere } from "./places.ts";

/** Days of 2026 by number: 0 is 5 October, a Monday; 28 is 2 November, the tables' current day. */
const dateOf = (day: number) => after("10-05 00:00", day * 24 * 60).slice(0, 5);
const daily = <T>(from: number, to: number, make: (date: string, day: number) => T) =>
  Array.from({ length: to - from + 1 }, (_, index) => make(dateOf(from + index), from + index));

/**
 * Daily at 02:00 UTC from 5 October to 2 November, with one task that takes the whole run. Since 28 October, the sixth day
 * from the end, it takes 20 minutes instead of 10, with version 2 of the DAG.
 */
const slowRuns = daily(0, 28, (date, day) =>
  run("slow", `slow ${date}`, { due: `${date} 02:00`, took: day < 23 ? 10 : 20 }),
);
const slowTasks = slowRuns.map((each, day) => {
  const due = `${dateOf(day)} 02:00`;
  return attempt(each, "work", [due, after(due, day < 23 ? 10 : 20)], { dag_version: day < 23 ? 1 : 2 });
});
/** The opposite, and one that takes 20 seconds longer: too little to report, although it is twice as long. */
const fastRuns = daily(0, 28, (date, day) =>
  run("fast", `fast ${date}`, { due: `${date} 03:00`, took: day < 23 ? 20 : 10 }),
);
const shortRuns = daily(0, 28, (date, day) =>
  run("short", `short ${date}`, { due: `${date} 04:00`, took: day < 23 ? 20 / 60 : 40 / 60 }),
);
/** Twice as long since 30 October: four runs in the window are too few. */
const newRuns = daily(10, 28, (date, day) =>
  run("seldom", `seldom ${date}`, { due: `${date} 05:00`, took: day < 22 ? 10 : 20 }),
).filter((_, index) => index < 12 || index > 14);

const changes: Partial<World> = {
  dags: ["slow", "fast", "short", "seldom"].map((name) => dag(name)),
  runs: [...slowRuns, ...fastRuns, ...shortRuns, ...newRuns],
  tasks: slowTasks,
};

/**
 * Ten minutes on even days, 11 on odd ones. An hour on 29 October, 10 seconds on 30 October. A second DAG takes an hour
 * every Monday, including 2 November, and ten minutes on other days.
 */
const usualRuns = daily(-10, 28, (date, day) => {
  const took = { 24: 60, 25: 10 / 60 }[day] ?? 10 + Math.abs(day % 2);
  return run("usual", `usual ${date}`, { due: `${date} 02:00`, took });
});
const mondayRuns = daily(-10, 28, (date, day) =>
  run("mondays", `mondays ${date}`, { due: `${date} 06:00`, took: day % 7 === 0 ? 60 : 10 }),
);
/** Nine runs of a minute, and one of an hour: too few before it. */
const youngRuns = daily(19, 28, (date, day) =>
  run("young", `young ${date}`, { due: `${date} 07:00`, took: day < 28 ? 1 : 60 }),
);
/** Hourly, 10 minutes each up to 10:00 on Monday 2 November, then half an hour. */
const hourlyRuns = Array.from({ length: 40 }, (_, hour) =>
  run("hourly", `hourly ${hour}`, { due: after("10-31 20:00", hour * 60), took: hour < 39 ? 10 : 30 }),
);
const anomalies: Partial<World> = {
  dags: ["usual", "mondays", "young", "hourly"].map((name) => dag(name)),
  runs: [...usualRuns, ...mondayRuns, ...youngRuns, ...hourlyRuns],
};

/** Asset runs of an hourly schedule, and a job every ten minutes: when and by which run an asset was last materialized. */
const hourlyAssetRuns = [6, 7, 8, 9, 10, 11].map((hour) => {
  const due = `11-02 ${String(hour).padStart(2, "0")}:00`;
  return jobRun(`hourly-${hour}`, "__ASSET_JOB", [due, due, after(due, 5)], {
    tags: { "dagster/schedule_name": "hourly" },
  });
});
const tenMinutelyRuns = [0, 10, 20, 30].map((minute) => {
  const due = after("11-02 10:40", minute);
  return jobRun(`often-${minute}`, "often", [due, due, after(due, 1)]);
});
const assets: Partial<World> = {
  jobRuns: [...hourlyAssetRuns, ...tenMinutelyRuns],
  assets: [
    asset("fresh", "hourly-11", "11-02 11:05"),
    asset("left_out", "hourly-8", "11-02 08:05"),
    asset("young", "often-30", "11-02 11:11"),
    asset("elsewhere", "purged", "10-01 00:00"),
  ],
};

function asset(name: string, run_id: string, time: string): NonNullable<typeof assets.assets>[number] {
  return {
    id: JSON.stringify([name]),
    key_path: name,
    description: null,
    last_materialization_run_id: run_id,
    last_materialization_time: at(time),
    group_name: null,
    repository: "__repository__",
    code_location: "warehouse",
  };
}

const asked = askedEverywhere({ changes, anomalies, assets });

test("run_durations", async () => {
  const rows = await asked(runDurations);
  const of = (name: string, task: string | null = null) => rows.find((row) => row.name === name && row.task === task);
  // Seven runs in the window, the last two of them failed: five times 15 minutes.
  expect(of("daily_sales")).toEqual({
    orchestrator: "airflow",
    pipeline: "airflow",
    name: "daily_sales",
    task: null,
    n: 5,
    min: 900,
    median: 900,
    p95: 900,
    max: 900,
    hours: 1.25,
    failed: 2,
  });
  expect(of("daily_sales", "extract")).toMatchObject({ n: 7, median: 300, failed: 0 });
  expect(of("daily_sales", "load")).toMatchObject({ n: 5, median: 600, failed: 2 });
  // Indexes of 10 and 40 minutes; the third failed. Two are too few for a 95th percentile.
  expect(of("mapped", "part")).toMatchObject({ n: 2, min: 600, median: 600, p95: null, max: 2400, failed: 1 });
  expect(of("mapped")).toMatchObject({ n: 0, min: null, median: null, p95: null, max: null, hours: 0, failed: 1 });
  // Its run was cleared, so its start is the time of the clear. The task's attempt keeps its own start.
  expect(of("cleared")).toBeUndefined();
  expect(of("cleared", "work")).toMatchObject({ n: 1, median: 600, failed: 0 });
  // Neither the logical run that succeeded on its second attempt nor the canceled one.
  expect(of("ingest")).toMatchObject({ orchestrator: "dagster", n: 3, median: 600, p95: 600, failed: 0 });
  expect(of("odd_clock")).toBeUndefined();
  expect(rows[0]).toMatchObject({ name: "daily_sales", task: null });
});

const inChanges = { pipelines: ["changes"] };

test("got_slower", async () => {
  const rows = await asked(gotSlower, inChanges);
  // In the window 27 October to 2 November, one run of 10 minutes and six of 20; before it 22 of 10.
  const slow = {
    orchestrator: "airflow",
    pipeline: "changes",
    name: "slow",
    n: 7,
    n_before: 22,
    before: 600,
    after: 1200,
    ratio: 2,
    extra_hours_per_week: expect.closeTo((7 * 600) / 3600, 9),
    // 02:00 UTC on 28 October is 22:00 the day before in New York.
    since: "2026-10-27T04:00:00.000000Z",
  };
  expect(rows).toEqual([
    { ...slow, task: null, dag_version_then: 2, daily: expect.anything() },
    { ...slow, task: "work", dag_version_then: 2, daily: expect.anything() },
  ]);
  expect(rows[0]!.daily).toHaveLength(29);
  expect(rows[0]!.daily[0]).toEqual(["2026-10-04", 600]);
  expect(rows[0]!.daily.at(-1)).toEqual(["2026-11-01", 1200]);
  expect(await asked(gotSlower, { ...inChanges, ratio: 2.1 })).toEqual([]);
  // With a lower minimum the four runs of `seldom` suffice, and with a lower floor the seconds of `short` matter.
  const names = async (parameters: object) =>
    new Set((await asked(gotSlower, { ...inChanges, ...parameters })).map(({ name }) => name));
  expect(await names({ min_runs: 4 })).toEqual(new Set(["slow", "seldom"]));
  expect(await names({ floor: 20 })).toEqual(new Set(["slow", "short"]));
});

test("got_faster", async () => {
  expect(await asked(gotFaster, inChanges)).toMatchObject([
    {
      name: "fast",
      task: null,
      n: 7,
      before: 1200,
      after: 600,
      ratio: 0.5,
      extra_hours_per_week: expect.closeTo((-7 * 600) / 3600, 9),
      since: "2026-10-27T04:00:00.000000Z",
      dag_version_then: null,
    },
  ]);
  expect(await asked(gotFaster)).toEqual([]);
});

test("duration_anomalies", async () => {
  const usual = { orchestrator: "airflow", pipeline: "anomalies", name: "usual", task: null, usual: 600 };
  expect(await asked(durationAnomalies, { pipelines: ["anomalies"] })).toEqual([
    // Of the 30 runs before it, four were on a Wednesday in New York: two of 10 minutes and two of 11. The median
    // deviation is 0, so a twentieth of the median is used: 0.6745 x 3000 / 30.
    {
      ...usual,
      run: "usual 10-29",
      started: at("10-29 02:00"),
      took: 3600,
      n: 4,
      z: expect.closeTo(67.45, 9),
      direction: "longer",
    },
    // Hours of a single Monday are not several Mondays, so all 30 runs before it count: 0.6745 x 1200 / 30.
    {
      ...{ ...usual, name: "hourly", run: "hourly 39", started: at("11-02 11:00"), took: 1800 },
      ...{ n: 30, z: expect.closeTo(26.98, 9), direction: "longer" },
    },
    // The 30 before it have a median of 11 minutes, a twentieth of which is 33 seconds: 0.6745 x -590 / 33.
    {
      ...usual,
      run: "usual 10-30",
      started: at("10-30 02:00"),
      took: 10,
      n: 4,
      z: expect.closeTo((0.6745 * -590) / 33, 9),
      direction: "shorter",
    },
  ]);
  // The hour of Monday 2 November is usual for a Monday, and the run of `young` has nine runs before it.
  const young = await asked(durationAnomalies, { pipelines: ["anomalies"], min_runs: 9, z: 70 });
  expect(young).toMatchObject([{ name: "young", took: 3600, usual: 60, n: 9, z: expect.closeTo(0.6745 * 1180, 9) }]);
  expect(await asked(durationAnomalies)).toEqual([]);
});

test("duration_spread", async () => {
  // Of 30 days of `mondays`, five took an hour, and of `usual` 14 each took 10 and 11 minutes, beside an odd one at either end.
  const inAnomalies = { orchestrator: "airflow", pipeline: "anomalies", task: null, n: 30, median: 600 };
  expect(await asked(durationSpread, { pipelines: ["anomalies"] })).toEqual([
    { ...inAnomalies, name: "mondays", p95: 3600, p95_ratio: 6, iqr_ratio: 0 },
    { ...inAnomalies, name: "usual", p95: 660, p95_ratio: 1.1, iqr_ratio: 0.1 },
  ]);
  expect(await asked(durationSpread, { pipelines: ["anomalies"], floor: 61 })).toHaveLength(1);
  expect(await asked(durationSpread, { pipelines: ["anomalies"], min_runs: 31 })).toEqual([]);
});

test("stale_assets", async () => {
  // `ingest` succeeded on 27, 28 and 29 October at 04:11 and on the 30th at 04:18: gaps of a day, and one of 7 minutes more.
  const customers = {
    orchestrator: "dagster",
    pipeline: "dagster",
    asset: "customers",
    group: "default",
    state: "stale",
    last: at("10-29 04:10"),
    age: 4 * 86_400 + 7 * 3600 + 50 * 60,
    usual: 86_400,
    longest: 86_820,
    n: 3,
    ratio: expect.closeTo(373_800 / 86_400, 6),
    guess: true,
    last_run: "ingest-29",
    job: "ingest",
  };
  const nothing = { last: null, age: null, usual: null, longest: null, n: 0, ratio: null, guess: false };
  const never = {
    ...{ orchestrator: "dagster", pipeline: "dagster", asset: "never", group: "default", state: "never" },
    ...{ ...nothing, last_run: null, job: null },
  };
  expect(await asked(staleAssets)).toEqual([customers, never]);
  // Manual asset runs have no rhythm.
  const all = await asked(staleAssets, { all: true });
  expect(all.map(({ asset, state }) => [asset, state])).toEqual([
    ["customers", "stale"],
    ["never", "never"],
    ["orders", "unknown"],
  ]);
  // Made at 08:05 of five gaps of an hour: 3 h 55 min. The youngest is older than two gaps of 10 minutes, and not yet an hour.
  const others = await asked(staleAssets, { pipelines: ["assets"], all: true });
  expect(others.map(({ asset, state, usual, n }) => ({ asset, state, usual, n }))).toEqual([
    { asset: "left_out", state: "stale", usual: 3600, n: 5 },
    { asset: "elsewhere", state: "unknown", usual: null, n: 0 },
    { asset: "young", state: "fresh", usual: 600, n: 3 },
    { asset: "fresh", state: "fresh", usual: 3600, n: 5 },
  ]);
});
