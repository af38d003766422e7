/** Worlds for questions about load and unused things. The tables are as of Monday, 2 November 2026, 12:00 UTC. */
import { after, at, attempt, dag, jobRun, run, type World } from "@org/testkit/insights/world";

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/**
 * Three runs on 1 November: from 10:00 to 11:00, from 10:30 to 11:30, and, queued at 11:00, from 11:30 to 12:00. A week
 * before, one from 10:00 to 11:00, without task instances.
 */
const runs = [
  run("steps", "r1", { due: "11-01 10:00", took: 60 }),
  run("steps", "r2", { due: "11-01 10:30", took: 60 }),
  run("steps", "r3", { due: "11-01 11:00", delay: 30, took: 30 }, { state: "failed" }),
  run("steps", "r0", { due: "10-25 10:00", took: 60 }),
] as const;
const small = { pool: "small", pool_slots: 2 };

export const busy: Partial<World> = {
  dags: [dag("steps", { max_active_runs: 2, max_active_tasks: 16 })],
  runs,
  tasks: [
    // Waits ten minutes for a worker.
    attempt(runs[0], "a", ["11-01 10:10", "11-01 10:40"], {
      ...{ ...small, scheduled_when: at("11-01 10:00"), queued_when: at("11-01 10:00") },
    }),
    // Waits ten minutes for a slot.
    attempt(runs[1], "a", ["11-01 10:40", "11-01 11:10"], { ...small, scheduled_when: at("11-01 10:30") }),
    attempt(runs[2], "b", ["11-01 11:30", "11-01 12:00"], { state: "failed" }),
  ],
};

const scheduled = { "dagster/schedule_name": "daily" };
const by = (triggered_by: string, triggering_user_name: string | null = null) => ({
  triggered_by,
  triggering_user_name,
});

/** Ten scheduled runs, one of them failed; three manual ones; a backfill's; one a week before; and a running one. */
export const originAirflow: Partial<World> = {
  dags: [dag("mixed")],
  runs: [
    ...times(10, (index) =>
      run(
        "mixed",
        `s${index}`,
        { due: after("10-27 00:00", index * 12 * 60), took: 1 },
        index === 9 ? { state: "failed" } : {},
      ),
    ),
    run("mixed", "m1", { due: "10-28 05:00", took: 1 }, { run_type: "manual", ...by("rest_api", "ann") }),
    run(
      "mixed",
      "m2",
      { due: "10-28 06:00", took: 1 },
      { run_type: "manual", state: "failed", ...by("rest_api", "ann") },
    ),
    run("mixed", "m3", { due: "10-29 06:00", took: 1 }, { run_type: "manual", ...by("ui", "bob") }),
    run("mixed", "b1", { due: "10-29 07:00", took: 1 }, { run_type: "backfill", ...by("backfill") }),
    run("mixed", "s-before", { due: "10-25 00:00", took: 1 }),
    run("mixed", "now", { due: "11-02 11:00", took: null }),
  ],
};

/** A scheduled run that was retried automatically, a manual one, and one of a backfill. */
export const originDagster: Partial<World> = {
  jobRuns: [
    jobRun("d1", "job", ["10-28 00:00", "10-28 00:00", "10-28 00:10"], { tags: scheduled, status: "FAILURE" }),
    jobRun("d1-again", "job", ["10-28 00:11", "10-28 00:11", "10-28 00:20"], {
      ...{ root_run_id: "d1", parent_run_id: "d1", tags: { ...scheduled, "dagster/retry_number": "1" } },
    }),
    jobRun("d2", "job", ["10-29 00:00", "10-29 00:00", "10-29 00:10"], { tags: { user: "eve" } }),
    jobRun("d3", "other", ["10-29 00:00", "10-29 00:00", "10-29 00:10"], { tags: { "dagster/backfill": "bf1" } }),
  ],
};

const failed = run("broken", "x1", { due: "10-30 08:00", took: 10 }, { state: "failed" });
const cleared = run("broken", "x4", { due: "10-31 08:00", delay: 60, took: 10 }, { queued_at: at("10-31 09:00") });
const marked = run("broken", "x5", { due: "11-01 08:00", took: 20 });

/** One failure, and users' responses to it. */
export const helped: Partial<World> = {
  dags: [dag("broken")],
  runs: [
    failed,
    run("broken", "x2", { due: "10-30 23:00", took: 5 }, { run_type: "manual", triggering_user_name: "ann" }),
    // More than a day after the failure.
    run("broken", "x3", { due: "11-01 09:00", took: 5 }, { run_type: "manual", triggering_user_name: "ann" }),
    cleared,
    marked,
    run("broken", "x6", { due: "11-02 08:00", took: 5 }, { note: "The source was late." }),
  ],
  tasks: [
    attempt(cleared, "t", ["10-31 08:00", "10-31 08:05"], { state: "failed", is_latest: false }),
    attempt(cleared, "t", ["10-31 09:00", "10-31 09:10"], { try_number: 2 }),
    // A failed task in between that was not marked: the tasks after it succeeded.
    attempt(failed, "t", ["10-30 08:00", "10-30 08:10"], { state: "failed" }),
    attempt(marked, "first", ["11-01 08:00", "11-01 08:05"]),
    attempt(marked, "last", ["11-01 08:05", "11-01 08:10"], { state: "failed" }),
  ],
};

