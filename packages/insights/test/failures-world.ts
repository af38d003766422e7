/** Additional histories of failures. A comment next to each DAG or job says what is special about it. */
import { attempt, dag, jobRun, run, type World } from "@org/testkit/insights/world";

const failed = { state: "failed" };

/** A task in a loop, with the same index and number in each iteration: one succeeded on retry, one failed, one waits. */
const loopRun = run("loops", "loop 1", { due: "10-30 00:00", took: 60 }, failed);
const inLoop = (region_index: number) => ({ region_id: "r", region_index, map_index: 0, max_tries: 1 });
const loopTasks = [
  attempt(loopRun, "step", ["10-30 00:00", "10-30 00:10"], { ...inLoop(0), ...failed, is_latest: false }),
  attempt(loopRun, "step", ["10-30 00:20", "10-30 00:30"], { ...inLoop(0), try_number: 2 }),
  attempt(loopRun, "step", ["10-30 00:00", "10-30 00:10"], { ...inLoop(1), ...failed, is_latest: false }),
  // Cleared two days later, which does not count as waiting.
  attempt(loopRun, "step", ["11-01 01:00", "11-01 01:10"], { ...inLoop(1), ...failed, try_number: 2 }),
  attempt(loopRun, "step", ["11-02 11:40", "11-02 11:50"], { ...inLoop(2), state: "up_for_retry" }),
  attempt(loopRun, "rest", ["10-30 00:00", "10-30 00:40"]),
];

/** A daily run that ends at 00:05. Broken for one day, two days and one day, and once before the window. */
const outcomes: Readonly<Record<string, string>> = {
  "09-19": "success",
  "09-20": "failed",
  "09-21": "success",
  "10-11": "failed",
  "10-12": "success",
  "10-13": "failed",
  "10-14": "failed",
  "10-15": "success",
  "10-16": "failed",
  "10-17": "success",
};
const breakRuns = Object.entries(outcomes).map(([date, state]) =>
  run("breaks", `breaks ${date}`, { due: `${date} 00:00`, took: 5 }, { state }),
);
/** A failed manual run does not break the schedule. */
const handRun = run("breaks", "by hand", { due: "10-18 00:00", took: 5 }, { run_type: "manual", ...failed });

/** Failed because the run timed out, without a failed task. */
const timeoutRun = run("times_out", "timeout 1", { due: "10-30 00:00", took: 60 }, failed);
const timeoutTasks = [attempt(timeoutRun, "slow", ["10-30 00:00", "10-30 00:50"])];

export const failuresAirflow = {
  dags: [dag("loops"), dag("breaks"), dag("times_out")],
  runs: [loopRun, ...breakRuns, handRun, timeoutRun],
  tasks: [...loopTasks, ...timeoutTasks],
} satisfies Partial<World>;

const again = (root: string, tags = {}) => ({ root_run_id: root, parent_run_id: root, tags });

export const failuresDagster = {
  jobRuns: [
    // Repaired manually, after it and its retry had failed.
    jobRun("helped", "helped", ["10-30 00:00", "10-30 00:00", "10-30 00:05"], { status: "FAILURE" }),
    jobRun("helped-2", "helped", ["10-30 00:06", "10-30 00:06", "10-30 00:10"], {
      status: "FAILURE",
      ...again("helped", { "dagster/retry_number": "1" }),
    }),
    jobRun("helped-3", "helped", ["10-30 09:00", "10-30 09:00", "10-30 09:05"], again("helped")),
    // Broken from the 28th to the 30th, with a canceled run in between.
    ...(["SUCCESS", "FAILURE", "CANCELED", "SUCCESS"] as const).map((status, index) =>
      jobRun(
        `stopped-${index}`,
        "stopped",
        [`10-${27 + index} 00:00`, `10-${27 + index} 00:00`, `10-${27 + index} 00:05`],
        {
          status,
          tags: { "dagster/schedule_name": "daily" },
        },
      ),
    ),
  ],
} satisfies Partial<World>;
