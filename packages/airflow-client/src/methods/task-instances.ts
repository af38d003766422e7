import type { AirflowClient } from "../client.ts";
import { rowsIn } from "../expect.ts";
import type { components } from "../generated/schema.ts";
import type { CallOptions } from "../operations.ts";
import type { TaskInstance, TaskInstanceAttempt } from "../types.ts";
import { type DagRunId, regionOf, type TaskInstanceId, taskPath } from "./ids.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";
import { withoutUndefined } from "./without-undefined.ts";

export type { TaskInstanceId } from "./ids.ts";
export { type LogLine, type LogsOptions, logs } from "./task-logs.ts";

type Schemas = components["schemas"];

const PATH = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances";

/** The task instances of a run; without it, of all runs of a DAG, or of all DAGs. */
export function list(
  client: AirflowClient,
  { dagId = "~", dagRunId = "~", ...query }: Partial<DagRunId> & ListQuery<typeof PATH> = {},
): List<TaskInstance> {
  return listOf(client, PATH, query, { dag_id: dagId, dag_run_id: dagRunId });
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, task: TaskInstanceId, call: CallOptions = {}): Promise<TaskInstance> {
  const params = { path: taskPath(task), query: regionOf(task) };
  return (await client.GET(`${PATH}/{task_id}/{map_index}`, { ...call, params })).data;
}

/** All attempts of a task instance, the current one last. */
export async function tries(
  client: AirflowClient,
  task: TaskInstanceId,
  call: CallOptions = {},
): Promise<readonly TaskInstanceAttempt[]> {
  const params = { path: taskPath(task), query: regionOf(task) };
  const { data } = await client.GET(`${PATH}/{task_id}/{map_index}/tries`, { ...call, params });
  return rowsIn(`GET ${PATH}/{task_id}/{map_index}/tries`, data.task_instances, "task_instances");
}

/**
 * Runs task instances of a DAG again, and says which. With `dry_run: true` it only says which.
 *
 * @param options all of the DAG's unless limited: `dag_run_id`, `task_ids`, `only_failed`, `start_date`, `end_date`.
 * The server's own default is a dry run; here it is not.
 */
export async function clear(
  client: AirflowClient,
  dagId: string,
  options: Schemas["ClearTaskInstancesBody"] = {},
  call: CallOptions = {},
): Promise<readonly TaskInstance[]> {
  const params = { path: { dag_id: dagId } };
  const body = { dry_run: false, ...options };
  const { data } = await client.POST("/api/v2/dags/{dag_id}/clearTaskInstances", { ...call, params, body });
  const rows = data.task_instances as readonly TaskInstance[];
  return rowsIn("POST /api/v2/dags/{dag_id}/clearTaskInstances", rows, "task_instances");
}

/** Sets a task instance's state manually, and with `include_downstream` and similar options that of related ones. */
export async function setState(
  client: AirflowClient,
  task: TaskInstanceId,
  state: Schemas["TaskInstanceState"],
  options: Omit<Schemas["PatchTaskInstanceBody"], "new_state" | "note" | "region_id" | "region_index"> = {},
  call: CallOptions = {},
): Promise<readonly TaskInstance[]> {
  return patch(client, task, { ...options, new_state: state }, call);
}

/** Sets a task instance's note; null removes it. */
export async function setNote(
  client: AirflowClient,
  task: TaskInstanceId,
  note: string | null,
  call: CallOptions = {},
): Promise<readonly TaskInstance[]> {
  return patch(client, task, { note }, call);
}

async function patch(
  client: AirflowClient,
  task: TaskInstanceId,
  options: Schemas["PatchTaskInstanceBody"],
  call: CallOptions,
): Promise<readonly TaskInstance[]> {
  const body = withoutUndefined(options);
  const params = { path: taskPath(task), query: { update_mask: Object.keys(body), ...regionOf(task) } };
  const { data } = await client.PATCH(`${PATH}/{task_id}/{map_index}`, { ...call, params, body });
  return rowsIn(`PATCH ${PATH}/{task_id}/{map_index}`, data?.task_instances, "task_instances");
}
