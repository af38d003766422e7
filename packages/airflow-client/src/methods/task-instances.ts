import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { rowsIn } from "../expect.ts";
import type { components } from "../generated/schema.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { TaskInstance, TaskInstanceState } from "../types.ts";
import { type DagRef, dagIdOf, pageUrl, regionOf, type TaskInstanceRef, taskPath } from "./ids.ts";
import {
  type ListTaskInstancesOfDagsOptions,
  type ListTaskInstancesOptions,
  listTasks,
} from "./list-task-instances.ts";
import { withoutUndefined } from "./without-undefined.ts";

export type { TaskInstanceId, TaskInstanceRef, TaskInstanceRow } from "./ids.ts";
export type { ListTaskInstancesOfDagsOptions, ListTaskInstancesOptions } from "./list-task-instances.ts";
export { type LogLine, type LogsOptions, logs } from "./task-logs.ts";
export { tries } from "./task-tries.ts";

type Schemas = components["schemas"];

const PATH = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}";

/**
 * The task instances of a run; without `run`, of all runs of a DAG, or of all DAGs.
 *
 * With `dags`, those of several DAGs: by id, or by tag, owner or pattern, which are looked up first. Servers know fewer
 * filters for these, walk them by offset, and write a line to the audit log for each request.
 */
export function list(
  client: AirflowClient,
  options?: ListTaskInstancesOptions,
  call?: AirflowCallOptions,
): List<TaskInstance>;
export function list(
  client: AirflowClient,
  options: ListTaskInstancesOfDagsOptions,
  call?: AirflowCallOptions,
): List<TaskInstance>;
export function list(
  client: AirflowClient,
  options: ListTaskInstancesOptions | ListTaskInstancesOfDagsOptions = {},
  call: AirflowCallOptions = {},
): List<TaskInstance> {
  return listTasks(client, options, call);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(
  client: AirflowClient,
  task: TaskInstanceRef,
  call: AirflowCallOptions = {},
): Promise<TaskInstance> {
  const params = { path: taskPath(task), query: regionOf(task) };
  return (await client.GET(PATH, { ...call, params })).data;
}

/**
 * Runs task instances of a DAG again, and says which. With `dry_run: true` it only says which.
 *
 * Those that are named (`task_ids`, `task_group_id`, `task_instance_ids`) are cleared whatever their state, unless
 * `only_failed: true` is given. Without names, only failed ones are, unless `only_failed: false` is given: then it is
 * everything in `dag_run_id`, or from `start_date` to `end_date`, or of the whole DAG.
 */
export async function clear(
  client: AirflowClient,
  dag: DagRef,
  options: Schemas["ClearTaskInstancesBody"] = {},
  call: AirflowCallOptions = {},
): Promise<readonly TaskInstance[]> {
  const { task_ids, task_group_id, task_instance_ids } = options;
  const isNamed = Boolean(task_ids ?? task_group_id ?? task_instance_ids);
  const params = { path: { dag_id: dagIdOf(dag) } };
  const body = { ...withoutUndefined(options), dry_run: options.dry_run ?? false };
  body.only_failed ??= !isNamed;
  const { data } = await client.POST("/api/v2/dags/{dag_id}/clearTaskInstances", { ...call, params, body });
  const rows = data.task_instances as readonly TaskInstance[];
  return rowsIn("POST /api/v2/dags/{dag_id}/clearTaskInstances", rows, "task_instances");
}

/** The new state of a task instance, and what else gets it. */
export interface SetStateOptions
  extends Omit<Schemas["PatchTaskInstanceBody"], "new_state" | "note" | "region_id" | "region_index"> {
  readonly state: TaskInstanceState;
}

/** Sets a task instance's state manually, and with `include_downstream` and similar options that of related ones. */
export async function setState(
  client: AirflowClient,
  task: TaskInstanceRef,
  { state, ...options }: SetStateOptions,
  call: AirflowCallOptions = {},
): Promise<readonly TaskInstance[]> {
  return patch(client, task, { ...options, new_state: state }, call);
}

/** Sets a task instance's note; null removes it. */
export async function setNote(
  client: AirflowClient,
  task: TaskInstanceRef,
  note: string | null,
  call: AirflowCallOptions = {},
): Promise<readonly TaskInstance[]> {
  return patch(client, task, { note }, call);
}

/** A task instance's page in the web interface. */
export function url(client: Pick<AirflowClient, "url">, task: TaskInstanceRef): string {
  const path = taskPath(task);
  const mapped = path.map_index >= 0 ? "/mapped/{map_index}" : "";
  return pageUrl(client, `/dags/{dag_id}/runs/{dag_run_id}/tasks/{task_id}${mapped}`, path);
}

async function patch(
  client: AirflowClient,
  task: TaskInstanceRef,
  options: Schemas["PatchTaskInstanceBody"],
  call: AirflowCallOptions,
): Promise<readonly TaskInstance[]> {
  const body = withoutUndefined(options);
  const params = { path: taskPath(task), query: { update_mask: Object.keys(body), ...regionOf(task) } };
  const { data } = await client.PATCH(PATH, { ...call, params, body });
  return rowsIn(`PATCH ${PATH}`, data?.task_instances, "task_instances");
}
