import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { AirflowError } from "../errors.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { User, UserChanges, UserOptions } from "../types.ts";
import { type ListQuery, list as listOf } from "./list.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** A user: its name, or its row. */
export type UserRef = string | Pick<User, "username">;

/** The users of a server with the FAB auth manager; others have none. */
export function list(
  client: AirflowClient,
  options: ListQuery<"/auth/fab/v1/users"> = {},
  call: AirflowCallOptions = {},
): List<User> {
  return listOf(client, "/auth/fab/v1/users", options, call);
}

/**
 * A user by name. If the name contains a slash, which a path cannot, the user is looked up in the list.
 *
 * @throws AirflowError `NOT_FOUND`
 */
export async function get(client: AirflowClient, user: UserRef, call: AirflowCallOptions = {}): Promise<User> {
  try {
    return (await client.GET("/auth/fab/v1/users/{username}", { ...call, params: byName(user) })).data;
  } catch (error) {
    if (!(error instanceof AirflowError && error.code === "UNADDRESSABLE_ID")) throw error;
    const { username } = byName(user).path;
    for await (const found of list(client, {}, call)) if (found.username === username) return found;
    throw new AirflowError({ code: "NOT_FOUND", message: `There is no user ${JSON.stringify(username)}.` });
  }
}

/**
 * Creates a user. Choose a name without a slash: the server accepts one, but can then neither change nor delete that
 * user.
 *
 * @throws AirflowError `CONFLICT` if there is one with this name or email address
 */
export async function create(
  client: AirflowClient,
  options: UserOptions,
  call: AirflowCallOptions = {},
): Promise<User> {
  return (await client.POST("/auth/fab/v1/users", { ...call, body: options })).data;
}

/** Changes the given fields, the name included, and no others. @throws AirflowError `UNADDRESSABLE_ID` for a slash */
export async function update(
  client: AirflowClient,
  user: UserRef,
  options: UserChanges,
  call: AirflowCallOptions = {},
): Promise<User> {
  const changes = withoutUndefined(options);
  const params = { ...byName(user), query: { update_mask: Object.keys(changes).join(",") } };
  return (await client.PATCH("/auth/fab/v1/users/{username}", { ...call, params, body: changes })).data;
}

/** @throws AirflowError `UNADDRESSABLE_ID` for a name with a slash */
async function remove(client: AirflowClient, user: UserRef, call: AirflowCallOptions = {}): Promise<void> {
  await client.DELETE("/auth/fab/v1/users/{username}", { ...call, params: byName(user) });
}

export { remove as delete };

const byName = (user: UserRef) => ({ path: { username: typeof user === "string" ? user : user.username } });

/**
 * Replaces characters that the server's paths cannot carry: `domain/ann` becomes `domain_ann`. Not for MWAA, where
 * names are from IAM.
 */
export function sanitizeUsername(username: string): string {
  return username.replaceAll("/", "_");
}