/** A user re-executed a failed run. */
export const helpedDagster: Partial<World> = {
  jobRuns: [
    jobRun("f1", "again", ["10-30 04:00", "10-30 04:00", "10-30 04:10"], { status: "FAILURE" }),
    jobRun("f1-again", "again", ["10-30 05:00", "10-30 05:00", "10-30 05:10"], {
      root_run_id: "f1",
      parent_run_id: "f1",
    }),
  ],
};

const ended = (state: string, end: string) => ({
  run_type: "backfill",
  state,
  start_date: at("11-02 06:00"),
  end_date: at(end),
});

/** A backfill of eleven runs: six ended in the last six hours, one is running, four wait. And a DAG that catches up three days. */
export const filling: Partial<World> = {
  dags: [dag("filling"), dag("catching")],
  runs: [
    ...times(11, (index) =>
      run(
        "filling",
        `b${index}`,
        { due: `09-${10 + index} 00:00`, delay: null, took: null },
        index < 6
          ? ended(index === 5 ? "failed" : "success", `11-02 0${6 + Math.floor(index / 2)}:30`)
          : { run_type: "backfill", ...(index === 6 ? { state: "running", start_date: at("11-02 11:00") } : {}) },
      ),
    ),
    ...["10-31", "11-01", "11-02"].map((date, index) =>
      run(
        "catching",
        date,
        { due: `${date} 00:00`, delay: null, took: null },
        {
          queued_at: at("11-02 09:00"),
          ...(index < 2 ? { state: "success", start_date: at("11-02 09:00"), end_date: at("11-02 09:30") } : {}),
        },
      ),
    ),
  ],
};

const bf = { tags: { "dagster/backfill": "bf1" } };

export const fillingDagster: Partial<World> = {
  jobRuns: [
    jobRun("p1", "part", ["11-01 00:00", "11-01 00:01", "11-01 00:10"], bf),
    jobRun("p2", "part", ["11-01 00:00", "11-01 00:01", "11-01 00:20"], bf),
    jobRun("p3", "part", ["11-01 00:00", "11-01 00:01", "11-01 00:20"], { ...bf, status: "CANCELED" }),
    jobRun("p4", "part", ["11-01 00:00", null, null], bf),
  ],
};

const daily = "0 0 * * *";
const twenty = (name: string, took: number, more: object = {}) =>
  times(20, (hour) => run(name, `${name} ${hour}`, { due: after("11-01 00:00", hour * 60), took }, more));
const lately = (name: string) => run(name, `${name} 1`, { due: "11-01 00:00", took: 5 });

/** Unused things: one DAG of each kind, and similar ones that are in use. The tables start on 1 August. */
export const untidy: Partial<World> = {
  dags: [
    ...["old", "unborn", "ordinary", "crowded"].map((name) => dag(name, { tags: "x" })),
    dag("resting", { tags: "x", is_paused: true, timetable_summary: daily }),
    dag("resting_lately", { tags: "x", is_paused: true, timetable_summary: daily }),
    dag("resting_without_schedule", { tags: "x", is_paused: true }),
    dag("hopeless", { tags: "x", timetable_summary: daily, max_active_runs: 1 }),
    dag("behind", { tags: "x", timetable_summary: daily }),
    dag("ghost", { is_stale: true }),
    dag("broken_file", { tags: "x", has_import_errors: true }),
    dag("nobody", { owners: "airflow" }),
    dag("roomy", { tags: "x" }),
  ],
  runs: [
    run("old", "old 1", { due: "08-01 12:00", took: 5 }),
    ...["ordinary", "broken_file", "nobody", "ghost"].map(lately),
    run("resting", "resting 1", { due: "09-20 12:00", took: 5 }),
    run("resting_lately", "resting_lately 1", { due: "10-25 12:00", took: 5 }),
    ...twenty("hopeless", 5, { state: "failed" }),
    ...times(3, (day) =>
      run("behind", `behind ${day}`, { due: `10-3${day === 2 ? 1 : day} 00:00`, delay: null, took: null }),
    ),
    ...twenty("roomy", 60),
    ...twenty("crowded", 61),
  ],
};

/** Three hourly runs of 30 minutes; an asset's, an hour long, once and twice on Mondays after 13:00. */
export const coming: Partial<World> = {
  dags: [
    dag("hourly", { timetable_summary: "5 * * * *", next_dagrun_create_after: at("11-02 12:05") }),
    // 06:00 in its zone, which is not in the table, is 05:00 UTC.
    dag("elsewhere", { timetable_summary: "0 6 * * *", next_dagrun_create_after: at("11-03 05:00") }),
    dag("zoned", {
      timetable_summary: "0 6 * * *",
      timezone: "Asia/Tokyo",
      next_dagrun_create_after: at("11-02 21:00"),
    }),
    dag("off", { timetable_summary: "* * * * *", is_paused: true }),
    dag("by_asset", { timetable_summary: "Asset" }),
  ],
  runs: [
    ...["09", "10", "11"].map((hour) => run("hourly", hour, { due: `11-02 ${hour}:05`, took: 30 })),
    ...["10-19 13:10", "10-26 13:10", "10-26 13:20"].map((due) =>
      run("by_asset", due, { due, took: 60 }, { run_type: "asset_triggered" }),
    ),
  ],
};

/** Six weeks since 21 September 12:00, each with one run more than the previous. */
export const growing: Partial<World> = {
  dags: [dag("growing")],
  runs: times(6, (week) => week).flatMap((week) =>
    times(week + 1, (index) =>
      run("growing", `${week} ${index}`, { due: after("09-21 12:00", week * 7 * 1440 + index * 60), took: 1 }),
    ),
  ),
};
