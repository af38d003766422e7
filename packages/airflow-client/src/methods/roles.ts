import type { AirflowClient } from "../client.ts";
import type { components } from "../generated/fab.ts";
import type { CallOptions } from "../operations.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";

type Schemas = components["schemas"];

/** A role of the FAB auth manager: its users' permissions. */
export type Role = Schemas["RoleResponse"];
export type RoleOptions = Schemas["RoleBody"];
/** An action on a resource, such as `can_read` on `DAG Runs`. */
export type Permission = Schemas["ActionResource"];

/** The roles of a server with the FAB auth manager; others have none. */
export function list(client: AirflowClient, query: ListQuery<"/auth/fab/v1/roles"> = {}): List<Role> {
  return listOf(client, "/auth/fab/v1/roles", query);
}

/** Everything that a role can allow. */
export function permissions(
  client: AirflowClient,
  query: ListQuery<"/auth/fab/v1/permissions"> = {},
): List<Permission> {
  return listOf(client, "/auth/fab/v1/permissions", query);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, name: string, call: CallOptions = {}): Promise<Role> {
  return (await client.GET("/auth/fab/v1/roles/{name}", { ...call, params: byName(name) })).data;
}

/** @throws AirflowError `CONFLICT` if there is one with this name */
export async function create(client: AirflowClient, options: RoleOptions, call: CallOptions = {}): Promise<Role> {
  return (await client.POST("/auth/fab/v1/roles", { ...call, body: options })).data;
}

/** Replaces a role's permissions and its name. */
export async function update(
  client: AirflowClient,
  name: string,
  options: RoleOptions,
  call: CallOptions = {},
): Promise<Role> {
  return (await client.PATCH("/auth/fab/v1/roles/{name}", { ...call, params: byName(name), body: options })).data;
}

async function remove(client: AirflowClient, name: string, call: CallOptions = {}): Promise<void> {
  await client.DELETE("/auth/fab/v1/roles/{name}", { ...call, params: byName(name) });
}

export { remove as delete };

const byName = (name: string) => ({ path: { name } });
