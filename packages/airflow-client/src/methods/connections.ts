import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { Connection, ConnectionOptions, ConnectionTest } from "../types.ts";
import { type ListQuery, list as listOf } from "./list.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** A connection: its id, or its row. */
export type ConnectionRef = string | Pick<Connection, "connection_id">;

/** The connections. The server never returns a password, and masks secrets in `extra` as `***`. */
export function list(
  client: AirflowClient,
  options: ListQuery<"/api/v2/connections"> = {},
  call: AirflowCallOptions = {},
): List<Connection> {
  return listOf(client, "/api/v2/connections", options, call);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(
  client: AirflowClient,
  connection: ConnectionRef,
  call: AirflowCallOptions = {},
): Promise<Connection> {
  return (await client.GET("/api/v2/connections/{connection_id}", { ...call, params: byId(connection) })).data;
}

/** @throws AirflowError `CONFLICT` if there is one with this id */
export async function create(
  client: AirflowClient,
  options: ConnectionOptions,
  call: AirflowCallOptions = {},
): Promise<Connection> {
  return (await client.POST("/api/v2/connections", { ...call, body: options })).data;
}

/** Changes the given fields (undefined counts as not given), and no others. */
export async function update(
  client: AirflowClient,
  { connection_id, ...options }: Partial<ConnectionOptions> & Pick<ConnectionOptions, "connection_id" | "conn_type">,
  call: AirflowCallOptions = {},
): Promise<Connection> {
  const changes = withoutUndefined(options);
  const params = { ...byId(connection_id), query: { update_mask: Object.keys(changes) } };
  const body = { connection_id, ...changes };
  return (await client.PATCH("/api/v2/connections/{connection_id}", { ...call, params, body })).data;
}

async function remove(client: AirflowClient, connection: ConnectionRef, call: AirflowCallOptions = {}): Promise<void> {
  await client.DELETE("/api/v2/connections/{connection_id}", { ...call, params: byId(connection) });
}

export { remove as delete };

/** Tests a connection from the server. @throws AirflowError `FORBIDDEN` unless the server allows such tests */
export async function test(
  client: AirflowClient,
  options: ConnectionOptions,
  call: AirflowCallOptions = {},
): Promise<ConnectionTest> {
  return (await client.POST("/api/v2/connections/test", { ...call, body: options })).data;
}

const byId = (connection: ConnectionRef) => ({
  path: { connection_id: typeof connection === "string" ? connection : connection.connection_id },
});
