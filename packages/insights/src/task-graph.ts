/** The dependencies between the tasks of DAG versions, from opt-in streams. */
import type { Upstream } from "./critical-path.ts";
import type { Asking, SqlRow } from "./question.ts";

/** The dependencies of a DAG's version; undefined if they are unknown. */
export type Versions = (pipeline: unknown, dag: unknown, version: unknown) => Upstream | undefined;

/** A key of names and numbers. */
export function keyOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts.map(String));
}

/**
 * Reads the dependencies of the DAG versions that rows are about, as far as they are known.
 *
 * @param rows each with `pipeline`, `dag` and `version`
 * @param dags a query for the `pipeline` and `dag_id` of these DAGs, so that no others are read. @default all are read
 */
export async function dependenciesOf(
  query: (write: () => string) => ReturnType<Asking["query"]>,
  rows: readonly SqlRow[],
  dags?: string,
): Promise<Versions> {
  const own = dags === undefined ? "" : `WHERE (pipeline, dag_id) IN (${dags})`;
  const versionOf = ({ pipeline, dag, version }: SqlRow) => keyOf(pipeline, dag, version);
  const wanted = new Set(rows.map(versionOf));
  const found = new Map<string, Map<string, string[]>>();
  // A version with tasks and without edges is known, too.
  const stored = await query(
    () => `SELECT pipeline, dag_id AS dag, version_number AS version, task_id AS task, NULL AS upstream FROM airflow_tasks ${own}
      UNION ALL
      SELECT pipeline, dag_id, version_number, downstream_task_id, upstream_task_id FROM airflow_task_edges ${own}`,
  );
  for (const row of stored) {
    const version = versionOf(row);
    if (!wanted.has(version)) continue;
    const tasks = found.get(version) ?? new Map<string, string[]>();
    found.set(version, tasks);
    const upstream = tasks.get(String(row.task)) ?? [];
    tasks.set(String(row.task), row.upstream === null ? upstream : [...upstream, String(row.upstream)]);
  }
  return (...version) => found.get(keyOf(...version));
}

/** All tasks that follow a task, directly or not. */
export function downstreamOf(upstream: Upstream, task: string): ReadonlySet<string> {
  const followers = new Map<string, string[]>();
  for (const [after, befores] of upstream)
    for (const before of befores) followers.set(before, [...(followers.get(before) ?? []), after]);
  const found = new Set<string>();
  const rest = [task];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    for (const each of followers.get(next) ?? []) {
      if (found.has(each)) continue;
      found.add(each);
      rest.push(each);
    }
  }
  return found;
}
