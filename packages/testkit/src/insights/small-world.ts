/** The world for all questions. A comment next to each DAG or job says what is special about it. */
import { after, at, attempt, dag, jobRun, run, type World } from "./world.ts";

const days = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const two = (number: number) => String(number).padStart(2, "0");

/** Every day at 06:00 from 20 October on: 15 minutes, two tasks. The runs of 1 and 2 November failed in `load`. */
const dailyDates = [...days(20, 31).map((day) => `10-${day}`), "11-01", "11-02"];
const dailyRuns = dailyDates.map((date) =>
  run(
    "daily_sales",
    `daily ${date}`,
    { due: `${date} 06:00`, delay: 1, took: 15 },
    date < "11" ? {} : { state: "failed" },
  ),
);
const dailyTasks = dailyRuns.flatMap((each, index) => {
  const date = dailyDates[index]!;
  return [
    attempt(each, "extract", [`${date} 06:01`, `${date} 06:06`]),
    attempt(
      each,
      "load",
      [`${date} 06:06`, `${date} 06:16`],
      date < "11" ? {} : { state: "failed", hostname: "worker-2" },
    ),
  ];
});

/** Failed on 30 October at 08:10, cleared manually at 09:00, then succeeded: the first pass counts as failed. */
const clearedRun = run(
  "cleared",
  "cleared 1",
  { due: "10-30 08:00", delay: 60, took: 10 },
  { queued_at: at("10-30 09:00") },
);
const clearedTasks = [
  attempt(clearedRun, "work", ["10-30 08:00", "10-30 08:10"], { state: "failed", is_latest: false, max_tries: 0 }),
  attempt(clearedRun, "work", ["10-30 09:00", "10-30 09:10"], { try_number: 2, max_tries: 1 }),
];

/** Three mapped instances of 10, 20 and 40 minutes. The second failed, so downstream tasks did not run. */
const mappedRun = run("mapped", "mapped 1", { due: "10-29 10:00", took: 45 }, { state: "failed" });
const mappedTasks = [
  ...[10, 20, 40].map((minutes, map_index) =>
    attempt(mappedRun, "part", ["10-29 10:00", after("10-29 10:00", minutes)], {
      map_index,
      region_id: "region",
      region_index: map_index,
      state: map_index === 1 ? "failed" : "success",
    }),
  ),
  attempt(mappedRun, "join", [null, null], { state: "upstream_failed", try_number: 0, operator: "EmptyOperator" }),
];

/** Due in September, executed on 30 October. */
const backfillRuns = [1, 2, 3].map((day) =>
  run(
    "backfilled",
    `backfill 09-0${day}`,
    { due: `09-0${day} 00:00`, delay: null, took: null },
    {
      run_type: "backfill",
      state: day === 3 ? "queued" : "success",
      queued_at: at("10-30 14:00"),
      start_date: day === 3 ? null : at(`10-30 14:0${day}`),
      end_date: day === 3 ? null : at(`10-30 14:1${day}`),
    },
  ),
);

/** Triggered by an asset: no logical date. */
const assetRun = run(
  "on_asset",
  "asset 1",
  { due: "10-31 03:00", took: 5 },
  { run_type: "asset_triggered", logical_date: null },
);

/** From 05:30 to 06:30 UTC of 1 November: from 01:30 to 01:30 in New York, an hour later. */
const clockRun = run("over_the_switch", "switch 1", { due: "11-01 05:30", took: 60 });

/** Paused with two runs that wait since 1 November. */
const pausedRuns = [1, 2].map((number) =>
  run("paused", `waiting ${number}`, { due: `11-01 0${number}:00`, delay: null, took: null }, { run_type: "manual" }),
);

/** Two runs of a month that the server has purged. */
const purgedRuns = ["09-10", "09-11"].map((date) =>
  run("purged", `old ${date}`, { due: `${date} 00:00`, took: 30 }, { purged_at: at("10-15 00:00") }),
);

/** Ended a minute before it started, by a different clock. */
const oddRun = run("odd_clock", "odd 1", { due: "10-28 12:00", took: -1 });

/** Four runs: too few for most numbers. One failed. */
const fewRuns = days(27, 30).map((day) =>
  run("few", `few ${day}`, { due: `10-${day} 18:00`, took: 20 }, day === 28 ? { state: "failed" } : {}),
);

/** Six runs. In the first four, `fetch` failed once, after 2 minutes, and was retried 5 minutes later. */
const flakyRuns = days(26, 31).map((day) =>
  run("flaky", `flaky ${day}`, { due: `10-${day} 20:00`, took: day < 30 ? 10 : 3 }),
);
const flakyTasks = flakyRuns.flatMap((each, index) => {
  const date = `10-${two(26 + index)}`;
  if (index >= 4) return [attempt(each, "fetch", [`${date} 20:00`, `${date} 20:03`], { max_tries: 2 })];
  return [
    attempt(each, "fetch", [`${date} 20:00`, `${date} 20:02`], { state: "failed", is_latest: false, max_tries: 2 }),
    attempt(each, "fetch", [`${date} 20:07`, `${date} 20:10`], { try_number: 2, max_tries: 2 }),
  ];
});

/** No longer in its bundle, and its last run failed. */
const staleRun = run("gone_from_bundle", "stale 1", { due: "10-29 00:00", took: 1 }, { state: "failed" });

