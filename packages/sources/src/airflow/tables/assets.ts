import { defineTable } from "@org/destination";

/** The `task_id` of an edge that belongs to a whole DAG. */
export const NO_TASK = "";

export const assetsTable = defineTable({
  name: "airflow_assets",
  description: "The active assets. One that no DAG refers to any more is marked as deleted.",
  primaryKey: ["asset_id"],
  columns: {
    asset_id: { type: "int64", description: "Airflow's number of the asset." },
    name: { type: "string", description: "Name of the asset." },
    uri: { type: "string", description: "URI of the asset." },
    group_name: { type: "string", description: "Group of the asset." },
    aliases: { type: "json", nullable: true, description: "Names of the aliases that led to the asset, sorted." },
    watchers: {
      type: "json",
      nullable: true,
      description: "Names of the triggers that watch the asset, sorted. Null before Airflow 3.2.",
    },
    extra: { type: "json", nullable: true, description: "What the asset's definition adds to it." },
    created_at: { type: "timestamp", description: "When the asset was created." },
    updated_at: { type: "timestamp", description: "When the asset was last changed." },
  },
});

export const assetEdgesTable = defineTable({
  name: "airflow_asset_edges",
  description:
    "Which tasks and DAGs produce or consume each active asset. An edge that disappears is marked as deleted.",
  primaryKey: ["asset_id", "relation", "dag_id", "task_id"],
  columns: {
    asset_id: { type: "int64", description: "Airflow's number of the asset." },
    relation: {
      type: "string",
      description:
        "produced_by: the task has the asset as an outlet. consumed_by: the task has it as an inlet (since Airflow 3.1). schedules: the DAG runs when the asset is updated.",
    },
    dag_id: { type: "string", description: "DAG identifier." },
    task_id: { type: "string", default: NO_TASK, description: "Task identifier; empty for schedules." },
    created_at: { type: "timestamp", description: "When the edge was created." },
    updated_at: { type: "timestamp", description: "When the edge was last changed." },
  },
});
