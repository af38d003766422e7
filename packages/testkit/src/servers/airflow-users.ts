import { type AirflowClient, roles, users } from "@org/airflow-client";

/** A user of the FAB auth manager, with a role of the same name. The password is the name. */
export interface Reader {
  readonly username: string;
  /** Replaces the role's read permissions, by FAB resource, such as `DAG Runs` or `DAG:daily`. Takes effect immediately. */
  mayRead(resources: readonly string[]): Promise<void>;
}

/** Creates a user without permissions, through the server's API. @param admin credentials that may do that */
export async function createReader(admin: AirflowClient, username = "reader"): Promise<Reader> {
  const role = (resources: readonly string[]) => ({
    name: username,
    actions: resources.map((name) => ({ action: { name: "can_read" }, resource: { name } })),
  });
  await roles.create(admin, role([]));
  const person = { first_name: username, last_name: username, email: `${username}@example.com` };
  await users.create(admin, { username, password: username, ...person, roles: [{ name: username }] });
  return {
    username,
    async mayRead(resources) {
      await roles.update(admin, username, role(resources));
    },
  };
}
