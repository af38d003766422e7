import type { components } from "@org/airflow-client";
import { defineTable, type Json, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";
import { identityOf, NO_INDEX, NO_REGION } from "../keys.ts";

export const hitlTable = defineTable({
  name: "airflow_hitl",
  description:
    "The requests of tasks that wait for a person (Human in the Loop, since Airflow 3.1). An open one that disappears, as when its task is cleared, is marked as deleted.",
  primaryKey: ["task_instance_id"],
  datedBy: ["created_at"],
  columns: {
    task_instance_id: { type: "string", description: "Airflow's own id of the attempt that asks." },
    dag_id: { type: "string", description: "DAG identifier." },
    dag_run_id: { type: "string", description: "Run identifier, unique within the DAG." },
    task_id: { type: "string", description: "Task identifier, unique within the DAG." },
    map_index: { type: "int64", description: "Index of the mapped task instance, -1 for others." },
    region_id: {
      type: "string",
      default: NO_REGION,
      description:
        "Loop or expansion that the task instance belongs to. Empty if there is none, and before Airflow 3.4.",
    },
    region_index: {
      type: "int64",
      default: NO_INDEX,
      description: "Index in it; -1 if there is none, and before Airflow 3.4.",
    },
    try_number: { type: "int64", description: "Attempt of the task instance." },
    subject: { type: "string", description: "What is asked." },
    body: { type: "string", nullable: true, description: "The question in full." },
    options: { type: "json", description: "What can be chosen." },
    defaults: { type: "json", nullable: true, description: "What is chosen if nobody responds in time." },
    multiple: { type: "boolean", description: "Whether several options can be chosen." },
    params: { type: "json", nullable: true, description: "What can be entered besides." },
    assigned_users: {
      type: "json",
      nullable: true,
      description: "Ids of the users who may respond, sorted; empty for anyone.",
    },
    created_at: { type: "timestamp", description: "When the request was created." },
    response_received: { type: "boolean", description: "Whether there is a response." },
    responded_at: { type: "timestamp", nullable: true, description: "When the response came." },
    responded_by_user_id: { type: "string", nullable: true, description: "Id of the user who responded." },
    responded_by_user_name: { type: "string", nullable: true, description: "Name of that user." },
    chosen_options: { type: "json", nullable: true, description: "What was chosen." },
    params_input: { type: "json", nullable: true, description: "What was entered." },
  },
});

export type HitlDetail = components["schemas"]["HITLDetail"];

export function hitlRow(detail: HitlDetail): Row<typeof hitlTable> {
  const { task_instance: task, responded_by_user: user } = detail;
  return {
    task_instance_id: task.id,
    ...identityOf(task),
    try_number: task.try_number,
    subject: detail.subject,
    body: detail.body ?? null,
    options: detail.options,
    defaults: (detail.defaults as Json | undefined) ?? null,
    multiple: detail.multiple ?? false,
    params: (detail.params as Json | undefined) ?? null,
    assigned_users: (detail.assigned_users ?? []).map(({ id }) => id).sort(),
    created_at: timeColumn(detail.created_at),
    response_received: detail.response_received ?? false,
    responded_at: timeColumn(detail.responded_at),
    responded_by_user_id: user?.id ?? null,
    responded_by_user_name: user?.name ?? null,
    chosen_options: (detail.chosen_options as Json | undefined) ?? null,
    params_input: (detail.params_input as Json | undefined) ?? null,
  };
}
