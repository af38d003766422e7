import type { Dag } from "@org/airflow-client";
import { defineTable, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";

export const dagsTable = defineTable({
  name: "airflow_dags",
  description: "The DAGs of an Airflow deployment, including stale ones.",
  primaryKey: ["dag_id"],
  columns: {
    dag_id: { type: "string", description: "Unique DAG identifier." },
    is_paused: { type: "boolean", description: "Whether the DAG is paused." },
    is_active: {
      type: "boolean",
      description: "Whether the DAG is still found in its bundle: the opposite of is_stale.",
    },
    owners: { type: "string", nullable: true, description: "Comma-separated list of DAG owners." },
    tags: { type: "string", nullable: true, description: "Comma-separated list of DAG tags, in alphabetical order." },
    timezone: {
      type: "string",
      nullable: true,
      description:
        "The server's default time zone, the same for all DAGs: Airflow 3 does not tell the one of a DAG's schedule.",
    },
    max_active_runs: { type: "int64", nullable: true, description: "Maximum number of active DAG runs." },
    default_view: { type: "string", nullable: true, description: "Always null: Airflow 3 no longer has it." },
    next_dagrun_create_after: {
      type: "timestamp",
      nullable: true,
      description: "When the next DAG run may be created.",
    },
    is_stale: { type: "boolean", description: "Whether the DAG is no longer found in its bundle." },
    dag_display_name: { type: "string", description: "Name shown in the user interface." },
    description: { type: "string", nullable: true, description: "Description of the DAG." },
    max_active_tasks: {
      type: "int64",
      nullable: true,
      description: "Maximum number of active task instances in a run.",
    },
    max_consecutive_failed_dag_runs: {
      type: "int64",
      nullable: true,
      description: "Number of consecutive failed runs after which the DAG is paused; 0 means never.",
    },
    next_dagrun_logical_date: { type: "timestamp", nullable: true, description: "Logical date of the next DAG run." },
    next_dagrun_data_interval_start: {
      type: "timestamp",
      nullable: true,
      description: "Start of the next DAG run's data interval.",
    },
    next_dagrun_data_interval_end: {
      type: "timestamp",
      nullable: true,
      description: "End of the next DAG run's data interval.",
    },
    timetable_summary: {
      type: "string",
      nullable: true,
      description: "The schedule in short, e.g. a cron expression.",
    },
    timetable_description: { type: "string", nullable: true, description: "The schedule in words." },
    fileloc: { type: "string", nullable: true, description: "File that defines the DAG, on the server." },
    relative_fileloc: { type: "string", nullable: true, description: "The same file, relative to its bundle." },
    bundle_name: { type: "string", nullable: true, description: "Bundle that the DAG comes from." },
    bundle_version: { type: "string", nullable: true, description: "Version of the bundle, if it has versions." },
    has_import_errors: {
      type: "boolean",
      nullable: true,
      description: "Whether the last import of the DAG's file failed.",
    },
    has_task_concurrency_limits: {
      type: "boolean",
      nullable: true,
      description: "Whether a task of the DAG limits its concurrency.",
    },
    scheduling_state: {
      type: "string",
      nullable: true,
      description:
        "active, paused, or draining (no new runs, while running ones finish). A draining DAG is not paused. Null before Airflow 3.4.",
    },
  },
});

/** @param timezone the server's default one, which the listing lacks */
export function dagRow(dag: Dag, timezone: string | null): Row<typeof dagsTable> {
  return {
    dag_id: dag.dag_id,
    is_paused: dag.is_paused,
    is_active: !dag.is_stale,
    owners: dag.owners.join(", "),
    tags: dag.tags
      .map(({ name }) => name)
      .sort()
      .join(", "),
    timezone,
    max_active_runs: dag.max_active_runs ?? null,
    default_view: null,
    next_dagrun_create_after: timeColumn(dag.next_dagrun_run_after),
    is_stale: dag.is_stale,
    dag_display_name: dag.dag_display_name,
    description: dag.description ?? null,
    max_active_tasks: dag.max_active_tasks,
    max_consecutive_failed_dag_runs: dag.max_consecutive_failed_dag_runs,
    next_dagrun_logical_date: timeColumn(dag.next_dagrun_logical_date),
    next_dagrun_data_interval_start: timeColumn(dag.next_dagrun_data_interval_start),
    next_dagrun_data_interval_end: timeColumn(dag.next_dagrun_data_interval_end),
    timetable_summary: dag.timetable_summary ?? null,
    timetable_description: dag.timetable_description ?? null,
    fileloc: dag.fileloc,
    relative_fileloc: dag.relative_fileloc ?? null,
    bundle_name: dag.bundle_name ?? null,
    bundle_version: dag.bundle_version ?? null,
    has_import_errors: dag.has_import_errors,
    has_task_concurrency_limits: dag.has_task_concurrency_limits,
    scheduling_state: dag.scheduling_state ?? null,
  };
}
