/** Histories of opt-in streams that have questions of their own. A comment next to each says what is special about it. */
import {
  assetEdgesTable as airflowEdgesTable,
  assetEventRunsTable,
  assetEventsTable,
  dagVersionsTable,
  hitlTable,
  importErrorsTable,
  taskEdgesTable,
  tasksTable,
} from "@org/sources/airflow";
import {
  assetChecksTable,
  codeLocationsTable,
  materializationsTable,
  stepsTable,
  ticksTable,
} from "@org/sources/dagster";
import { after, at, dag, further, jobRun, run, type World } from "@org/testkit/insights/world";

const tick = (name: string, time: string, seconds: number | null, status = "SUCCESS", more: object = {}) => ({
  ...{ instigator_id: name, tick_id: `${name} ${time}`, instigator_type: "SENSOR", instigator_name: name, status },
  ...{ repository: "__repository__", code_location: "warehouse", timestamp: at(time), run_keys: [], run_ids: [] },
  end_timestamp: seconds === null ? null : at(after(time, seconds / 60)),
  ...more,
});
const sensor = (name: string, status = "RUNNING") => ({
  ...{ id: name, name, sensor_type: "STANDARD", pipeline_name: null, status, description: null, active_run_ids: [] },
  ...{ repository: "__repository__", code_location: "warehouse" },
});
const id = (name: string) => JSON.stringify([name]);
const asset = (name: string) => ({
  ...{ id: id(name), key_path: name, description: null, last_materialization_run_id: null, group_name: "g" },
  ...{ last_materialization_time: null, repository: "__repository__", code_location: "warehouse" },
});
const event = (name: string, run_id: string, time: string, event_type = "MATERIALIZATION", more: object = {}) => ({
  ...{ asset_id: id(name), event_type, timestamp: at(time), run_id, partition: "", number: 0, metadata: {}, tags: {} },
  ...{ failure_type: event_type === "FAILED" ? "FAILED" : null, ...more },
});
const check = (name: string, execution_id: string, time: string, status: string, more: object = {}) => ({
  ...{ asset_id: id("orders"), check_name: name, execution_id, status, severity: status === "FAILED" ? "ERROR" : null },
  ...{ timestamp: at(time), evaluated_at: at(time), run_id: `run ${execution_id}`, metadata: {}, ...more },
});
const step = (run_id: string, step_key: string, [start, end]: readonly [string, string], more: object = {}) => ({
  ...{ run_id, step_key, status: "SUCCESS", start_time: at(start), end_time: at(end), attempts: 1 },
  ...{ attempt_times: [], materialization_count: 0, ...more },
});

const ended = (run_id: string, job: string, time: string, more: object = {}) =>
  jobRun(run_id, job, [time, time, time], more);

