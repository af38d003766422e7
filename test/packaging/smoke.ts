/**
 * A smoke test of the published clients for every runtime. It runs directly on Node, Bun and Deno, and as a bundle in a
 * browser and in workerd, so it only uses the two packages and web standards.
 */
import { AirflowError, checkServer, createAirflowClient, dagRuns, dags } from "@org/airflow-client";
import { createDagsterClient, DagsterError, unwrap } from "@org/dagster-client";
import { definitionsDocument, paginateRuns, serverVersionDocument } from "@org/dagster-client/sync";

/** The results, for the test to compare with the servers' data. */
export interface Seen {
  readonly airflowVersion: string;
  readonly dag: string;
  readonly dagRunPages: readonly number[];
  readonly missing: string;
  readonly refused: string;
  readonly late: string;
  readonly lost: string;
  readonly aborted: string;
  readonly dagsterVersion: string;
  readonly dagsterRunPages: readonly number[];
  readonly locations: readonly string[];
  readonly invalid: string;
}

/** @param origin where both servers are, under /airflow and /dagster */
export async function smoke(origin: string): Promise<Seen> {
  return { ...(await useAirflow(`${origin}/airflow`)), ...(await useDagster(`${origin}/dagster`)) };
}

async function useAirflow(baseUrl: string) {
  const auth = { username: "admin", password: "admin" };
  const airflow = createAirflowClient({ url: baseUrl, auth });
  const { version: airflowVersion } = await checkServer(airflow);
  const dagRunPages: number[] = [];
  for await (const { items } of dagRuns.list(airflow).pages()) dagRunPages.push(items.length);
  const { dag_id: dag } = await dags.get(airflow, "load_orders");

  const missing = await codeOf(dags.get(airflow, "no such dag"));
  const mistyped = createAirflowClient({ url: baseUrl, auth: { ...auth, password: "not this one" } });
  const refused = await codeOf(dags.get(mistyped, dag));
  const late = await codeOf(airflow.request("GET", "/stall", { timeoutMs: 50 }));
  const lost = await codeOf(airflow.request("GET", "/lost"));
  const aborted = await codeOf(dags.get(airflow, dag, { signal: AbortSignal.abort() }));
  return { airflowVersion, dag, dagRunPages, missing, refused, late, lost, aborted };
}

async function useDagster(url: string) {
  const dagster = createDagsterClient({ url });
  const { version: dagsterVersion } = await dagster.request(serverVersionDocument);
  const dagsterRunPages: number[] = [];
  for await (const { rows } of paginateRuns(dagster, { pageSize: 250 })) dagsterRunPages.push(rows.length);
  const { workspace } = await dagster.request(definitionsDocument);
  const locations = unwrap(workspace, "Workspace").locationEntries.map(({ name }) => name);
  const invalid = await codeOf(dagster.request("{ nothing }"));
  return { dagsterVersion, dagsterRunPages, locations, invalid };
}

/** A client error's class and code. For other errors, the name. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "no error";
  } catch (error) {
    const { name } = error as Error;
    return error instanceof AirflowError || error instanceof DagsterError ? `${name} ${error.code}` : name;
  }
}
