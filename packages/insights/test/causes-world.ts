/** Additional histories of why things fail. A comment next to each DAG or job says what is special about it. */
import { after, at, attempt, dag, jobRun, run, type World } from "@org/testkit/insights/world";

const failed = { state: "failed" };
const hour = (number: number) => after("10-29 00:00", number * 60);

/** Hourly runs since 29 October 00:00, each with one attempt of this many minutes, with a version and a state. */
function hourly(dag_id: string, history: readonly (readonly [took: number, version: number, state: string])[]) {
  const runs = history.map(([took, version, state], index) =>
    run(dag_id, `${dag_id} ${index}`, { due: hour(index), took }, { state, bundle_version: `commit ${version}` }),
  );
  const tasks = history.map(([took, dag_version, state], index) =>
    attempt(runs[index]!, "t", [hour(index), after(hour(index), took)], { state, dag_version }),
  );
  return { runs, tasks };
}
const times = <T>(count: number, each: T): T[] => Array.from({ length: count }, () => each);

/** The second version broke it. Its second run has an attempt of the first version too. */
const broke = hourly("broke", [...times(10, [10, 1, "success"] as const), ...times(3, [1, 2, "failed"] as const)]);
const clearedOnce = attempt(broke.runs[11]!, "t", [hour(11), after(hour(11), 0.5)], {
  ...failed,
  is_latest: false,
  try_number: 1,
  dag_version: 1,
});
broke.tasks[11] = { ...broke.tasks[11]!, try_number: 2, start_date: at(after(hour(11), 0.5)) };
/** 10 minutes, then 20: three versions, the third as slow as the second. */
const slowed = hourly("slowed", [
  ...times(25, [10, 1, "success"] as const),
  ...times(4, [20, 2, "success"] as const),
  ...times(25, [20, 3, "success"] as const),
]);
/** Two runs of the new version are too few. */
const young = hourly("young", [...times(5, [10, 1, "success"] as const), ...times(2, [10, 2, "failed"] as const)]);

export const versionsAirflow = {
  dags: [dag("broke"), dag("slowed"), dag("young")],
  runs: [...broke.runs, ...slowed.runs, ...young.runs],
  tasks: [...broke.tasks, clearedOnce, ...slowed.tasks, ...young.tasks],
} satisfies Partial<World>;

/** A failed attempt of a DAG's task that ends at a given time. */
function failure(dag_id: string, end: string, hostname = "worker-1") {
  const each = run(dag_id, `${dag_id} ${end}`, { due: after(end, -1), took: 1 }, failed);
  return { each, task: attempt(each, `task_${dag_id}`, [after(end, -1), end], { ...failed, hostname }) };
}
/** Three nights at 03:00: a and b in each, c in two. d is 16 minutes later, and so not in the burst. */
const failures = [
  failure("a", "10-28 03:00", "worker-9"),
  failure("b", "10-28 03:05", "worker-9"),
  failure("c", "10-28 03:14", "worker-9"),
  failure("d", "10-28 03:30"),
  failure("a", "10-29 03:00", "worker-9"),
  failure("b", "10-29 03:00"),
  failure("a", "10-30 03:00"),
  failure("b", "10-30 03:01"),
  failure("c", "10-30 03:02"),
  // a alone, twice more.
  failure("a", "10-31 03:00"),
  failure("a", "11-01 03:00"),
];
export const burstsAirflow = {
  dags: [],
  runs: failures.map(({ each }) => each),
  tasks: failures.map(({ task }) => task),
} satisfies Partial<World>;
export const burstsDagster = {
  jobRuns: [jobRun("j", "job", ["10-29 03:00", "10-29 03:00", "10-29 03:10"], { status: "FAILURE" })],
} satisfies Partial<World>;

/**
 * 150 attempts, all at 10:00 on 29 October, a Thursday. 50 on one deployment's pods, whose names have random suffixes: 20
 * fail. 100 on another's: 5 fail.
 */
const wideRun = run("wide", "wide 1", { due: "10-29 10:00", took: 30 }, failed);
const wideTasks = Array.from({ length: 150 }, (_, map_index) => {
  const isBad = map_index < 50;
  const random = `${"bcdfghjklm"[map_index % 10]}${"npqrstvwxz"[Math.floor(map_index / 10) % 10]}${map_index % 2 ? "x2z" : "7kq"}`;
  return attempt(wideRun, "part", ["10-29 10:00", "10-29 10:05"], {
    map_index,
    state: (isBad ? map_index < 20 : map_index < 55) ? "failed" : "success",
    hostname: `${isBad ? "bad" : "good"}-worker-7d9f8b6c5d-${random}`,
    queue: isBad ? "gpu" : "default",
    executor: isBad ? "" : null,
  });
});
export const hostsAirflow = { dags: [dag("wide")], runs: [wideRun], tasks: wideTasks } satisfies Partial<World>;

/** Successful: all skipped, then only a branch and an empty task, then real work. */
const idleRuns = [27, 28, 29].map((day) => run("idle", `idle ${day}`, { due: `10-${day} 00:00`, took: 5 }));
const idleTasks = [
  attempt(idleRuns[0]!, "work", [null, null], { state: "skipped", try_number: 0 }),
  attempt(idleRuns[1]!, "choose", ["10-28 00:00", "10-28 00:01"], { operator: "_BranchPythonDecoratedOperator" }),
  attempt(idleRuns[1]!, "end", ["10-28 00:01", "10-28 00:01"], { operator: "EmptyOperator" }),
  attempt(idleRuns[1]!, "work", [null, null], { state: "skipped", try_number: 0 }),
  attempt(idleRuns[2]!, "work", ["10-29 00:00", "10-29 00:05"]),
];
/** Without tasks in the tables: unknown. */
const unknownRun = run("unknown", "unknown 1", { due: "10-29 00:00", took: 5 });
/** Two tasks failed in the first run and one in the second; downstream, three and one did not run. */
const blockedRuns = [28, 29].map((day) =>
  run("blocked", `blocked ${day}`, { due: `10-${day} 00:00`, took: 5 }, failed),
);
const upstream = { state: "upstream_failed", try_number: 0 };
const blockedTasks = [
  attempt(blockedRuns[0]!, "a", ["10-28 00:00", "10-28 00:01"], failed),
  attempt(blockedRuns[0]!, "b", ["10-28 00:00", "10-28 00:02"], failed),
  ...["x", "y", "z"].map((name) => attempt(blockedRuns[0]!, name, [null, null], upstream)),
  attempt(blockedRuns[1]!, "a", ["10-29 00:00", "10-29 00:01"], failed),
  attempt(blockedRuns[1]!, "x", [null, null], upstream),
];
export const flowAirflow = {
  dags: [dag("idle"), dag("unknown"), dag("blocked")],
  runs: [...idleRuns, unknownRun, ...blockedRuns],
  tasks: [...idleTasks, ...blockedTasks],
} satisfies Partial<World>;
