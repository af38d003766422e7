import type { Asset } from "@org/airflow-client";
import { defineTable, type Json, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";

/** The `task_id` of an edge that belongs to a whole DAG. */
const NO_TASK = "";

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

/** Names in the order of their code points. */
const sorted = (named: readonly { readonly name: string }[]) => named.map(({ name }) => name).sort();

export function assetRow(asset: Asset): Row<typeof assetsTable> {
  return {
    asset_id: asset.id,
    name: asset.name,
    uri: asset.uri,
    group_name: asset.group,
    aliases: sorted(asset.aliases),
    watchers: asset.watchers ? sorted(asset.watchers) : null,
    extra: (asset.extra as Json | undefined) ?? null,
    created_at: timeColumn(asset.created_at),
    updated_at: timeColumn(asset.updated_at),
  };
}

interface Reference {
  readonly dag_id: string;
  readonly task_id?: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** @param asset from Airflow 3.0, with `consuming_dags` instead of `scheduled_dags` */
export function assetEdgeRows(
  asset: Asset & { readonly consuming_dags?: readonly Reference[] },
): Row<typeof assetEdgesTable>[] {
  const rows = (relation: string, references: readonly Reference[] = []) =>
    references.map(({ dag_id, task_id = NO_TASK, created_at, updated_at }) => ({
      asset_id: asset.id,
      relation,
      dag_id,
      task_id,
      created_at: timeColumn(created_at),
      updated_at: timeColumn(updated_at),
    }));
  return [
    ...rows("produced_by", asset.producing_tasks),
    ...rows("consumed_by", asset.consuming_tasks),
    ...rows("schedules", asset.scheduled_dags ?? asset.consuming_dags),
  ];
}
