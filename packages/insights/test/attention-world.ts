/** Additional histories for what needs attention now. A comment next to each DAG or job says what is special about it. */
import { at, attempt, dag, jobRun, run, type World } from "@org/testkit/insights/world";

const days = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Only one successful run, too few for a usual duration. One has been running for 7 hours, one for 5. */
const rareRuns = [
  run("rare", "rare 1", { due: "10-20 05:00", took: 10 }),
  run("rare", "rare 2", { due: "11-02 05:00", took: null }),
  run("rare", "rare 3", { due: "11-02 07:00", took: null }),
  // The server dropped it while it was running.
  run("rare", "rare 0", { due: "10-01 05:00", took: null }, { purged_at: at("10-15 00:00") }),
];

/** Usually 10 minutes. The sixth run was cleared and took 5 hours, which does not count. Today's is deferred for an hour. */
const deferredRuns = [
  ...days(20, 24).map((day) => run("defers", `defers ${day}`, { due: `10-${day} 00:00`, took: 10 })),
  run("defers", "defers 25", { due: "10-25 01:00", took: 300 }),
  run("defers", "defers now", { due: "11-02 11:00", took: null }),
];
const deferredTasks = deferredRuns.map((each, index) => {
  if (index === 6) return attempt(each, "sense", ["11-02 11:00", null], { state: "deferred" });
  if (index === 5) return attempt(each, "sense", ["10-25 00:00", "10-25 06:00"]);
  return attempt(each, "sense", [`10-${20 + index} 00:00`, `10-${20 + index} 00:10`]);
});

/** Usually a minute, and running for 5: less than 10 minutes is never too long. */
const shortRuns = [
  ...days(20, 25).map((day) => run("short", `short ${day}`, { due: `10-${day} 00:00`, took: 1 })),
  run("short", "short now", { due: "11-02 11:55", took: null }),
];

/** At most one run and two tasks at once. The next run has been due since 08:00, and cannot be created. */
const fullRuns = [
  run("full", "full 1", { due: "11-02 11:00", took: null }),
  run("full", "full 2", { due: "11-02 11:00", delay: null, took: null }, { queued_at: at("11-02 11:20") }),
];
const waits = { try_number: 1, queued_when: null };
const fullTasks = [
  attempt(fullRuns[0]!, "a", ["11-02 11:50", null]),
  attempt(fullRuns[0]!, "b", [null, null], { state: "queued", queued_when: at("11-02 11:40"), queue: "slow" }),
  attempt(fullRuns[0]!, "c", [null, null], { state: "scheduled", scheduled_when: at("11-02 11:30"), ...waits }),
  // For only 5 minutes.
  attempt(fullRuns[0]!, "d", [null, null], { state: "scheduled", scheduled_when: at("11-02 11:55"), ...waits }),
];

/** One of at most 16 tasks waits for a slot. */
const slotRun = run("wants_slot", "slot 1", { due: "11-02 11:30", took: null });
const slotTasks = [
  attempt(slotRun, "t", [null, null], {
    state: "scheduled",
    scheduled_when: at("11-02 11:31"),
    pool: "small",
    dag_version: 3,
    ...waits,
  }),
];

const failed = { state: "failed" };
/** A manually triggered run failed, after a scheduled run had succeeded. */
const manualRuns = [
  run("by_hand", "own", { due: "10-28 00:00", took: 5 }),
  run("by_hand", "by hand", { due: "10-29 00:00", took: 5 }, { run_type: "manual", ...failed }),
];
/**
 * Failed on the 29th, 30th and 31st: `a` failed but succeeded on its second attempt, and `b` failed for good a minute
 * later. The run of 1 November failed too, was cleared at 11:00 on the 2nd, and is running again.
 */
const brokenRuns = [
  run("broken", "broken 28", { due: "10-28 00:00", took: 5 }),
  ...days(29, 31).map((day) => run("broken", `broken ${day}`, { due: `10-${day} 00:00`, took: 5 }, failed)),
  run("broken", "broken 1", { due: "11-01 00:00", delay: 35 * 60, took: null }, { queued_at: at("11-02 11:00") }),
];
const brokenTasks = [
  attempt(brokenRuns[3]!, "a", ["10-31 00:00", "10-31 00:01"], { ...failed, is_latest: false }),
  attempt(brokenRuns[3]!, "a", ["10-31 00:02", "10-31 00:03"], { try_number: 2 }),
  attempt(brokenRuns[3]!, "b", ["10-31 00:01", "10-31 00:02"], failed),
  attempt(brokenRuns[3]!, "c", ["10-31 00:01", "10-31 00:04"], failed),
  attempt(brokenRuns[4]!, "b", ["11-01 00:00", "11-01 00:03"], { ...failed, is_latest: false, dag_version: 2 }),
  attempt(brokenRuns[4]!, "b", ["11-02 11:00", null], { try_number: 2, dag_version: 2 }),
];

