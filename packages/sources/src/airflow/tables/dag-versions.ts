import type { DagVersion } from "@org/airflow-client";
import { defineTable, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";

export const dagVersionsTable = defineTable({
  name: "airflow_dag_versions",
  description:
    "The versions of each DAG. Those of a deleted DAG are marked as deleted; those that the server's retention removes are kept.",
  primaryKey: ["dag_id", "version_number"],
  datedBy: ["created_at"],
  columns: {
    dag_id: { type: "string", description: "DAG identifier." },
    version_number: { type: "int64", description: "Number of the version within the DAG, from 1." },
    id: { type: "string", description: "Airflow's own id of the version." },
    created_at: { type: "timestamp", description: "When the version was created." },
    bundle_name: { type: "string", nullable: true, description: "Bundle that the DAG comes from." },
    bundle_version: { type: "string", nullable: true, description: "Version of the bundle, if it has versions." },
  },
});

export function dagVersionRow(version: DagVersion): Row<typeof dagVersionsTable> {
  return {
    dag_id: version.dag_id,
    version_number: version.version_number,
    id: version.id,
    created_at: timeColumn(version.created_at),
    bundle_name: version.bundle_name ?? null,
    bundle_version: version.bundle_version ?? null,
  };
}
