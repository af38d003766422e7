import type { AirflowServer } from "./airflow.ts";

/**
 * Deletes runs through the API, runs and task instances directly in the database, and a DAG. Also creates a run in place
 * of one that was deleted without a trace.
 */
export async function deleteSome(server: AirflowServer): Promise<Record<string, number>> {
  const runs = await server.query<{ dag_id: string; run_id: string }>(
    `select dag_id, run_id from (
       select dag_id, run_id, row_number() over (partition by dag_id order by run_after desc) n from dag_run
       where run_id !~ '[/%]' and state in ('success', 'failed')) newest
     where n = 5 order by dag_id limit 8`,
  );
  const [byUser, silently] = [runs.slice(0, 4), runs.slice(4, 8)];
  for (const { dag_id, run_id } of byUser) {
    await ask(server, "DELETE", `/api/v2/dags/${dag_id}/dagRuns/${encodeURIComponent(run_id)}`);
  }
  for (const { dag_id, run_id } of silently) {
    await server.query("delete from task_instance where dag_id = $1 and run_id = $2", [dag_id, run_id]);
    await server.query("delete from dag_run where dag_id = $1 and run_id = $2", [dag_id, run_id]);
  }
  const [{ dag_id: dag } = { dag_id: "" }] = silently;
  await server.query("update dag set is_stale = false where dag_id = $1", [dag]);
  await ask(server, "POST", `/api/v2/dags/${dag}/dagRuns`, { logical_date: null });
  // The server does not delete a DAG while one of its task instances is running.
  const [gone] = await server.query<{ dag_id: string }>(
    `select dag_id from dag_run
     where dag_id not in (select dag_id from task_instance where state = 'running')
     group by dag_id order by count(*), dag_id limit 1`,
  );
  await ask(server, "DELETE", `/api/v2/dags/${gone?.dag_id}`);
  return { runsByUsers: byUser.length, runsSilently: silently.length, dags: 1, runsBorn: 1 };
}

/**
 * Runs `airflow db clean` for the oldest runs, and returns what it deleted.
 *
 * @param share the share of runs to delete
 */
export async function cleanUp<T>(
  server: AirflowServer,
  then: () => Promise<T>,
  share = 0.1,
): Promise<T & { readonly taken: { readonly runs: number; readonly taskInstances: number }; readonly cut: string }> {
  const idsOf = async (table: string) => (await server.query(`select id from ${table}`)).map(({ id }) => String(id));
  const [runs, taskInstances] = [await idsOf("dag_run"), await idsOf("task_instance")];
  // The scheduler keeps running, and may create a run in place of the last deleted one.
  const goneOf = async (table: string, before: readonly string[]) => {
    const after = new Set(await idsOf(table));
    return before.filter((id) => !after.has(id)).length;
  };
  const [cut] = await server.query<{ at: string }>(
    "select percentile_disc($1::float8) within group (order by start_date) at from dag_run where start_date is not null",
    [share],
  );
  await server.cli([
    "db",
    "clean",
    "--clean-before-timestamp",
    String(cut?.at),
    "--tables",
    "dag_run",
    "--skip-archive",
    "--yes",
  ]);
  const taken = {
    runs: await goneOf("dag_run", runs),
    taskInstances: await goneOf("task_instance", taskInstances),
  };
  return { ...(await then()), taken, cut: String(cut?.at) };
}

async function ask(server: AirflowServer, method: string, path: string, body?: object): Promise<void> {
  const { username, password } = server;
  const headers = { "content-type": "application/json" };
  const login = await fetch(`${server.url}/auth/token`, {
    method: "POST",
    headers,
    body: JSON.stringify({ username, password }),
  });
  const { access_token: token } = (await login.json()) as { access_token: string };
  const init = {
    method,
    headers: { ...headers, authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  };
  const response = await fetch(server.url + path, init);
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
}
