/** Identifies a run: `{ dagId, dagRunId }`. */
export interface DagRunId {
  readonly dagId: string;
  readonly dagRunId: string;
}

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

/** The ids as the server's path parameters. */
export function pathOf({ dagId, dagRunId }: DagRunId) {
  return { dag_id: dagId, dag_run_id: dagRunId };
}

export function taskPath({ taskId, mapIndex = -1, ...run }: TaskInstanceId) {
  return { ...pathOf(run), task_id: taskId, map_index: mapIndex };
}

/** The region as query or body parameters; empty if none is given. */
export function regionOf({ regionId, regionIndex }: TaskInstanceId) {
  return { region_id: regionId, region_index: regionIndex };
}