export const streamsDagster = {
  sensors: [sensor("watch"), sensor("broken"), sensor("off", "STOPPED")],
  assets: [asset("orders"), asset("clean")],
  jobRuns: [
    ended("first", "load", "11-01 01:00", { status: "FAILURE" }),
    ended("again", "load", "11-01 02:00", { root_run_id: "first", parent_run_id: "first" }),
    ended("second", "load", "11-01 03:00", { status: "FAILURE" }),
    ended("third", "load", "11-01 05:00"),
    ended("fourth", "load", "11-02 01:00", { status: "FAILURE" }),
  ],
  further: [
    further(ticksTable, [
      tick("watch", "10-20 00:00", 900),
      tick("watch", "11-01 00:00", 1, "SUCCESS", { run_ids: ["a", "b"] }),
      tick("watch", "11-01 01:00", 2, "SKIPPED"),
      tick("watch", "11-01 02:00", 3, "FAILURE", { error: "once" }),
      tick("watch", "11-01 03:00", 9, "SKIPPED"),
      tick("watch", "11-01 04:00", null, "STARTED"),
      tick("broken", "11-01 00:00", 1, "SKIPPED"),
      tick("broken", "11-01 01:00", 1, "FAILURE", { error: "first" }),
      tick("broken", "11-01 02:00", 1, "FAILURE", { error: "second" }),
      // It failed before it was stopped.
      tick("off", "11-01 02:00", 1, "FAILURE", { error: "gone" }),
    ]),
    further(materializationsTable, [
      // A re-execution made up for the failure.
      event("orders", "first", "11-01 01:00", "FAILED"),
      event("orders", "again", "11-01 02:00"),
      // Failed for good at 03:00, resolved at 05:00.
      event("orders", "second", "11-01 03:00", "FAILED"),
      event("orders", "third", "11-01 05:00"),
      event("orders", "fourth", "11-02 01:00", "FAILED"),
      // Skipped because something else failed.
      event("clean", "fourth", "11-02 01:00", "FAILED", { failure_type: "SKIPPED" }),
      event("clean", "third", "11-01 05:00"),
      event("clean", "third", "11-01 05:00", "OBSERVATION"),
    ]),
    further(assetChecksTable, [
      ...["1", "2", "3"].map((index) => check("not_null", `${index}`, `11-01 0${index}:00`, "SUCCEEDED")),
      check("not_null", "9", "11-01 09:00", "FAILED"),
      // Executed at the same time; ten is later than nine.
      check("not_null", "10", "11-01 09:00", "FAILED", { severity: "WARN" }),
      check("not_null", "11", "11-02 10:00", "IN_PROGRESS", { evaluated_at: null }),
      check("unique", "4", "11-01 04:00", "FAILED"),
      check("unique", "5", "11-01 05:00", "SUCCEEDED"),
      check("raises", "6", "11-01 06:00", "EXECUTION_FAILED"),
    ]),
    further(stepsTable, [
      step("third", "read", ["11-01 05:00", "11-01 05:10"]),
      step("third", "write", ["11-01 05:10", "11-01 05:40"], { attempts: 3 }),
      step("fourth", "read", ["11-02 01:00", "11-02 01:20"]),
      step("fourth", "write", ["11-02 01:20", "11-02 01:20"], { status: "FAILURE", attempts: 2 }),
      step("fourth", "report", ["11-02 01:20", "11-02 01:20"], { status: "SKIPPED", start_time: null, end_time: null }),
    ]),
    further(codeLocationsTable, [
      {
        name: "warehouse",
        load_status: "LOADED",
        updated_at: at("11-01 00:00"),
        repositories: [],
        library_versions: {},
      },
      {
        ...{
          name: "marketing",
          load_status: "FAILED",
          updated_at: at("11-02 06:00"),
          repositories: [],
          library_versions: {},
        },
        error: "\nModuleNotFoundError: No module named 'x'\n  at line 1\n",
      },
    ]),
  ],
} as unknown as Partial<World>;

const update = (asset_event_id: number, asset_id: number, time: string, source_dag_id: string | null) => ({
  ...{ asset_event_id, asset_id, asset_name: `asset_${asset_id}`, asset_group_name: "asset", timestamp: at(time) },
  ...{ source_dag_id, source_dag_run_id: source_dag_id && `${source_dag_id} ${time}`, source_map_index: -1 },
});
const reader = (name: string, due: string, delay: number) =>
  run("reader", name, { due, delay, took: 5 }, { run_type: "asset_triggered" });
const edgeTo = (asset_id: number, dag_id: string, relation = "schedules") => ({
  ...{ asset_id, relation, dag_id, task_id: "", created_at: at("10-01 00:00"), updated_at: at("10-01 00:00") },
});
const version = (dag_id: string, version_number: number, time: string, more: object = {}) => ({
  ...{ dag_id, version_number, id: `${dag_id} ${version_number}`, created_at: at(time), bundle_name: "git" },
  ...{ bundle_version: `v${version_number}`, ...more },
});
const request = (id: string, task_id: string, made: string, answered: string | null, user: string | null = null) => ({
  ...{ task_instance_id: id, dag_id: "approve", dag_run_id: `run ${id}`, task_id, map_index: -1, try_number: 1 },
  ...{ region_id: "", region_index: -1, subject: `Ship ${id}?`, options: ["yes", "no"], multiple: false },
  ...{
    created_at: at(made),
    response_received: answered !== null,
    responded_at: at(answered),
    responded_by_user_name: user,
  },
});
const task = (dag_id: string, version_number: number, task_id: string, more: object = {}) => ({
  ...{ dag_id, version_number, task_id, operator: "PythonOperator", is_mapped: false, trigger_rule: "all_success" },
  ...{ depends_on_past: false, wait_for_downstream: false, ...more },
});
const follows = (upstream_task_id: string, downstream_task_id: string) => ({
  ...{ dag_id: "diamond", version_number: 2, upstream_task_id, downstream_task_id },
});

