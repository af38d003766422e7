/** Histories for questions that know more with opt-in streams. A comment next to each says what is special about it. */
import {
  backfillsTable as airflowBackfillsTable,
  assetEdgesTable,
  dagVersionsTable,
  taskEdgesTable,
  tasksTable,
} from "@org/sources/airflow";
import {
  assetChecksTable,
  backfillsTable as dagsterBackfillsTable,
  materializationsTable,
  stepsTable,
} from "@org/sources/dagster";
import { at, attempt, dag, further, jobRun, run, type World } from "@org/testkit/insights/world";

const failed = { state: "failed" };
const upstream = { state: "upstream_failed", try_number: 0 };
const skipped = { state: "skipped", try_number: 0 };

/** Tasks of a run on a day of October, each with what its row has besides. Those that ran took a minute. */
function flowRun(day: number, dag_version: number, tasks: Readonly<Record<string, object>>, dag_id = "flow") {
  const each = run(dag_id, `${dag_id} ${day}`, { due: `10-${day} 00:00`, took: 5 }, failed);
  const ran = (more: object) => !("try_number" in more);
  return {
    run: each,
    tasks: Object.entries(tasks).map(([name, more]) =>
      attempt(each, name, ran(more) ? [`10-${day} 00:00`, `10-${day} 00:01`] : [null, null], { ...more, dag_version }),
    ),
  };
}

const flows = [
  // y is skipped because of a. u may have been skipped by choose, which succeeded.
  flowRun(28, 2, { a: failed, b: failed, x: upstream, y: skipped, z: upstream, choose: {}, u: skipped, w: upstream }),
  flowRun(29, 2, { a: failed, b: {}, x: upstream, y: {}, z: upstream, choose: {}, u: upstream, w: {} }),
  // The dependencies of this version are unknown.
  flowRun(30, 3, { b: failed, x: upstream, w: upstream, y: skipped }),
  // A single task, for whose asset others wait.
  flowRun(31, 1, { only: failed }, "leaf"),
];
const edges = ["a x", "a y", "x z", "choose u", "a u", "b w"].map((edge) => edge.split(" "));

/** Hourly runs of 10 minutes. The second version came after the third run. */
const changed = [0, 1, 2, 3, 4, 5].map((hour) =>
  run("changed", `changed ${hour}`, { due: `10-29 0${hour}:00`, took: 10 }),
);

/** A run of a backfill: queued, and ended, unless it waits. */
const filled = (date: string, queued: string, end: string | null) =>
  run(
    "fills",
    `fills ${date}`,
    { due: `${date} 00:00`, delay: null, took: null },
    {
      ...{ run_type: "backfill", queued_at: at(queued) },
      ...(end !== null && { state: "success", start_date: at(queued), end_date: at(end) }),
    },
  );
const fill = (backfill_id: number, from: string, to: string, created: string, more: object = {}) => ({
  ...{ backfill_id, dag_id: "fills", from_date: at(from), to_date: at(to), created_at: at(created), ...more },
  ...{ reprocess_behavior: "failed", max_active_runs: 10, updated_at: at(created) },
});
const edgeOf = (asset_id: number, relation: string, dag_id: string, task_id = "") => ({
  ...{ asset_id, relation, dag_id, task_id, created_at: at("10-01 00:00"), updated_at: at("10-01 00:00") },
});

export const partsAirflow = {
  dags: ["flow", "leaf", "changed", "fills"].map((name) => dag(name)),
  runs: [
    ...flows.map((each) => each.run),
    ...changed,
    filled("09-01", "11-01 00:01", "11-01 01:00"),
    // Within the dates of both; the second one ran it again.
    filled("09-02", "11-02 06:01", "11-02 07:00"),
    // Within the dates of both; the second one left it alone.
    filled("09-03", "11-01 00:01", "11-01 02:00"),
    filled("09-04", "11-02 06:01", null),
    // Of a backfill that is not in the tables.
    filled("08-01", "11-02 06:01", null),
  ],
  tasks: [
    ...flows.flatMap((each) => each.tasks),
    ...changed.map((each, hour) =>
      attempt(each, "t", [`10-29 0${hour}:00`, `10-29 0${hour}:10`], { dag_version: hour < 3 ? 1 : 2 }),
    ),
  ],
  further: [
    further(tasksTable, [
      ...["a", "b", "x", "y", "z", "choose", "u", "w"].map((task_id) => ({
        ...{ dag_id: "flow", version_number: 2, task_id, operator: "PythonOperator", is_mapped: false },
        ...{ trigger_rule: "all_success", depends_on_past: false, wait_for_downstream: false },
      })),
    ]),
    further(
      taskEdgesTable,
      edges.map(([upstream_task_id, downstream_task_id]) => ({
        ...{ dag_id: "flow", version_number: 2, upstream_task_id, downstream_task_id },
      })) as object[],
    ),
    further(assetEdgesTable, [
      edgeOf(1, "produced_by", "flow", "z"),
      ...["later", "latest", "flow"].map((name) => edgeOf(1, "schedules", name)),
      edgeOf(2, "produced_by", "flow", "b"),
      edgeOf(3, "produced_by", "leaf", "only"),
      edgeOf(3, "schedules", "later"),
    ]),
    further(dagVersionsTable, [
      {
        ...{ dag_id: "changed", version_number: 2, id: "v2", created_at: at("10-29 02:30"), bundle_name: "git" },
        bundle_version: "abc",
      },
    ]),
    further(airflowBackfillsTable, [
      fill(1, "09-01 00:00", "09-03 00:00", "11-01 00:00", { is_paused: false, completed_at: at("11-01 02:00") }),
      fill(2, "09-02 00:00", "09-04 00:00", "11-02 06:00", { is_paused: true }),
    ]),
  ],
} satisfies Partial<World>;

