/**
 * What identifies a run, and what a task instance.
 *
 * Since Airflow 3.4 a task of a loop has a row for each iteration, with the same `map_index` in all of them. What tells
 * them apart is a region, and an index in it. Older servers know none, nor has a task one that is neither mapped nor in
 * a loop: then constants stand for it, in the table too.
 */
import type { StoredValues } from "@org/destination";

export type RunId = { readonly dag_id: string; readonly dag_run_id: string };

/** What the server says of a task instance that tells it from all others. */
export interface ListedId extends RunId {
  readonly task_id: string;
  readonly map_index: number;
  /** Left out where there is none. */
  readonly region_id?: string;
  readonly region_index?: number;
}

/** The columns that identify a task instance, whatever its attempt. */
export interface TaskInstanceId extends RunId {
  readonly task_id: string;
  /** -1 where it is not mapped, or has not expanded yet. */
  readonly map_index: number;
  /** {@link NO_REGION} where it has none. */
  readonly region_id: string;
  /** {@link NO_INDEX} where it has no region, or has not expanded in it yet. */
  readonly region_index: number;
}

export const NO_REGION = "";
export const NO_INDEX = -1;

/** Stands for "no region" in Airflow's own database, and where a region is asked for. */
export const NIL_REGION = "00000000-0000-0000-0000-000000000000";

/** The identity of a task instance, as the server lists it or as the table holds it. */
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

/** Whether a row comes from a server that knows regions, which all do from 3.4 on; its attempts have ids of their own. */
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
 * Whether the server can be asked for something by an address with these ids in it: its routes match no slash in one, and
 * of an address `.` and `..` are left out. Airflow takes all of these for ids.
 */
export function isAddressable(...ids: readonly string[]): boolean {
  return ids.every((id) => id !== "." && id !== ".." && !id.includes("/") && id.isWellFormed());
}

/** Identifies whatever has these values. */
export function key(...parts: unknown[]): string {
  return JSON.stringify(parts);
}
