/** Connections and variables, by name and type only. */
import type { Connection, Variable } from "@org/airflow-client";
import { shapes } from "@org/sync-engine/source";
import { wholeListStream } from "./list-streams.ts";
import { airflowList } from "./lists.ts";
import { connectionRow, connectionsTable, variableRow, variablesTable } from "./tables/named.ts";

export const connections = wholeListStream({
  name: "connections",
  table: connectionsTable,
  revision: 1,
  list: airflowList<Connection, "connections">({
    what: "connections",
    name: "connections",
    key: ["connection_id"],
    fields: { connection_id: shapes.id },
    page: (client, query, limits) =>
      client.GET("/api/v2/connections", { params: { query: { ...query, order_by: ["id"] } }, ...limits }),
    one: (client, { connection_id }, signal) =>
      client.GET("/api/v2/connections/{connection_id}", { params: { path: { connection_id } }, signal }),
  }),
  row: connectionRow,
});

export const variables = wholeListStream({
  name: "variables",
  table: variablesTable,
  revision: 1,
  list: airflowList<Variable, "variables">({
    what: "variables",
    name: "variables",
    key: ["key"],
    fields: { key: shapes.id },
    page: (client, query, limits) =>
      client.GET("/api/v2/variables", { params: { query: { ...query, order_by: ["id"] } }, ...limits }),
    one: (client, { key }, signal) =>
      client.GET("/api/v2/variables/{variable_key}", { params: { path: { variable_key: key } }, signal }),
  }),
  row: variableRow,
});
