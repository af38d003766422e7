import type { Task, TimeDelta } from "@org/airflow-client";
import { defineTable, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";

export const tasksTable = defineTable({
  name: "airflow_tasks",
  description:
    "The tasks of each DAG version that was the latest one at a sync: the server only lists the latest. Those of a deleted DAG are marked as deleted.",
  primaryKey: ["dag_id", "version_number", "task_id"],
  columns: {
    dag_id: { type: "string", description: "DAG identifier." },
    version_number: { type: "int64", description: "Number of the DAG version." },
    task_id: { type: "string", description: "Task identifier, unique within the DAG." },
    task_display_name: { type: "string", nullable: true, description: "Name shown in the user interface." },
    operator: { type: "string", nullable: true, description: "Class of the operator." },
    operator_module: { type: "string", nullable: true, description: "Python module of that class." },
    operator_name: {
      type: "string",
      nullable: true,
      description: "Name of the operator shown in the user interface.",
    },
    owner: { type: "string", nullable: true, description: "Owner of the task." },
    is_mapped: { type: "boolean", nullable: true, description: "Whether the task is expanded when it runs." },
    trigger_rule: {
      type: "string",
      nullable: true,
      description: "What must have become of the upstream tasks, e.g. all_success.",
    },
    depends_on_past: { type: "boolean", description: "Whether the task waits for its success in the run before." },
    wait_for_downstream: {
      type: "boolean",
      description: "Whether the task also waits for its direct downstream tasks in the run before.",
    },
    retries: { type: "int64", nullable: true, description: "Number of attempts after the first one." },
    retry_delay: { type: "float64", nullable: true, description: "Delay before a retry, in seconds." },
    retry_exponential_backoff: {
      type: "float64",
      nullable: true,
      description:
        "Factor by which the delay grows with each retry; 0 means that it does not. Before Airflow 3.2, 0 or 2.",
    },
    execution_timeout: {
      type: "float64",
      nullable: true,
      description: "Maximum duration of an attempt, in seconds; null means no limit.",
    },
    pool: { type: "string", nullable: true, description: "Pool that the task uses." },
    pool_slots: { type: "int64", nullable: true, description: "Number of pool slots that it takes." },
    queue: { type: "string", nullable: true, description: "Queue of the executor." },
    priority_weight: { type: "int64", nullable: true, description: "The task's own priority." },
    weight_rule: {
      type: "string",
      nullable: true,
      description: "How that priority is combined with other tasks', e.g. downstream.",
    },
    start_date: { type: "timestamp", nullable: true, description: "Start date of the task." },
    end_date: { type: "timestamp", nullable: true, description: "End date of the task." },
    doc_md: { type: "string", nullable: true, description: "Documentation of the task, in Markdown." },
  },
});

export const taskEdgesTable = defineTable({
  name: "airflow_task_edges",
  description: "Which tasks directly follow which, for the same DAG versions as airflow_tasks.",
  primaryKey: ["dag_id", "version_number", "upstream_task_id", "downstream_task_id"],
  columns: {
    dag_id: { type: "string", description: "DAG identifier." },
    version_number: { type: "int64", description: "Number of the DAG version." },
    upstream_task_id: { type: "string", description: "Task that comes first." },
    downstream_task_id: { type: "string", description: "Task that directly follows it." },
  },
});

/** A version of a DAG. */
export interface VersionId {
  readonly dag_id: string;
  readonly version_number: number;
}

const text = (value: unknown) => (typeof value === "string" ? value : null);

function seconds(delta: TimeDelta | null | undefined): number | null {
  return delta ? delta.days * 86_400 + delta.seconds + delta.microseconds / 1e6 : null;
}

/** Before 3.2 it is a boolean: whether the delay doubles. */
const factorOf = (factor: number | boolean) => (factor === true ? 2 : Number(factor));

export function taskRow({ dag_id, version_number }: VersionId, task: Task): Row<typeof tasksTable> {
  const { class_name, module_path } = (task.class_ref ?? {}) as Readonly<Record<string, unknown>>;
  return {
    dag_id,
    version_number,
    task_id: task.task_id as string,
    task_display_name: task.task_display_name ?? null,
    operator: text(class_name),
    operator_module: text(module_path),
    operator_name: task.operator_name ?? null,
    owner: task.owner ?? null,
    is_mapped: task.is_mapped ?? null,
    trigger_rule: task.trigger_rule ?? null,
    depends_on_past: task.depends_on_past,
    wait_for_downstream: task.wait_for_downstream,
    retries: task.retries ?? null,
    retry_delay: seconds(task.retry_delay),
    retry_exponential_backoff: factorOf(task.retry_exponential_backoff),
    execution_timeout: seconds(task.execution_timeout),
    pool: task.pool ?? null,
    pool_slots: task.pool_slots ?? null,
    queue: task.queue ?? null,
    priority_weight: task.priority_weight ?? null,
    weight_rule: task.weight_rule ?? null,
    start_date: timeColumn(task.start_date),
    end_date: timeColumn(task.end_date),
    doc_md: task.doc_md ?? null,
  };
}

export function taskEdgeRows({ dag_id, version_number }: VersionId, task: Task): Row<typeof taskEdgesTable>[] {
  return (task.downstream_task_ids ?? []).map((downstream_task_id) => ({
    dag_id,
    version_number,
    upstream_task_id: task.task_id as string,
    downstream_task_id,
  }));
}
