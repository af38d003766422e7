import { type AirflowClient, roles, users } from "@org/airflow-client";

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