const done = (run_id: string, job: string, start: string, end: string, more: object = {}) =>
  jobRun(run_id, job, [start, start, end], more);
const tagged = (backfill: string) => ({ tags: { "dagster/backfill": backfill } });
const event = (run_id: string, time: string, event_type = "MATERIALIZATION") => ({
  ...{ asset_id: '["orders"]', event_type, timestamp: at(time), run_id, partition: "", number: 0 },
  ...{ metadata: {}, tags: {}, failure_type: event_type === "FAILED" ? "FAILED" : null },
});
const step = (run_id: string, step_key: string, status: string, start: string | null, end: string | null) => ({
  ...{ run_id, step_key, status, start_time: start && at(start), end_time: end && at(end) },
  ...{ attempts: 1, attempt_times: [], materialization_count: 0 },
});
const requested = (id: string, status: string, partition_count: number, more: object = {}) => ({
  ...{ id, status, partition_count, is_asset_backfill: false, partition_set_name: `${id}_job_partition_set` },
  ...{ creation_time: at("11-01 00:00"), from_failure: false, tags: {}, ...more },
});

export const partsDagster = {
  jobRuns: [
    // Before the first materialization that is known.
    done("old", "load", "10-27 00:00", "10-27 00:10"),
    // It started before that one, which is its own.
    done("made", "load", "10-28 00:00", "10-28 00:10"),
    done("nothing", "load", "10-29 00:00", "10-29 00:10"),
    // What failed had materialized the asset, and the re-execution had nothing left to do.
    done("half", "load", "10-30 00:00", "10-30 00:10", { status: "FAILURE" }),
    done("rest", "load", "10-30 01:00", "10-30 01:10", { root_run_id: "half", parent_run_id: "half" }),
    // After the last sync of the materializations.
    done("unknown", "load", "11-02 08:00", "11-02 08:10"),
    done("checked", "__ASSET_JOB", "10-29 00:00", "10-29 00:10"),
    done("idle", "__ASSET_JOB", "10-30 00:00", "10-30 00:10"),
    // A job without assets.
    done("mail", "mail", "10-30 00:00", "10-30 00:10"),
    // A backfill of ten partitions: one ran before the window, two in it, one waits.
    done("p0", "part", "10-20 00:00", "10-20 00:10", tagged("b1")),
    done("p1", "part", "11-01 00:00", "11-01 00:10", tagged("b1")),
    done("p2", "part", "11-01 00:00", "11-01 00:10", tagged("b1")),
    jobRun("p3", "part", ["11-01 00:00", null, null], tagged("b1")),
    // It was canceled after one of three.
    done("p4", "stopped", "11-01 00:00", "11-01 00:10", tagged("b5")),
  ],
  further: [
    further(
      materializationsTable,
      [
        event("made", "10-28 00:05"),
        event("half", "10-30 00:05"),
        event("idle", "10-30 00:05", "FAILED"),
        event("", "11-02 05:00"),
      ],
      "11-02 06:00",
    ),
    further(assetChecksTable, [
      {
        ...{ asset_id: '["orders"]', check_name: "c", execution_id: "1", status: "FAILED", severity: "WARN" },
        ...{ timestamp: at("10-29 00:05"), evaluated_at: at("10-29 00:05"), run_id: "checked", metadata: {} },
      },
    ]),
    further(stepsTable, [
      // In parallel.
      step("made", "left", "SUCCESS", "10-28 00:00", "10-28 00:10"),
      step("made", "right", "SUCCESS", "10-28 00:00", "10-28 00:10"),
      step("half", "first", "SUCCESS", "10-30 00:00", "10-30 00:03"),
      step("half", "second", "FAILURE", "10-30 00:03", "10-30 00:09"),
      step("half", "third", "SKIPPED", null, null),
      // The run ended before it, at 00:10.
      step("mail", "only", "IN_PROGRESS", "10-30 00:05", null),
    ]),
    further(dagsterBackfillsTable, [
      requested("b1", "REQUESTED", 10),
      requested("b2", "REQUESTED", 5),
      requested("b3", "REQUESTED", 7, { is_asset_backfill: true, partition_set_name: null }),
      // Nothing will come of it.
      requested("b4", "FAILED", 5),
      requested("b5", "CANCELED", 3),
    ]),
  ],
} as unknown as Partial<World>;
