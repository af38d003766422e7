import type { List, WaitOptions } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { rowsIn } from "../expect.ts";
import { invalidOption } from "../invalid-option.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { Backfill, BackfillDagRun, BackfillDate, BackfillOptions } from "../types.ts";
import { type ListQuery, list as listOf } from "./list.ts";
import { poll } from "./poll.ts";

/** A backfill: its id, or its row. */
export type BackfillRef = number | Pick<Backfill, "id" | "dag_id">;

/** The backfills of a DAG. */
export function list(
  client: AirflowClient,
  options: ListQuery<"/api/v2/backfills">,
  call: AirflowCallOptions = {},
): List<Backfill> {
  return listOf(client, "/api/v2/backfills", options, call);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(
  client: AirflowClient,
  backfill: BackfillRef,
  call: AirflowCallOptions = {},
): Promise<Backfill> {
  return (await client.GET("/api/v2/backfills/{backfill_id}", { ...call, params: byId(backfill) })).data;
}

/** The result for each of its dates: the run, or why there is none. Since Airflow 3.4. */
export function dagRuns(
  client: AirflowClient,
  backfill: BackfillRef,
  options: ListQuery<"/api/v2/backfills/{backfill_id}/dag_runs"> = {},
  call: AirflowCallOptions = {},
): List<BackfillDagRun> {
  return listOf(client, "/api/v2/backfills/{backfill_id}/dag_runs", options, call, byId(backfill).path);
}

/**
 * Starts one: a run for each date of the DAG's schedule from `from_date` to `to_date`, both included.
 *
 * @throws AirflowError `CONFLICT` while another backfill of the DAG is in progress
 */
export async function create(
  client: AirflowClient,
  options: BackfillOptions,
  call: AirflowCallOptions = {},
): Promise<Backfill> {
  return (await client.POST("/api/v2/backfills", { ...call, body: options })).data;
}

/** The dates that it would run for. */
export async function dryRun(
  client: AirflowClient,
  options: BackfillOptions,
  call: AirflowCallOptions = {},
): Promise<readonly BackfillDate[]> {
  const { data } = await client.POST("/api/v2/backfills/dry_run", { ...call, body: options });
  return rowsIn("POST /api/v2/backfills/dry_run", data.backfills, "backfills");
}

/** Starts no further runs until it is unpaused. */
export async function pause(
  client: AirflowClient,
  backfill: BackfillRef,
  call: AirflowCallOptions = {},
): Promise<Backfill> {
  return (await client.PUT("/api/v2/backfills/{backfill_id}/pause", { ...call, params: byId(backfill) })).data;
}

/** Lets it start runs again. */
export async function unpause(
  client: AirflowClient,
  backfill: BackfillRef,
  call: AirflowCallOptions = {},
): Promise<Backfill> {
  return (await client.PUT("/api/v2/backfills/{backfill_id}/unpause", { ...call, params: byId(backfill) })).data;
}

/** Cancels it: queued runs fail, running ones continue. */
export async function cancel(
  client: AirflowClient,
  backfill: BackfillRef,
  call: AirflowCallOptions = {},
): Promise<Backfill> {
  return (await client.PUT("/api/v2/backfills/{backfill_id}/cancel", { ...call, params: byId(backfill) })).data;
}

/**
 * Waits until all its runs have ended, or it was cancelled. The runs say whether they succeeded.
 *
 * @throws AirflowError `DEADLINE_EXCEEDED` after `deadlineMs`
 */
export function wait(
  client: AirflowClient,
  backfill: BackfillRef,
  options: WaitOptions = {},
  call: AirflowCallOptions = {},
): Promise<Backfill & { readonly completed_at: string }> {
  return poll(client, `backfill ${byId(backfill).path.backfill_id} to end`, options, call, async (call) => {
    const found = await get(client, backfill, call);
    return found.completed_at === null ? undefined : { ...found, completed_at: found.completed_at };
  });
}

function byId(backfill: BackfillRef) {
  const id = typeof backfill === "object" && backfill !== null ? backfill.id : backfill;
  if (Number.isSafeInteger(id)) return { path: { backfill_id: id } };
  throw invalidOption(`a backfill id must be a whole number, not ${id}`);
}
