import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { XCom, XComValue } from "../types.ts";
import { type DagRunRef, pathOf, regionOf, type TaskInstanceId, type TaskInstanceRow, taskPath } from "./ids.ts";
import { type ListQuery, list as listOf } from "./list.ts";

const PATH = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries";

/** Identifies an entry; `key` is `return_value` for a task's return value. */
export interface XComId extends TaskInstanceId {
  readonly key: string;
}

/** A value that a task passes to others: its id, or its row. */
export type XComRef = XComId | (TaskInstanceRow & { readonly key: string });

/** Whose entries to list: all that the user may read unless limited. */
export interface ListXComsOptions extends ListQuery<typeof PATH> {
  /** Of one run. @default all */
  readonly run?: DagRunRef | undefined;
  /** Of one DAG, if no run is given. @default all */
  readonly dagId?: string | undefined;
  /** Of tasks with this id. @default all */
  readonly taskId?: string | undefined;
}

/** The entries of a task, a run, a DAG, or of all of them, without their values. */
export function list(
  client: AirflowClient,
  { run, dagId = "~", taskId = "~", ...options }: ListXComsOptions = {},
  call: AirflowCallOptions = {},
): List<XCom> {
  const path = run ? pathOf(run) : { dag_id: dagId, dag_run_id: "~" };
  return listOf(client, PATH, options, call, { ...path, task_id: taskId });
}

/** An entry with its value, which is JSON; `get<Value>` says what it is. @throws AirflowError `NOT_FOUND` */
export async function get<Value = unknown>(
  client: AirflowClient,
  entry: XComRef,
  call: AirflowCallOptions = {},
): Promise<Omit<XComValue, "value"> & { readonly value: Value }> {
  const { map_index, ...path } = entryPath(entry);
  const params = { path, query: { map_index, ...regionOf(entry), deserialize: false, stringify: false } };
  const { data } = await client.GET(`${PATH}/{xcom_key}`, { ...call, params });
  return data as XComValue & { readonly value: Value };
}

/** @throws AirflowError `CONFLICT` if there is an entry with this key */
export async function create(
  client: AirflowClient,
  entry: XComRef,
  value: unknown,
  call: AirflowCallOptions = {},
): Promise<void> {
  const { map_index, ...path } = taskPath(entry);
  const body = { key: entry.key, value, map_index, ...regionOf(entry) };
  await client.POST(PATH, { ...call, params: { path }, body });
}

/** Changes an entry's value. Airflow 3.0 and 3.1 store the value's JSON as text instead. */
export async function update(
  client: AirflowClient,
  entry: XComRef,
  value: unknown,
  call: AirflowCallOptions = {},
): Promise<void> {
  const { map_index, ...path } = entryPath(entry);
  const body = { value, map_index, ...regionOf(entry) };
  await client.PATCH(`${PATH}/{xcom_key}`, { ...call, params: { path }, body });
}

/** Deletes an entry. Since Airflow 3.2. */
async function remove(client: AirflowClient, entry: XComRef, call: AirflowCallOptions = {}): Promise<void> {
  const { map_index, ...path } = entryPath(entry);
  const query = { map_index, ...regionOf(entry) };
  await client.DELETE(`${PATH}/{xcom_key}`, { ...call, params: { path, query } });
}

export { remove as delete };

const entryPath = (entry: XComRef) => ({ ...taskPath(entry), xcom_key: entry.key });
