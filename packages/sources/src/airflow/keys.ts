/**
 * What identifies a run, and a task instance.
 *
 * Since Airflow 3.4 a task in a loop has a row for each iteration, with the same `map_index` in all of them. They
 * differ by a region, and by an index in it. Older servers have no regions, nor do tasks that are neither mapped nor in
 * a loop: then constants stand for them, in the table too.
 */
import type { StoredValues } from "@org/destination";

export type RunId = { readonly dag_id: string; readonly dag_run_id: string };

/** The server's fields that identify a task instance. */
export interface ListedId extends RunId {
  readonly task_id: string;
  readonly map_index: number;
  /** Absent if there is none. */
  readonly region_id?: string;
  readonly region_index?: number;
}

/** The columns that identify a task instance, whatever its attempt. */
export interface TaskInstanceId extends RunId {
  readonly task_id: string;
  /** -1 if it is not mapped, or has not expanded yet. */
  readonly map_index: number;
  /** {@link NO_REGION} if it has none. */
  readonly region_id: string;
  /** {@link NO_INDEX} if it has no region, or has not expanded in it yet. */
  readonly region_index: number;
}

export const NO_REGION = "";
export const NO_INDEX = -1;

/** Stands for "no region" in Airflow's own database, and in requests for a region. */
export const NIL_REGION = "00000000-0000-0000-0000-000000000000";

/** The identity of a task instance, as listed by the server or as stored in the table. */
export function identityOf(row: ListedId | StoredValues): TaskInstanceId {
  const { dag_id, dag_run_id, task_id, map_index, region_id, region_index } = row as ListedId;
  const hasRegion = Boolean(region_id) && region_id !== NIL_REGION;
  return {
    dag_id,
    dag_run_id,
    task_id,
    map_index: Number(map_index),
    region_id: hasRegion ? region_id! : NO_REGION,
    region_index: hasRegion ? Number(region_index ?? NO_INDEX) : NO_INDEX,
  };
}

/** Whether a row comes from a server with regions, as all are from 3.4 on; its attempts have ids of their own. */
export function knowsRegions(row: object): boolean {
  return "in_loop" in row;
}

/** Identifies a task instance, whatever its attempt, in a set. */
export function taskInstanceKey(row: ListedId | StoredValues): string {
  const { dag_id, dag_run_id, task_id, map_index, region_id, region_index } = identityOf(row);
  return key(dag_id, dag_run_id, task_id, map_index, region_id, region_index);
}

/** Identifies a run in a set. */
export function runKey(row: RunId | StoredValues): string {
  return key(row.dag_id, row.dag_run_id);
}

/**
 * Whether a URL can contain these ids: the server's routes match no slash in one, and URLs drop `.` and `..`. Airflow
 * accepts all of these as ids.
 */
export function isAddressable(...ids: readonly string[]): boolean {
  return ids.every((id) => id !== "." && id !== ".." && !id.includes("/") && id.isWellFormed());
}

/** A key for these values. */
export function key(...parts: unknown[]): string {
  return JSON.stringify(parts);
}