/** Six runs of 10 minutes, and one running since 09:00. */
const longRuns = [
  ...days(26, 31).map((day) => run("long", `long ${day}`, { due: `10-${day} 13:00`, took: 10 })),
  run("long", "long now", { due: "11-02 09:00", took: null }),
];
const longTasks = longRuns.map((each, index) =>
  attempt(each, "crunch", index < 6 ? [`10-${26 + index} 13:00`, `10-${26 + index} 13:10`] : ["11-02 09:00", null]),
);

export const airflowWorld = {
  dags: [
    dag("daily_sales", {
      timetable_summary: "0 6 * * *",
      tags: "finance",
      next_dagrun_create_after: at("11-03 06:00"),
    }),
    dag("cleared", { timetable_summary: "0 8 * * *", next_dagrun_create_after: at("11-03 08:00") }),
    dag("mapped", { owners: "bob" }),
    dag("backfilled"),
    dag("on_asset", { timetable_summary: "Asset" }),
    dag("over_the_switch", { timetable_summary: "30 1 * * *" }),
    dag("paused", { is_paused: true }),
    dag("purged"),
    dag("odd_clock"),
    // Should have run at 08:00 of 2 November, and did not.
    dag("few", { timetable_summary: "0 18 * * *", next_dagrun_create_after: at("11-02 08:00"), max_active_runs: 1 }),
    dag("flaky", { owners: "bob, ann" }),
    dag("gone_from_bundle", { is_stale: true }),
    dag("long"),
    dag("never_ran", { owners: "airflow" }),
  ],
  runs: [
    ...dailyRuns,
    clearedRun,
    mappedRun,
    ...backfillRuns,
    assetRun,
    clockRun,
    ...pausedRuns,
    ...purgedRuns,
    oddRun,
    ...fewRuns,
    ...flakyRuns,
    staleRun,
    ...longRuns,
  ],
  tasks: [...dailyTasks, ...clearedTasks, ...mappedTasks, ...flakyTasks, ...longTasks],
} satisfies Partial<World>;

const scheduled = { "dagster/schedule_name": "ingest_daily" };

export const dagsterWorld = {
  jobRuns: [
    // Three that succeed in 10 minutes, one that failed and was retried automatically, one that was canceled.
    ...[27, 28, 29].map((day) =>
      jobRun(`ingest-${day}`, "ingest", [`10-${day} 04:00`, `10-${day} 04:01`, `10-${day} 04:11`], { tags: scheduled }),
    ),
    jobRun("ingest-30", "ingest", ["10-30 04:00", "10-30 04:01", "10-30 04:06"], {
      status: "FAILURE",
      tags: scheduled,
    }),
    jobRun("ingest-30-again", "ingest", ["10-30 04:07", "10-30 04:08", "10-30 04:18"], {
      root_run_id: "ingest-30",
      parent_run_id: "ingest-30",
      tags: { ...scheduled, "dagster/retry_number": "1" },
    }),
    jobRun("ingest-31", "ingest", ["10-31 04:00", "10-31 04:01", "10-31 04:02"], {
      status: "CANCELED",
      tags: scheduled,
    }),
    // Failed twice when launched by a sensor; a user's third attempt is running.
    ...[31, 32].map((day) => {
      const date = day === 32 ? "11-01" : "10-31";
      const tags = { "dagster/sensor_name": "on_file" };
      return jobRun(`load-${day}`, "load", [`${date} 10:00`, `${date} 10:01`, `${date} 10:03`], {
        status: "FAILURE",
        tags,
      });
    }),
    jobRun("load-now", "load", ["11-02 11:30", "11-02 11:31", null]),
    // An asset run, and one that has been waiting for three hours.
    jobRun("assets-1", "__ASSET_JOB", ["10-31 00:00", "10-31 00:00", "10-31 00:30"]),
    jobRun("assets-2", "__ASSET_JOB", ["11-02 09:00", null, null]),
  ],
  assets: [
    ["orders", "assets-1", "10-31 00:25"],
    ["customers", "ingest-29", "10-29 04:10"],
    ["never", null, null],
  ].map(([name, run_id, time]) => ({
    id: JSON.stringify([name]),
    key_path: name!,
    description: null,
    last_materialization_run_id: run_id!,
    last_materialization_time: at(time!),
    group_name: "default",
    repository: "__repository__",
    code_location: "warehouse",
  })),
  schedules: [
    ["ingest_daily", "0 4 * * *", "ingest", "RUNNING"],
    ["load_hourly", "0 * * * *", "load", "STOPPED"],
  ].map(([name, cron_schedule, pipeline_name, status]) => ({
    id: name!,
    name: name!,
    cron_schedule: cron_schedule!,
    pipeline_name: pipeline_name!,
    status: status!,
    running_count: status === "RUNNING" ? 1 : 0,
    execution_timezone: "UTC",
    description: null,
    repository: "__repository__",
    code_location: "warehouse",
  })),
  sensors: [
    {
      id: "on_file",
      name: "on_file",
      sensor_type: "STANDARD",
      pipeline_name: "load",
      status: "RUNNING",
      active_run_ids: [],
      description: null,
      repository: "__repository__",
      code_location: "warehouse",
    },
  ],
} as unknown as Partial<World>;
