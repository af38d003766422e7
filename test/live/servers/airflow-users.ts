import type { AirflowClient } from "@org/airflow-client";

/** A user of the FAB auth manager, and the role that says what he may read. The password is the name. */
export interface Reader {
  readonly username: string;
  /** Replaces all that he may read: names of FAB's resources, such as `DAG Runs` or `DAG:daily`. Holds at once. */
  mayRead(resources: readonly string[]): Promise<void>;
}

/** Makes a user who may read nothing yet, through the server's own API. @param admin who may do that */
export async function createReader(admin: AirflowClient, username = "reader"): Promise<Reader> {
  const role = (resources: readonly string[]) => ({
    name: username,
    actions: resources.map((name) => ({ action: { name: "can_read" }, resource: { name } })),
  });
  await admin.request("POST", "/auth/fab/v1/roles", { body: role([]) });
  const person = { first_name: username, last_name: username, email: `${username}@example.com` };
  const roles = [{ name: username }];
  await admin.request("POST", "/auth/fab/v1/users", { body: { username, password: username, ...person, roles } });
  return {
    username,
    async mayRead(resources) {
      await admin.request("PATCH", `/auth/fab/v1/roles/${username}`, { body: role(resources) });
    },
  };
}
