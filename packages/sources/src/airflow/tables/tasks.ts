import { defineTable } from "@org/destination";

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
