/** Which run: `{ dagId, dagRunId }`. */
export interface DagRunId {
  readonly dagId: string;
  readonly dagRunId: string;
}

/** Which task instance; `mapIndex` is -1 for a task that is not mapped. */
export interface TaskInstanceId extends DagRunId {
  readonly taskId: string;
  /** @default -1 */
  readonly mapIndex?: number | undefined;
}

/** The ids as the server's paths name them. */
export function pathOf({ dagId, dagRunId }: DagRunId) {
  return { dag_id: dagId, dag_run_id: dagRunId };
}

export function taskPath({ taskId, mapIndex = -1, ...run }: TaskInstanceId) {
  return { ...pathOf(run), task_id: taskId, map_index: mapIndex };
}