export const streamsAirflow = {
  dags: [dag("reader"), dag("diamond"), dag("flat"), dag("approve"), dag("gone", { is_stale: true })],
  runs: [reader("r1", "11-01 06:00", 2), reader("r2", "11-01 08:00", 10)],
  further: [
    further(assetEventsTable, [
      update(1, 1, "11-01 06:00", "maker"),
      // Two updates led to the same run: 5 and 10 minutes before it.
      update(2, 1, "11-01 08:00", "maker"),
      update(3, 1, "11-01 08:05", "other"),
      // Nobody has used it for three hours.
      update(4, 1, "11-02 09:00", null),
      // It has had only half an hour.
      update(5, 1, "11-02 11:30", "maker"),
      // No DAG waits for this asset.
      update(6, 2, "11-01 06:00", "maker"),
      // Before the window.
      update(7, 2, "10-01 06:00", "maker"),
    ]),
    further(assetEventRunsTable, [
      { asset_event_id: 1, dag_id: "reader", dag_run_id: "r1" },
      { asset_event_id: 2, dag_id: "reader", dag_run_id: "r2" },
      { asset_event_id: 3, dag_id: "reader", dag_run_id: "r2" },
    ]),
    further(airflowEdgesTable, [edgeTo(1, "reader"), edgeTo(1, "other_reader"), edgeTo(2, "maker", "produced_by")]),
    further(dagVersionsTable, [
      version("diamond", 1, "10-01 00:00"),
      // In New York, the first of these is on 31 October.
      version("diamond", 2, "11-01 03:00"),
      ...[3, 4, 5, 6].map((number) => version("diamond", number, `11-01 1${number}:00`)),
      version("flat", 1, "11-02 06:00", { bundle_version: null }),
      version("gone", 1, "11-02 06:00"),
    ]),
    further(hitlTable, [
      request("1", "ship", "11-01 10:00", "11-01 10:10", "ann"),
      request("2", "ship", "11-01 11:00", "11-01 11:20", "bob"),
      request("3", "ship", "11-01 12:00", "11-01 13:00", "ann"),
      request("4", "ship", "11-02 10:00", null),
      request("5", "ship", "11-02 11:00", null),
      request("6", "refund", "10-01 10:00", "10-02 10:00", "ann"),
      request("7", "refund", "11-01 10:00", "11-01 10:01", "ann"),
    ]),
    further(importErrorsTable, [
      {
        ...{ import_error_id: 1, timestamp: at("11-02 11:55"), filename: "sales.py", bundle_name: "git" },
        stack_trace: "Traceback (most recent call last):\n  File …\nSyntaxError: invalid syntax\n",
      },
    ]),
    further(tasksTable, [
      task("diamond", 1, "old"),
      task("diamond", 2, "start", { operator: "EmptyOperator" }),
      ...["a", "b", "c"].map((name) => task("diamond", 2, name, { is_mapped: name === "a" })),
      task("diamond", 2, "end", { operator: "EmptyOperator", trigger_rule: "all_done" }),
      task("flat", 1, "one"),
      task("flat", 1, "two", { operator: "BashOperator" }),
    ]),
    // start leads to a and b, a to c, and all to end: c and b to end, and start itself, a shortcut.
    further(taskEdgesTable, [
      ...[follows("start", "a"), follows("start", "b"), follows("a", "c"), follows("c", "end"), follows("b", "end")],
      follows("start", "end"),
    ]),
  ],
} satisfies Partial<World>;
