import type { Scope } from "@org/destination";

/** Selects dag runs or task instances: those that meet every condition. */
export type AirflowScope = {
  readonly dags?: readonly string[];
  /** Run ids, which are unique only within a DAG. Only for task instances: the server cannot list runs by id. */
  readonly runs?: readonly string[];
  /** Only for task instances. */
  readonly tasks?: readonly string[];
  /** Half-open: from <= run_after < to. */
  readonly runAfter?: { readonly from?: string; readonly to?: string };
  readonly states?: readonly (string | null)[];
  /** Changed at this time or later. Rows do not store when they changed, so a table cannot be filtered by it. */
  readonly updatedSince?: string;
  /** Together with `updatedSince`: changed at this time or earlier. */
  readonly updatedUntil?: string;
};

/** The same rows in a table; undefined if a table cannot be filtered like this. */
export function storedScope(scope: AirflowScope): Scope | undefined {
  const { dags, runs, tasks, runAfter, states, updatedSince } = scope;
  if (updatedSince !== undefined) return undefined;
  return {
    ...(dags && { dag_id: { in: dags } }),
    ...(runs && { dag_run_id: { in: runs } }),
    ...(tasks && { task_id: { in: tasks } }),
    ...(states && { state: { in: states } }),
    ...(runAfter && {
      run_after: { ...(runAfter.from && { gte: runAfter.from }), ...(runAfter.to && { lt: runAfter.to }) },
    }),
  };
}

/** Whether no change of a row can move it into or out of the scope, so that a response shows deletions. */
export function isFixed({ states, updatedSince }: AirflowScope): boolean {
  return states === undefined && updatedSince === undefined;
}
