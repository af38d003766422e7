import type { EventLog } from "@org/airflow-client";
import { defineTable, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";

export const eventLogsTable = defineTable({
  name: "airflow_event_logs",
  description:
    "The server's audit log: what users and the API did, and the states that workers reported. Rows are never marked as deleted: what the server's retention removes is kept.",
  primaryKey: ["event_log_id"],
  datedBy: ["logged_at"],
  columns: {
    event_log_id: { type: "int64", description: "Airflow's number of the event; later events have higher ones." },
    logged_at: { type: "timestamp", description: "When it was logged." },
    event: { type: "string", description: "What happened, e.g. trigger_dag_run, or a task instance's new state." },
    dag_id: { type: "string", nullable: true, description: "DAG identifier." },
    dag_run_id: { type: "string", nullable: true, description: "Run identifier, unique within the DAG." },
    task_id: { type: "string", nullable: true, description: "Task identifier, unique within the DAG." },
    map_index: { type: "int64", nullable: true, description: "Index of the mapped task instance, -1 for others." },
    try_number: { type: "int64", nullable: true, description: "Attempt of the task instance." },
    logical_date: { type: "timestamp", nullable: true, description: "Logical date of the run." },
    owner: { type: "string", nullable: true, description: "User who did it; for a task, the task's owner." },
    owner_display_name: {
      type: "string",
      nullable: true,
      description: "Name of that user as the user interface shows it. Null before Airflow 3.4.",
    },
    extra: {
      type: "string",
      nullable: true,
      description:
        "Details of the event, often JSON. Always null for events about connections and variables, whose values they may contain.",
    },
    task_instance_id: {
      type: "string",
      nullable: true,
      description: "Airflow's own id of the attempt. Null before Airflow 3.4.",
    },
    team_name: {
      type: "string",
      nullable: true,
      description: "Team that it belongs to, if there are teams. Null before Airflow 3.4.",
    },
  },
});

/** Events whose details may contain the value of a variable, or where a connection leads to. */
const aboutValues = /connection|variable/i;

export function eventLogRow(log: EventLog): Row<typeof eventLogsTable> {
  return {
    event_log_id: log.event_log_id,
    logged_at: timeColumn(log.when),
    event: log.event,
    dag_id: log.dag_id ?? null,
    dag_run_id: log.run_id ?? null,
    task_id: log.task_id ?? null,
    map_index: log.map_index ?? null,
    try_number: log.try_number ?? null,
    logical_date: timeColumn(log.logical_date),
    owner: log.owner ?? null,
    owner_display_name: log.owner_display_name ?? null,
    extra: aboutValues.test(log.event) ? null : (log.extra ?? null),
    task_instance_id: log.task_instance_id ?? null,
    team_name: log.team_name ?? null,
  };
}
