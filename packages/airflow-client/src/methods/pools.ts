import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { Pool, PoolChanges, PoolOptions } from "../types.ts";
import { type ListQuery, list as listOf } from "./list.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** A pool: its name, or its row. */
export type PoolRef = string | Pick<Pool, "name">;

/** The pools, with their occupied slots. */
export function list(
  client: AirflowClient,
  options: ListQuery<"/api/v2/pools"> = {},
  call: AirflowCallOptions = {},
): List<Pool> {
  return listOf(client, "/api/v2/pools", options, call);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, pool: PoolRef, call: AirflowCallOptions = {}): Promise<Pool> {
  return (await client.GET("/api/v2/pools/{pool_name}", { ...call, params: byName(pool) })).data;
}

/** @throws AirflowError `CONFLICT` if there is one of this name */
export async function create(
  client: AirflowClient,
  options: PoolOptions,
  call: AirflowCallOptions = {},
): Promise<Pool> {
  return (await client.POST("/api/v2/pools", { ...call, body: options })).data;
}

/**
 * Changes only the given fields. The server requires all fields of a pool, so the current ones are requested first.
 */
export async function update(
  client: AirflowClient,
  pool: PoolRef,
  options: Omit<PoolChanges, "pool">,
  call: AirflowCallOptions = {},
): Promise<Pool> {
  const changes = withoutUndefined(options);
  const { name, slots, include_deferred, description } = await get(client, pool, call);
  const body = { pool: name, slots, include_deferred, description, ...changes };
  // The default pool's other fields must not even be named.
  const params = { ...byName(name), query: { update_mask: Object.keys(changes) } };
  return (await client.PATCH("/api/v2/pools/{pool_name}", { ...call, params, body })).data;
}

async function remove(client: AirflowClient, pool: PoolRef, call: AirflowCallOptions = {}): Promise<void> {
  await client.DELETE("/api/v2/pools/{pool_name}", { ...call, params: byName(pool) });
}

export { remove as delete };

const byName = (pool: PoolRef) => ({ path: { pool_name: typeof pool === "string" ? pool : pool.name } });
