import type { AirflowClient } from "../client.ts";
import { AirflowError } from "../errors.ts";
import type { components } from "../generated/fab.ts";
import type { CallOptions } from "../operations.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";
import { withoutUndefined } from "./without-undefined.ts";

type Schemas = components["schemas"];

/** A user of the FAB auth manager. */
export type User = Schemas["UserResponse"];
export type UserOptions = Schemas["UserBody"];

/** The users of a server with the FAB auth manager; others have none. */
export function list(client: AirflowClient, query: ListQuery<"/auth/fab/v1/users"> = {}): List<User> {
  return listOf(client, "/auth/fab/v1/users", query);
}

/**
 * A user by name. If the name contains a slash, which a path cannot, the user is looked up in the list.
 *
 * @throws AirflowError `NOT_FOUND`
 */
export async function get(client: AirflowClient, username: string, call: CallOptions = {}): Promise<User> {
  try {
    return (await client.GET("/auth/fab/v1/users/{username}", { ...call, params: byName(username) })).data;
  } catch (error) {
    if (!(error instanceof AirflowError && error.code === "UNADDRESSABLE_ID")) throw error;
    for await (const user of list(client, call)) if (user.username === username) return user;
    throw new AirflowError({ code: "NOT_FOUND", message: `There is no user ${JSON.stringify(username)}.` });
  }
}

/**
 * Creates a user. Choose a name without a slash: the server accepts one, but can then neither change nor delete that
 * user.
 *
 * @throws AirflowError `CONFLICT` if there is one with this name or email address
 */
export async function create(client: AirflowClient, options: UserOptions, call: CallOptions = {}): Promise<User> {
  return (await client.POST("/auth/fab/v1/users", { ...call, body: options })).data;
}

/** Changes the given fields, the name included, and no others. @throws AirflowError `UNADDRESSABLE_ID` for a slash */
export async function update(
  client: AirflowClient,
  username: string,
  options: Schemas["UserPatchBody"],
  call: CallOptions = {},
): Promise<User> {
  const changes = withoutUndefined(options);
  const params = { ...byName(username), query: { update_mask: Object.keys(changes).join(",") } };
  return (await client.PATCH("/auth/fab/v1/users/{username}", { ...call, params, body: changes })).data;
}

/** @throws AirflowError `UNADDRESSABLE_ID` for a name with a slash */
async function remove(client: AirflowClient, username: string, call: CallOptions = {}): Promise<void> {
  await client.DELETE("/auth/fab/v1/users/{username}", { ...call, params: byName(username) });
}

export { remove as delete };

const byName = (username: string) => ({ path: { username } });

/**
 * Replaces characters that the server's paths cannot carry: `domain/ann` becomes `domain_ann`. Not for MWAA, where
 * names are from IAM.
 */
export function sanitizeUsername(username: string): string {
  return username.replaceAll("/", "_");
}
