import type { DagRun } from "@org/airflow-client";
import { defineTable, type Json, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";

export const dagRunsTable = defineTable({
  name: "airflow_dag_runs",
  description: "The runs of the DAGs.",
  primaryKey: ["dag_id", "dag_run_id"],
  datedBy: ["run_after"],
  columns: {
    dag_id: { type: "string", description: "DAG identifier." },
    dag_run_id: { type: "string", description: "Run identifier, unique within the DAG." },
    run_type: { type: "string", description: "scheduled, manual, backfill, asset_triggered or asset_materialization." },
    state: { type: "string", nullable: true, description: "queued, running, success or failed." },
    logical_date: {
      type: "timestamp",
      nullable: true,
      description: "Logical date; null for runs triggered without one.",
    },
    start_date: {
      type: "timestamp",
      nullable: true,
      description: "When the run started; null again after it was cleared.",
    },
    end_date: { type: "timestamp", nullable: true, description: "When the run ended." },
    external_trigger: { type: "boolean", description: "Whether the run was triggered by hand: run_type is manual." },
    data_interval_start: { type: "timestamp", nullable: true, description: "Start of the data interval." },
    data_interval_end: { type: "timestamp", nullable: true, description: "End of the data interval." },
    run_after: { type: "timestamp", description: "The earliest time at which the run may start." },
    queued_at: { type: "timestamp", nullable: true, description: "When the run was queued." },
    duration: {
      type: "float64",
      nullable: true,
      description: "From start to end, in seconds. Null before Airflow 3.1.",
    },
    conf: { type: "json", nullable: true, description: "The configuration that the run was triggered with." },
    note: { type: "string", nullable: true, description: "A person's note on the run." },
    triggered_by: {
      type: "string",
      nullable: true,
      description: "What created the run: cli, operator, rest_api, ui, timetable, asset, backfill or test.",
    },
    triggering_user_name: {
      type: "string",
      nullable: true,
      description: "Who triggered the run. Null before Airflow 3.1.",
    },
    bundle_version: { type: "string", nullable: true, description: "Version of the bundle that the run uses." },
    dag_versions: {
      type: "json",
      nullable: true,
      description: "Numbers of the DAG versions that the run's tasks used, ascending.",
    },
    partition_key: {
      type: "string",
      nullable: true,
      description: "Key of the partition that the run is for. Null before Airflow 3.2.",
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

export function dagRunRow(run: DagRun): Row<typeof dagRunsTable> {
  return {
    dag_id: run.dag_id,
    dag_run_id: run.dag_run_id,
    run_type: run.run_type,
    state: run.state,
    logical_date: timeColumn(run.logical_date),
    start_date: timeColumn(run.start_date),
    end_date: timeColumn(run.end_date),
    external_trigger: run.run_type === "manual",
    data_interval_start: timeColumn(run.data_interval_start),
    data_interval_end: timeColumn(run.data_interval_end),
    run_after: timeColumn(run.run_after),
    queued_at: timeColumn(run.queued_at),
    duration: run.duration ?? null,
    conf: (run.conf as Json | undefined) ?? null,
    note: run.note ?? null,
    triggered_by: run.triggered_by ?? null,
    triggering_user_name: run.triggering_user_name ?? null,
    bundle_version: run.bundle_version ?? null,
    dag_versions: run.dag_versions.map(({ version_number }) => version_number).sort((a, b) => a - b),
    partition_key: run.partition_key ?? null,
    team_name: run.team_name ?? null,
    purged_at: null,
  };
}
