/** What identifies things: ids of our own, or rows as the server returns them. */
import type { AirflowClient } from "../client.ts";
import { fillPath } from "../path.ts";

/** Identifies a run: `{ dagId, dagRunId }`. */
export interface DagRunId {
  readonly dagId: string;
  readonly dagRunId: string;
}

/** Any row of a run: a `DagRun`, a `TaskInstance`, an `XCom`, … */
export type DagRunRow = { readonly dag_id: string } & (
  | { readonly dag_run_id: string }
  | { readonly run_id: string; readonly dag_run_id?: never }
);

/** A run: its id, or a row of it. */
export type DagRunRef = DagRunId | DagRunRow;

/** Identifies a task instance; `mapIndex` is -1 for a task that is not mapped. */
export interface TaskInstanceId extends DagRunId {
  readonly taskId: string;
  /** @default -1 */
  readonly mapIndex?: number | undefined;
  /**
   * Since Airflow 3.4, of a task in a loop: the `region_id` of its row. Such a task has an instance per iteration, and
   * the server does not choose one (`INVALID_REQUEST`).
   */
  readonly regionId?: string | undefined;
  /** The `region_index` of its row. */
  readonly regionIndex?: number | undefined;
}

/** Any row of a task instance: a `TaskInstance`, a `TaskInstanceAttempt`, an `XCom`. */
export type TaskInstanceRow = DagRunRow & {
  readonly task_id: string;
  readonly map_index: number;
  readonly region_id?: string | null | undefined;
  readonly region_index?: number | null | undefined;
};

/** A task instance: its id, or a row of it. */
export type TaskInstanceRef = TaskInstanceId | TaskInstanceRow;

/** The region of rows without one. */
const noRegion = "00000000-0000-0000-0000-000000000000";

/** The ids as the server's path parameters. */
export function pathOf(run: DagRunRef) {
  if ("dagRunId" in run) return { dag_id: run.dagId, dag_run_id: run.dagRunId };
  return { dag_id: run.dag_id, dag_run_id: (run.dag_run_id ?? (run as { run_id?: string }).run_id) as string };
}

export function taskPath(task: TaskInstanceRef) {
  if ("taskId" in task) return { ...pathOf(task), task_id: task.taskId, map_index: task.mapIndex ?? -1 };
  return { ...pathOf(task), task_id: task.task_id, map_index: task.map_index };
}

/** The region as query or body parameters; empty if none is given. */
export function regionOf(task: TaskInstanceRef): { region_id?: string | undefined; region_index?: number | undefined } {
  if ("taskId" in task) return { region_id: task.regionId, region_index: task.regionIndex };
  if (!task.region_id) return {};
  return { region_id: task.region_id, ...(task.region_id !== noRegion && { region_index: task.region_index ?? -1 }) };
}

/** A DAG: its id, or any row that has one. */
export type DagRef = string | { readonly dag_id: string };

export function dagIdOf(dag: DagRef): string {
  return typeof dag === "string" ? dag : dag.dag_id;
}

/** A page of the web interface. @param path as the interface's router names it */
export function pageUrl(
  client: Pick<AirflowClient, "url">,
  path: string,
  ids: Readonly<Record<string, unknown>>,
): string {
  return client.url + fillPath(path, ids);
}
