import type { AirflowClient } from "../client.ts";
import type { components } from "../generated/schema.ts";
import type { CallOptions } from "../operations.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";
import { withoutUndefined } from "./without-undefined.ts";

type Schemas = components["schemas"];

/** A connection. The server never returns a password, and masks secrets in `extra` as `***`. */
export type Connection = Schemas["ConnectionResponse"];
export type ConnectionOptions = Schemas["ConnectionBody"];

export function list(client: AirflowClient, query: ListQuery<"/api/v2/connections"> = {}): List<Connection> {
  return listOf(client, "/api/v2/connections", query);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, connectionId: string, call: CallOptions = {}): Promise<Connection> {
  return (await client.GET("/api/v2/connections/{connection_id}", { ...call, params: byId(connectionId) })).data;
}

/** @throws AirflowError `CONFLICT` if there is one with this id */
export async function create(
  client: AirflowClient,
  options: ConnectionOptions,
  call: CallOptions = {},
): Promise<Connection> {
  return (await client.POST("/api/v2/connections", { ...call, body: options })).data;
}

/** Changes the given fields (undefined counts as not given), and no others. */
export async function update(
  client: AirflowClient,
  { connection_id, ...options }: Partial<ConnectionOptions> & Pick<ConnectionOptions, "connection_id" | "conn_type">,
  call: CallOptions = {},
): Promise<Connection> {
  const changes = withoutUndefined(options);
  const params = { ...byId(connection_id), query: { update_mask: Object.keys(changes) } };
  const body = { connection_id, ...changes };
  return (await client.PATCH("/api/v2/connections/{connection_id}", { ...call, params, body })).data;
}

async function remove(client: AirflowClient, connectionId: string, call: CallOptions = {}): Promise<void> {
  await client.DELETE("/api/v2/connections/{connection_id}", { ...call, params: byId(connectionId) });
}

export { remove as delete };

/** Tests a connection from the server. @throws AirflowError `FORBIDDEN` unless the server allows such tests */
export async function test(
  client: AirflowClient,
  options: ConnectionOptions,
  call: CallOptions = {},
): Promise<Schemas["ConnectionTestResponse"]> {
  return (await client.POST("/api/v2/connections/test", { ...call, body: options })).data;
}

const byId = (connectionId: string) => ({ path: { connection_id: connectionId } });
