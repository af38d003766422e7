import { isAtLeast } from "@org/testkit/servers/for-version";
import { type Reply, request } from "./request.ts";

/**
 * An Airflow server to check against the contract. It needs keyset cursors (3.3), several DAGs, more than 200 runs and more
 * than 200 task instances, rows in the lists of opt-in streams, and must not change during the tests. They only read.
 */
export interface AirflowTarget {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly token: string;
}

/** Whether it is 3.4 or later, where task instances have regions, and attempts have their own ids. */
export async function knowsRegions({ url }: AirflowTarget): Promise<boolean> {
  const { version } = (await request(`${url}/api/v2/version`)).json;
  return isAtLeast(version, "3.4");
}

export const runs = "/api/v2/dags/~/dagRuns";
export const tasks = "/api/v2/dags/~/dagRuns/~/taskInstances";

export function get(target: AirflowTarget, path: string): Promise<Reply> {
  return request(target.url + path, { headers: { authorization: `Bearer ${target.token}` } });
}

export function post(target: AirflowTarget, path: string, body: unknown): Promise<Reply> {
  return request(target.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${target.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** The total number of rows of a list. */
export async function count(target: AirflowTarget, path: string): Promise<number> {
  return (await get(target, `${path}${path.includes("?") ? "&" : "?"}limit=0`)).json.total_entries;
}

/** Reads a list to its end by cursor. */
export async function walk(target: AirflowTarget, path: string, rows: "dag_runs" | "task_instances") {
  const seen: { [field: string]: unknown }[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Reply["json"] = (await get(target, `${path}&cursor=${encodeURIComponent(cursor)}`)).json;
    seen.push(...page[rows]);
    cursor = page.next_cursor;
  }
  return seen;
}

/** A run that has versions, and an id without special characters in paths or patterns. */
export async function someRun(target: AirflowTarget): Promise<{ [field: string]: string }> {
  const { dag_runs } = (await get(target, `${runs}?limit=100&order_by=-id`)).json;
  const plain = (run: { dag_run_id: string; dag_versions: unknown[] }) =>
    run.dag_versions.length > 0 && /^[\w:.+-]+$/.test(run.dag_run_id);
  return dag_runs.find(plain);
}

/** The path of one run. */
export function pathOf(run: { [field: string]: string }): string {
  return `/api/v2/dags/${encodeURIComponent(run.dag_id!)}/dagRuns/${encodeURIComponent(run.dag_run_id!)}`;
}
