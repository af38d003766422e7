/** Facts that the servers' documents have only as prose, or not at all. Each holds from the oldest to the newest server. */

const runs = "/api/v2/dags/{dag_id}/dagRuns";
const tasks = `${runs}/{dag_run_id}/taskInstances`;

const taskOrder = [
  "id",
  "state",
  "duration",
  "start_date",
  "end_date",
  "map_index",
  "try_number",
  "logical_date",
  "run_after",
  "data_interval_start",
  "data_interval_end",
  "rendered_map_index",
];

const runOrder = [
  "id",
  "state",
  "dag_id",
  "dag_run_id",
  "logical_date",
  "run_after",
  "start_date",
  "end_date",
  "updated_at",
  "conf",
];

/** What each list can be sorted by, under the names that its rows have, by path or by the schema of the body. */
export const orders: Readonly<Record<string, readonly string[]>> = {
  "/api/v2/assets": ["id", "name", "uri", "created_at", "updated_at"],
  "/api/v2/assets/aliases": ["id", "name"],
  "/api/v2/assets/events": ["timestamp", "source_task_id", "source_dag_id", "source_run_id", "source_map_index"],
  "/api/v2/backfills": ["id"],
  "/api/v2/backfills/{backfill_id}/dag_runs": ["id", "sort_ordinal"],
  "/api/v2/connections": ["connection_id", "conn_type", "description", "host", "port", "id"],
  "/api/v2/dagBundles": ["name", "version", "last_refreshed", "active"],
  "/api/v2/dagTags": ["name"],
  "/api/v2/dagWarnings": ["dag_id", "warning_type", "message", "timestamp"],
  "/api/v2/dags": ["dag_id", "dag_display_name", "next_dagrun", "last_run_state", "last_run_start_date"],
  [runs]: runOrder,
  DAGRunsBatchBody: runOrder,
  [tasks]: taskOrder,
  [`${tasks}/{task_id}/listMapped`]: taskOrder,
  TaskInstancesBatchBody: ["id", "state", "duration", "start_date", "end_date", "map_index"],
  "/api/v2/dags/{dag_id}/dagVersions": ["id", "version_number", "bundle_name", "bundle_version"],
  "/api/v2/dags/{dag_id}/tasks": [
    "task_id",
    "task_display_name",
    "owner",
    "pool",
    "pool_slots",
    "priority_weight",
    "queue",
    "retries",
    "trigger_rule",
  ],
  "/api/v2/eventLogs": [
    "event_log_id",
    "id",
    "when",
    "dag_id",
    "task_id",
    "run_id",
    "event",
    "logical_date",
    "owner",
    "extra",
  ],
  "/api/v2/importErrors": ["import_error_id", "id", "timestamp", "filename", "bundle_name", "stacktrace"],
  "/api/v2/jobs": [
    "id",
    "dag_id",
    "state",
    "job_type",
    "start_date",
    "end_date",
    "latest_heartbeat",
    "executor_class",
    "hostname",
    "unixname",
  ],
  "/api/v2/pools": ["name", "id"],
  "/api/v2/variables": ["key", "id", "description", "is_encrypted"],
  [`${tasks}/{task_id}/xcomEntries`]: ["key", "dag_id", "run_id", "task_id", "map_index", "timestamp", "run_after"],
};

/** The values of parameters that are plain strings in the documents: the name of an enumeration, or a list. */
export const words: Readonly<Record<string, string | readonly string[]>> = {
  [`${runs} state`]: "DagRunState",
  [`${runs} run_type`]: "DagRunType",
  "/api/v2/dags dag_run_state": "DagRunState",
  [`${tasks} state`]: "TaskInstanceState",
  [`${tasks}/{task_id}/listMapped state`]: "TaskInstanceState",
  [`${runs}/{dag_run_id}/hitlDetails state`]: "TaskInstanceState",
};
