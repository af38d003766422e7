import type { TaskInstance, TaskInstanceAttempt } from "@org/airflow-client";
import { defineTable, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";
import { identityOf, NO_INDEX, NO_REGION } from "../keys.ts";

export const taskInstancesTable = defineTable({
  name: "airflow_task_instances",
  description: "One row per attempt of a task instance; is_latest marks the current one.",
  primaryKey: ["dag_id", "dag_run_id", "task_id", "map_index", "region_id", "region_index", "try_number"],
  datedBy: ["run_after"],
  columns: {
    dag_id: { type: "string", description: "DAG identifier." },
    dag_run_id: { type: "string", description: "Run identifier, unique within the DAG." },
    task_id: { type: "string", description: "Task identifier, unique within the DAG." },
    try_number: { type: "int64", description: "The attempt's number: 0 before the first one starts, then from 1." },
    state: {
      type: "string",
      nullable: true,
      description:
        "State of the attempt; null before it is scheduled. An earlier attempt that started has failed if this is failed or up_for_retry.",
    },
    start_date: { type: "timestamp", nullable: true, description: "When the attempt started." },
    end_date: { type: "timestamp", nullable: true, description: "When the attempt ended." },
    duration: { type: "float64", nullable: true, description: "From start to end, in seconds." },
    operator: { type: "string", nullable: true, description: "Class of the operator." },
    hostname: { type: "string", nullable: true, description: "Host that ran the attempt." },
    map_index: { type: "int64", description: "Index of a mapped task instance, -1 for others and before expansion." },
    is_latest: {
      type: "boolean",
      description: "Whether this is the task instance's current attempt; false for earlier ones.",
    },
    id: {
      type: "string",
      nullable: true,
      description:
        "Airflow's own id of the attempt. Null for earlier attempts before Airflow 3.4, whose API does not provide it.",
    },
    logical_date: { type: "timestamp", nullable: true, description: "Logical date of the run." },
    run_after: { type: "timestamp", description: "The earliest time at which the run may start." },
    task_display_name: { type: "string", nullable: true, description: "Name shown in the user interface." },
    operator_name: {
      type: "string",
      nullable: true,
      description: "Name of the operator shown in the user interface. Null before Airflow 3.1.",
    },
    max_tries: { type: "int64", nullable: true, description: "Number of the last try before the task fails for good." },
    pool: { type: "string", nullable: true, description: "Pool that the attempt uses." },
    pool_slots: { type: "int64", nullable: true, description: "Number of pool slots that it takes." },
    queue: { type: "string", nullable: true, description: "Queue of the executor." },
    priority_weight: { type: "int64", nullable: true, description: "Priority within the executor's queue." },
    executor: { type: "string", nullable: true, description: "Executor, if it is not the default one." },
    queued_when: { type: "timestamp", nullable: true, description: "When the attempt was queued." },
    scheduled_when: { type: "timestamp", nullable: true, description: "When the attempt was scheduled." },
    pid: { type: "int64", nullable: true, description: "Process on the host." },
    unixname: { type: "string", nullable: true, description: "User of the process on the host." },
    rendered_map_index: {
      type: "string",
      nullable: true,
      description: "Name of the mapped task instance. Null for earlier attempts.",
    },
    note: {
      type: "string",
      nullable: true,
      description: "A person's note on the attempt. Null for earlier attempts before Airflow 3.4.",
    },
    dag_version: { type: "int64", nullable: true, description: "Number of the DAG version that the attempt used." },
    region_id: {
      type: "string",
      default: NO_REGION,
      description:
        "Identifies the loop or expansion that the instance belongs to: iterations of a loop have the same map_index. Empty if there is none, and always before Airflow 3.4.",
    },
    region_index: {
      type: "int64",
      default: NO_INDEX,
      description: "Index in the region: the iteration, or the map_index of a mapped task; -1 if there is none.",
    },
    loop_id: {
      type: "string",
      nullable: true,
      description: "The innermost loop that the task is in, by the id of its task group. Null outside of loops.",
    },
    iteration: { type: "int64", nullable: true, description: "Iteration of that loop, from 0. Null outside of loops." },
    state_reason: {
      type: "string",
      nullable: true,
      description:
        "Why the attempt is in its state, if a retry policy gives a reason; before it starts, this may be the previous attempt's reason. Null before Airflow 3.4.",
    },
    team_name: {
      type: "string",
      nullable: true,
      description: "Team that owns the DAG, if there are teams. Null before Airflow 3.4.",
    },
    purged_at: {
      type: "timestamp",
      nullable: true,
      description:
        "When the row was found to have been removed by the server's retention (such as airflow db clean); the row is kept. Null while it exists.",
    },
  },
});

/** The current attempt, as the server lists it. */
export function taskInstanceRow(row: TaskInstance): Row<typeof taskInstancesTable> {
  return {
    ...attemptColumns(row),
    ...identityOf(row),
    is_latest: true,
    logical_date: timeColumn(row.logical_date),
    run_after: timeColumn(row.run_after),
    rendered_map_index: row.rendered_map_index ?? null,
    team_name: row.team_name ?? null,
  };
}

/** An earlier attempt, as the tries of a listed task instance show it. */
export function attemptRow(attempt: TaskInstanceAttempt, listed: TaskInstance): Row<typeof taskInstancesTable> {
  return {
    ...attemptColumns(attempt),
    ...identityOf(listed),
    is_latest: false,
    logical_date: timeColumn(listed.logical_date),
    run_after: timeColumn(listed.run_after),
    rendered_map_index: null,
    team_name: listed.team_name ?? null,
  };
}

function attemptColumns(row: TaskInstance | TaskInstanceAttempt) {
  return {
    try_number: row.try_number,
    state: row.state ?? null,
    start_date: timeColumn(row.start_date),
    end_date: timeColumn(row.end_date),
    duration: row.duration ?? null,
    operator: row.operator ?? null,
    hostname: row.hostname ?? null,
    id: row.id ?? null,
    note: row.note ?? null,
    loop_id: row.loop_iteration?.loop_id ?? null,
    iteration: row.loop_iteration?.iteration ?? null,
    state_reason: row.state_reason ?? null,
    task_display_name: row.task_display_name,
    operator_name: row.operator_name ?? null,
    max_tries: row.max_tries,
    pool: row.pool,
    pool_slots: row.pool_slots,
    queue: row.queue ?? null,
    priority_weight: row.priority_weight ?? null,
    executor: row.executor ?? null,
    queued_when: timeColumn(row.queued_when),
    scheduled_when: timeColumn(row.scheduled_when),
    pid: row.pid ?? null,
    unixname: row.unixname ?? null,
    dag_version: row.dag_version?.version_number ?? null,
    purged_at: null,
  };
}
