import { defineTable } from "@org/destination";

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
