import type { AirflowClient } from "../client.ts";
import type { components } from "../generated/schema.ts";
import type { CallOptions } from "../operations.ts";
import { regionOf, type TaskInstanceId, taskPath } from "./ids.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";

type Schemas = components["schemas"];

/** A value that a task passes to others, without the value itself. */
export type XCom = Schemas["XComResponse"];
/** The same with its value as JSON. */
export type XComValue = Schemas["XComResponseNative"];

const PATH = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries";

/** Identifies an entry; `key` is `return_value` for a task's return value. */
export interface XComId extends TaskInstanceId {
  readonly key: string;
}

/** The entries of a task; without it, of all tasks of a run, of all runs, or of all DAGs. */
export function list(
  client: AirflowClient,
  {
    dagId = "~",
    dagRunId = "~",
    taskId = "~",
    ...query
  }: Partial<Omit<TaskInstanceId, "mapIndex" | "regionId" | "regionIndex">> & ListQuery<typeof PATH> = {},
): List<XCom> {
  return listOf(client, PATH, query, { dag_id: dagId, dag_run_id: dagRunId, task_id: taskId });
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, id: XComId, call: CallOptions = {}): Promise<XComValue> {
  const { map_index, ...path } = entryPath(id);
  const params = { path, query: { map_index, ...regionOf(id), deserialize: false, stringify: false } };
  return (await client.GET(`${PATH}/{xcom_key}`, { ...call, params })).data as XComValue;
}

/** @throws AirflowError `CONFLICT` if there is an entry with this key */
export async function create(
  client: AirflowClient,
  { key, ...task }: XComId,
  value: unknown,
  call: CallOptions = {},
): Promise<void> {
  const { map_index, ...path } = taskPath(task);
  await client.POST(PATH, { ...call, params: { path }, body: { key, value, map_index, ...regionOf(task) } });
}

/** Changes an entry's value. Airflow 3.0 and 3.1 store the value's JSON as text instead. */
export async function update(client: AirflowClient, id: XComId, value: unknown, call: CallOptions = {}): Promise<void> {
  const { map_index, ...path } = entryPath(id);
  await client.PATCH(`${PATH}/{xcom_key}`, { ...call, params: { path }, body: { value, map_index, ...regionOf(id) } });
}

/** Deletes an entry. Since Airflow 3.2. */
async function remove(client: AirflowClient, id: XComId, call: CallOptions = {}): Promise<void> {
  const { map_index, ...path } = entryPath(id);
  await client.DELETE(`${PATH}/{xcom_key}`, { ...call, params: { path, query: { map_index, ...regionOf(id) } } });
}

export { remove as delete };

const entryPath = ({ key, ...task }: XComId) => ({ ...taskPath(task), xcom_key: key });
