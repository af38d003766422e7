import type { PollOptions } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { AirflowError } from "../errors.ts";
import { rowsIn } from "../expect.ts";
import type { components } from "../generated/schema.ts";
import type { CallOptions } from "../operations.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";
import { poll } from "./poll.ts";

type Schemas = components["schemas"];

/** Runs of a DAG for past dates. */
export type Backfill = Schemas["BackfillResponse"];

/** The backfills of a DAG. */
export function list(client: AirflowClient, query: ListQuery<"/api/v2/backfills">): List<Backfill> {
  return listOf(client, "/api/v2/backfills", query);
}

export async function get(client: AirflowClient, id: number, call: CallOptions = {}): Promise<Backfill> {
  return (await client.GET("/api/v2/backfills/{backfill_id}", { ...call, params: byId(id) })).data;
}

/** The result for each of its dates: the run, or why there is none. Since Airflow 3.4. */
export function dagRuns(
  client: AirflowClient,
  id: number,
  query: ListQuery<"/api/v2/backfills/{backfill_id}/dag_runs"> = {},
): List<Schemas["BackfillDagRunResponse"]> {
  return listOf(client, "/api/v2/backfills/{backfill_id}/dag_runs", query, byId(id).path);
}

/**
 * Starts one: a run for each date of the DAG's schedule from `from_date` to `to_date`, both included.
 *
 * @throws AirflowError `CONFLICT` while another backfill of the DAG is in progress
 */
export async function create(
  client: AirflowClient,
  options: Schemas["BackfillPostBody"],
  call: CallOptions = {},
): Promise<Backfill> {
  return (await client.POST("/api/v2/backfills", { ...call, body: options })).data;
}

/** The dates that it would run for. */
export async function dryRun(
  client: AirflowClient,
  options: Schemas["BackfillPostBody"],
  call: CallOptions = {},
): Promise<readonly Schemas["DryRunBackfillResponse"][]> {
  const { data } = await client.POST("/api/v2/backfills/dry_run", { ...call, body: options });
  return rowsIn("POST /api/v2/backfills/dry_run", data.backfills, "backfills");
}

/** Starts no further runs until it is unpaused. */
export async function pause(client: AirflowClient, id: number, call: CallOptions = {}): Promise<Backfill> {
  return (await client.PUT("/api/v2/backfills/{backfill_id}/pause", { ...call, params: byId(id) })).data;
}

export async function unpause(client: AirflowClient, id: number, call: CallOptions = {}): Promise<Backfill> {
  return (await client.PUT("/api/v2/backfills/{backfill_id}/unpause", { ...call, params: byId(id) })).data;
}

/** Cancels it: queued runs fail, running ones continue. */
export async function cancel(client: AirflowClient, id: number, call: CallOptions = {}): Promise<Backfill> {
  return (await client.PUT("/api/v2/backfills/{backfill_id}/cancel", { ...call, params: byId(id) })).data;
}

/**
 * Waits until all its runs have ended, or it was cancelled. The runs say whether they succeeded.
 *
 * @throws AirflowError `DEADLINE_EXCEEDED` after `deadlineMs`
 */
export function wait(
  client: AirflowClient,
  id: number,
  options: PollOptions = {},
): Promise<Backfill & { readonly completed_at: string }> {
  return poll(client, `backfill ${id} to end`, options, async (call) => {
    const found = await get(client, id, call);
    return found.completed_at === null ? undefined : { ...found, completed_at: found.completed_at };
  });
}

function byId(id: number) {
  if (Number.isSafeInteger(id)) return { path: { backfill_id: id } };
  throw new AirflowError({ code: "INVALID_OPTIONS", message: `A backfill id must be a whole number, not ${id}.` });
}
