/** A page of a list, read by a client and without one. */
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient, runs } from "@org/dagster-client";
import {
  createAirflowSimulator,
  createDagsterSimulator,
  createDemoAirflowWorld,
  createDemoDagsterWorld,
} from "@org/simulators";

const LIMIT = 100;

export type Server = "airflow" | "dagster";
type Read = (url: string, fetch?: typeof globalThis.fetch) => () => Promise<readonly unknown[]>;

const TASKS = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances";

/** A function that reads the page, and returns its rows. */
export const byClient: Readonly<Record<Server, Read>> = {
  airflow(url, fetch) {
    const client = createAirflowClient({
      url,
      auth: { username: "admin", password: "admin" },
      ...(fetch && { fetch }),
    });
    const params = { path: { dag_id: "~", dag_run_id: "~" }, query: { limit: LIMIT } };
    return async () => (await client.GET(TASKS, { params })).data?.task_instances ?? [];
  },
  dagster(url, fetch) {
    const client = createDagsterClient({ url, ...(fetch && { fetch }) });
    return () => runs.list(client, { first: LIMIT }).toArray();
  },
};

/** What a client cannot do without. */
export const bare: Readonly<Record<Server, Read>> = {
  airflow: (url) => async () => {
    const response = await fetch(`${url}/api/v2/dags/~/dagRuns/~/taskInstances?limit=${LIMIT}`);
    return JSON.parse(await response.text()).task_instances;
  },
  dagster: (url) => async () => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/graphql`, { method: "POST", headers, body: "{}" });
    return Object.values<{ results: unknown[] }>(JSON.parse(await response.text()).data)[0]?.results ?? [];
  },
};

/** The text of the page, from a simulator. */
export async function pageOf(server: Server): Promise<string> {
  const { url, fetch } =
    server === "airflow"
      ? createAirflowSimulator({ world: createDemoAirflowWorld() })
      : createDagsterSimulator({ world: createDemoDagsterWorld() });
  let page = "";
  const noting: typeof globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init);
    page = await response.clone().text();
    return response;
  };
  const rows = await byClient[server](url, noting)();
  if (rows.length !== LIMIT) throw new Error(`The simulated ${server} has ${rows.length} rows, not ${LIMIT}.`);
  return page;
}
