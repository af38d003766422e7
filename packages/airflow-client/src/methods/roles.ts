import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { Permission, Role, RoleOptions } from "../types.ts";
import { type ListQuery, list as listOf } from "./list.ts";

/** A role: its name, or its row. */
export type RoleRef = string | Pick<Role, "name">;

/** The roles of a server with the FAB auth manager; others have none. */
export function list(
  client: AirflowClient,
  options: ListQuery<"/auth/fab/v1/roles"> = {},
  call: AirflowCallOptions = {},
): List<Role> {
  return listOf(client, "/auth/fab/v1/roles", options, call);
}

/** Everything that a role can allow: actions on resources, such as `can_read` on `DAG Runs`. */
export function permissions(
  client: AirflowClient,
  options: ListQuery<"/auth/fab/v1/permissions"> = {},
  call: AirflowCallOptions = {},
): List<Permission> {
  return listOf(client, "/auth/fab/v1/permissions", options, call);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, role: RoleRef, call: AirflowCallOptions = {}): Promise<Role> {
  return (await client.GET("/auth/fab/v1/roles/{name}", { ...call, params: byName(role) })).data;
}

/** @throws AirflowError `CONFLICT` if there is one with this name */
export async function create(
  client: AirflowClient,
  options: RoleOptions,
  call: AirflowCallOptions = {},
): Promise<Role> {
  return (await client.POST("/auth/fab/v1/roles", { ...call, body: options })).data;
}

/** Replaces a role's permissions and its name. */
export async function update(
  client: AirflowClient,
  role: RoleRef,
  options: RoleOptions,
  call: AirflowCallOptions = {},
): Promise<Role> {
  return (await client.PATCH("/auth/fab/v1/roles/{name}", { ...call, params: byName(role), body: options })).data;
}

async function remove(client: AirflowClient, role: RoleRef, call: AirflowCallOptions = {}): Promise<void> {
  await client.DELETE("/auth/fab/v1/roles/{name}", { ...call, params: byName(role) });
}

export { remove as delete };

const byName = (role: RoleRef) => ({ path: { name: typeof role === "string" ? role : role.name } });
