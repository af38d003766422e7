import type { AssetEvent } from "@org/airflow-client";
import { defineTable, type Json, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";

export const assetEventsTable = defineTable({
  name: "airflow_asset_events",
  description: "The updates of assets. Rows are never marked as deleted: what the server's retention removes is kept.",
  primaryKey: ["asset_event_id"],
  datedBy: ["timestamp"],
  columns: {
    asset_event_id: { type: "int64", description: "Airflow's number of the event." },
    asset_id: { type: "int64", description: "Airflow's number of the asset." },
    asset_name: { type: "string", nullable: true, description: "Name of the asset." },
    asset_uri: { type: "string", nullable: true, description: "URI of the asset." },
    asset_group_name: { type: "string", nullable: true, description: "Group of the asset." },
    timestamp: { type: "timestamp", description: "When the asset was updated." },
    source_dag_id: {
      type: "string",
      nullable: true,
      description: "DAG of the task that updated the asset; null for an update through the API or a trigger.",
    },
    source_dag_run_id: { type: "string", nullable: true, description: "Run of that task." },
    source_task_id: { type: "string", nullable: true, description: "That task." },
    source_map_index: { type: "int64", description: "Index of the mapped task instance, -1 for others." },
    source_task_instance_id: {
      type: "string",
      nullable: true,
      description: "Airflow's own id of the attempt. Null before Airflow 3.4.",
    },
    partition_key: {
      type: "string",
      nullable: true,
      description: "Key of the partition that was updated. Null before Airflow 3.2.",
    },
    extra: { type: "json", nullable: true, description: "What the update said about itself." },
  },
});

export const assetEventRunsTable = defineTable({
  name: "airflow_asset_event_runs",
  description:
    "Which DAG runs each asset event led to. Rows are never marked as deleted: what the server's retention removes is kept.",
  primaryKey: ["asset_event_id", "dag_id", "dag_run_id"],
  columns: {
    asset_event_id: { type: "int64", description: "Airflow's number of the event." },
    dag_id: { type: "string", description: "DAG identifier." },
    dag_run_id: { type: "string", description: "Run identifier, unique within the DAG." },
  },
});

export function assetEventRow(event: AssetEvent): Row<typeof assetEventsTable> {
  return {
    asset_event_id: event.id,
    asset_id: event.asset_id,
    asset_name: event.name ?? null,
    asset_uri: event.uri ?? null,
    asset_group_name: event.group ?? null,
    timestamp: timeColumn(event.timestamp),
    source_dag_id: event.source_dag_id ?? null,
    source_dag_run_id: event.source_run_id ?? null,
    source_task_id: event.source_task_id ?? null,
    source_map_index: event.source_map_index,
    source_task_instance_id: event.source_task_instance_id ?? null,
    partition_key: event.partition_key ?? null,
    extra: (event.extra as Json | undefined) ?? null,
  };
}

export function assetEventRunRows(event: AssetEvent): Row<typeof assetEventRunsTable>[] {
  return event.created_dagruns.map(({ dag_id, run_id }) => ({
    asset_event_id: event.id,
    dag_id,
    dag_run_id: run_id,
  }));
}
