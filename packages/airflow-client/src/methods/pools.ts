import type { AirflowClient } from "../client.ts";
import type { components } from "../generated/schema.ts";
import type { CallOptions } from "../operations.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";
import { withoutUndefined } from "./without-undefined.ts";

type Schemas = components["schemas"];

/** A pool, with its occupied slots. */
export type Pool = Schemas["PoolResponse"];

export function list(client: AirflowClient, query: ListQuery<"/api/v2/pools"> = {}): List<Pool> {
  return listOf(client, "/api/v2/pools", query);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, name: string, call: CallOptions = {}): Promise<Pool> {
  return (await client.GET("/api/v2/pools/{pool_name}", { ...call, params: byName(name) })).data;
}

/** @throws AirflowError `CONFLICT` if there is one of this name */
export async function create(
  client: AirflowClient,
  options: Schemas["PoolBody"],
  call: CallOptions = {},
): Promise<Pool> {
  return (await client.POST("/api/v2/pools", { ...call, body: options })).data;
}

/**
 * Changes only the given fields. The server requires all fields of a pool, so the current ones are requested first.
 */
export async function update(
  client: AirflowClient,
  name: string,
  options: Omit<Schemas["PoolPatchBody"], "pool">,
  call: CallOptions = {},
): Promise<Pool> {
  const changes = withoutUndefined(options);
  const { slots, include_deferred, description } = await get(client, name, call);
  const body = { pool: name, slots, include_deferred, description, ...changes };
  // The default pool's other fields must not even be named.
  const params = { ...byName(name), query: { update_mask: Object.keys(changes) } };
  return (await client.PATCH("/api/v2/pools/{pool_name}", { ...call, params, body })).data;
}

async function remove(client: AirflowClient, name: string, call: CallOptions = {}): Promise<void> {
  await client.DELETE("/api/v2/pools/{pool_name}", { ...call, params: byName(name) });
}

export { remove as delete };

const byName = (name: string) => ({ path: { pool_name: name } });
