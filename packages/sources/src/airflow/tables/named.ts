/** Tables of what is stored by name only. The server lists values beside the names; no column holds one. */
import type { Connection, Variable } from "@org/airflow-client";
import { defineTable, type Row } from "@org/destination";

const team = {
  type: "string",
  nullable: true,
  description: "Team that owns it, if there are teams. Null before Airflow 3.2.",
} as const;

export const connectionsTable = defineTable({
  name: "airflow_connections",
  description:
    "The names and types of the connections, without where they lead to. One that disappears is marked as deleted.",
  primaryKey: ["connection_id"],
  columns: {
    connection_id: { type: "string", description: "Name of the connection." },
    conn_type: { type: "string", nullable: true, description: "Type of the connection, e.g. postgres." },
    team_name: team,
  },
});

export const variablesTable = defineTable({
  name: "airflow_variables",
  description: "The names of the variables, without their values. One that disappears is marked as deleted.",
  primaryKey: ["key"],
  columns: {
    key: { type: "string", description: "Name of the variable." },
    is_encrypted: { type: "boolean", nullable: true, description: "Whether its value is stored encrypted." },
    team_name: team,
  },
});

export function connectionRow({ connection_id, conn_type, team_name }: Connection): Row<typeof connectionsTable> {
  return { connection_id, conn_type: conn_type ?? null, team_name: team_name ?? null };
}

export function variableRow({ key, is_encrypted, team_name }: Variable): Row<typeof variablesTable> {
  return { key, is_encrypted: is_encrypted ?? null, team_name: team_name ?? null };
}
