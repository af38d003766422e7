import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { TaskInstance, TaskInstanceAttempt } from "../types.ts";
import type { DagRunRef } from "./ids.ts";
import { listTasks } from "./list-task-instances.ts";
import { tries } from "./task-tries.ts";

/** A bar of a chart: when an attempt was queued, started and ended. */
export type GanttAttempt = Pick<
  TaskInstanceAttempt,
  "try_number" | "state" | "queued_when" | "start_date" | "end_date" | "duration"
>;

/** A row of a chart. */
export interface GanttRow {
  readonly task: TaskInstance;
  /** The oldest first; none for a task that has not been queued yet. */
  readonly attempts: readonly GanttAttempt[];
}

/** How many requests for attempts are sent at once. */
const atOnce = 8;

/**
 * A run's task instances with their attempts, in the order of their starts. Sends a request for every hundred task
 * instances, and one for each that was tried more than once.
 */
export async function gantt(
  client: AirflowClient,
  run: DagRunRef,
  call: AirflowCallOptions = {},
): Promise<readonly GanttRow[]> {
  const tasks = await listTasks(client, { run }, call).toArray();
  const rows = new Map<TaskInstance, readonly GanttAttempt[]>();
  const retried = tasks.filter((task) => {
    if (hasEarlierAttempts(task)) return true;
    rows.set(task, task.try_number > 0 ? [task] : []);
    return false;
  });
  const queue = retried[Symbol.iterator]();
  const work = async () => {
    for (const task of queue) rows.set(task, await tries(client, task, call).toArray());
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, retried.length) }, work));
  return tasks
    .map((task) => ({ task, attempts: rows.get(task) ?? [] }))
    .sort((a, b) => (startOf(a) < startOf(b) ? -1 : Number(startOf(a) > startOf(b))));
}

/** One that waits for its next attempt no longer has the times of the last one (since Airflow 3.4). */
function hasEarlierAttempts({ try_number, state }: TaskInstance): boolean {
  return try_number > 1 || state === "up_for_retry" || (try_number > 0 && state === null);
}

/** Tasks that have not started come last. */
function startOf({ attempts }: GanttRow): number {
  const start = attempts[0]?.start_date;
  return typeof start === "string" ? Date.parse(start) : Number.POSITIVE_INFINITY;
}
