import type { Scope } from "@org/destination";

/** Which dag runs or task instances: those for which all that is said holds. */
export type AirflowScope = {
  readonly dags?: readonly string[];
  /** Run ids, which are unique within a DAG only. Of task instances only: the server cannot list runs by their ids. */
  readonly runs?: readonly string[];
  /** Of task instances only. */
  readonly tasks?: readonly string[];
  /** Half-open: from <= run_after < to. */
  readonly runAfter?: { readonly from?: string; readonly to?: string };
  readonly states?: readonly (string | null)[];
  /** Changed at this time or later. No row says when it changed, so what a table holds cannot be asked by it. */
  readonly updatedSince?: string;
  /** Together with `updatedSince`: changed at this time or earlier. */
  readonly updatedUntil?: string;
};

/** The same rows in a table, or undefined where a table cannot tell. */
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

/** Whether no change of a row can move it into or out of the scope, so that an answer says what is no longer there. */
export function isFixed({ states, updatedSince }: AirflowScope): boolean {
  return states === undefined && updatedSince === undefined;
}