/** Expected by 01:00 each day. A manual run replaces the run before it, and no other. */
const byHand = { run_type: "manual" };
const promisedRuns = [
  run("deadlines", "p 26", { due: "10-26 00:00", took: 30 }),
  run("deadlines", "p 27", { due: "10-27 00:00", took: 30 }),
  run("deadlines", "p 28", { due: "10-28 00:00", took: 30 }, failed),
  run("deadlines", "again 28", { due: "10-28 02:00", took: 10 }, byHand),
  // None on the 29th.
  run("deadlines", "p 30", { due: "10-30 00:00", took: 90 }),
  run("deadlines", "by hand 30", { due: "10-30 12:00", took: 10 }, byHand),
  run("deadlines", "p 31", { due: "10-31 00:00", took: null }),
  run("deadlines", "p 1", { due: "11-01 00:00", took: 59 }),
  run("deadlines", "p 2", { due: "11-02 00:00", took: 60 }),
];

const due = { timetable_summary: "0 8 * * *", next_dagrun_create_after: at("11-02 08:00") };

export const attentionAirflow = {
  dags: [
    dag("rare"),
    dag("defers"),
    dag("short"),
    dag("full", { max_active_runs: 1, max_active_tasks: 2, ...due }),
    dag("wants_slot", { max_active_tasks: 16 }),
    dag("by_hand", { owners: "bob" }),
    dag("broken", { is_paused: true, owners: "bob" }),
    dag("unreadable", { has_import_errors: true, ...due }),
    // None of these has missed a run: within the grace period, paused, gone, or without a time-based schedule.
    dag("soon", { ...due, next_dagrun_create_after: at("11-02 11:50") }),
    dag("off", { is_paused: true, ...due }),
    dag("gone", { is_stale: true, ...due }),
    dag("always", { ...due, timetable_summary: "@continuous" }),
  ],
  runs: [...rareRuns, ...deferredRuns, ...shortRuns, ...fullRuns, slotRun, ...manualRuns, ...brokenRuns],
  tasks: [...deferredTasks, ...fullTasks, ...slotTasks, ...brokenTasks],
} satisfies Partial<World>;

/** Failed for the third time. */
const thirdRuns = days(27, 29).map((day) => run("third", `third ${day}`, { due: `10-${day} 00:00`, took: 5 }, failed));

export const deadlinesAirflow = {
  dags: [dag("deadlines"), dag("third")],
  runs: [...promisedRuns, ...thirdRuns],
} satisfies Partial<World>;

const of = (schedule: string) => ({ tags: { "dagster/schedule_name": schedule } });

export const attentionDagster = {
  jobRuns: [
    // Failed, then canceled: still broken.
    jobRun("sad-1", "sad", ["11-01 00:00", "11-01 00:00", "11-01 00:09"], { status: "FAILURE", ...of("sad_daily") }),
    jobRun("sad-2", "sad", ["11-02 00:00", "11-02 00:00", "11-02 00:09"], { status: "CANCELED", ...of("sad_daily") }),
    // Due at 06:00 and 18:00 in New York: 10:00 and 22:00 UTC, or 11:00 and 23:00 since 1 November.
    jobRun("twice-1", "twice", ["10-31 22:00:05", "10-31 22:01", "10-31 22:02"], of("twice_daily")),
    // A user ran it again later, which is not a run of the schedule.
    jobRun("twice-1-again", "twice", ["11-02 03:00", "11-02 03:01", "11-02 03:02"], {
      root_run_id: "twice-1",
      parent_run_id: "twice-1",
      ...of("twice_daily"),
    }),
    // One missed time, which may have been skipped.
    jobRun("once-1", "once", ["11-01 04:00:02", "11-01 04:01", "11-01 04:02"], of("once_daily")),
    jobRun("words-1", "words", ["10-01 04:00:02", "10-01 04:01", "10-01 04:02"], of("in_words")),
    jobRun("stopped-1", "stopped", ["10-01 04:00:02", "10-01 04:01", "10-01 04:02"], of("stopped")),
    jobRun("starting-1", "starts", ["11-02 10:00", null, null], { status: "STARTING" }),
  ],
  schedules: [
    ["sad_daily", "0 0 * * *", "sad", "RUNNING", null],
    ["twice_daily", "['0 6 * * *', '0 18 * * *']", "twice", "RUNNING", "America/New_York"],
    ["once_daily", "0 4 * * *", "once", "RUNNING", null],
    ["in_words", "sometimes", "words", "RUNNING", null],
    ["stopped", "0 4 * * *", "stopped", "STOPPED", null],
    ["new", "0 4 * * *", "new", "RUNNING", null],
  ].map(([name, cron_schedule, pipeline_name, status, execution_timezone]) => ({
    id: name!,
    name: name!,
    cron_schedule: cron_schedule!,
    pipeline_name: pipeline_name!,
    status: status!,
    running_count: 0,
    execution_timezone: execution_timezone!,
    description: null,
    repository: "__repository__",
    code_location: "warehouse",
  })),
} as unknown as Partial<World>;
