import type { PollOptions } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { kindOf, unexpected } from "../expect.ts";
import type { components } from "../generated/schema.ts";
import type { CallOptions } from "../operations.ts";
import type { DagRun } from "../types.ts";
import { type DagRunId, pathOf } from "./ids.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";
import { poll } from "./poll.ts";

export type { DagRunId } from "./ids.ts";

type Schemas = components["schemas"];

/** A run that has ended. */
export type FinishedDagRun = DagRun & { readonly state: "success" | "failed" };

/** The settings of a new run; all of them are optional. */
export type TriggerOptions = Partial<Schemas["TriggerDAGRunPostBody"]>;

/** The runs of a DAG, or without one, of all DAGs that the user may read. */
export function list(
  client: AirflowClient,
  { dagId = "~", ...query }: { readonly dagId?: string } & ListQuery<"/api/v2/dags/{dag_id}/dagRuns"> = {},
): List<DagRun> {
  return listOf(client, "/api/v2/dags/{dag_id}/dagRuns", query, { dag_id: dagId });
}

/** @throws AirflowError `NOT_FOUND`; `UNADDRESSABLE_ID` for a run id with a slash */
export async function get(client: AirflowClient, run: DagRunId, call: CallOptions = {}): Promise<DagRun> {
  return (await client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { ...call, params: { path: pathOf(run) } }))
    .data;
}

/**
 * Starts a run. The server chooses its id unless `dag_run_id` is given, and `logical_date` is null unless given: two
 * runs of a DAG cannot have the same one.
 *
 * @throws AirflowError `CONFLICT` if there is a run with this id or date, `INVALID_REQUEST` if the DAG's parameters do
 * not allow this `conf`
 */
export async function trigger(
  client: AirflowClient,
  dagId: string,
  options: TriggerOptions = {},
  call: CallOptions = {},
): Promise<DagRun> {
  const params = { path: { dag_id: dagId } };
  const body = { logical_date: null, ...options };
  return (await client.POST("/api/v2/dags/{dag_id}/dagRuns", { ...call, params, body })).data;
}

/**
 * Waits until a run has ended, and returns it, whether it succeeded or failed. Polls after 1 s, then less and less
 * often, up to every 30 s. Continues after retryable errors.
 *
 * @throws AirflowError `DEADLINE_EXCEEDED` after `deadlineMs`; the signal's reason after an abort
 */
export function wait(client: AirflowClient, run: DagRunId, options: PollOptions = {}): Promise<FinishedDagRun> {
  return poll(client, `run ${run.dagRunId} of ${run.dagId} to end`, options, async (call) => {
    const found = await get(client, run, call);
    if (typeof found.state !== "string") {
      throw unexpected("GET /api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", `a state that ${kindOf(found.state)}`);
    }
    return found.state === "success" || found.state === "failed" ? (found as FinishedDagRun) : undefined;
  });
}

/** Clears a run, so that it runs again: all tasks, or with `only_failed` the failed ones and everything downstream. */
export async function clear(
  client: AirflowClient,
  run: DagRunId,
  options: Omit<Schemas["DAGRunClearBody"], "dry_run"> = {},
  call: CallOptions = {},
): Promise<void> {
  const params = { path: pathOf(run) };
  const body = { ...options, dry_run: false };
  await client.POST("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/clear", { ...call, params, body });
}

/** Marks a run, and its unfinished tasks, as succeeded or failed, or queues it again. */
export function setState(
  client: AirflowClient,
  run: DagRunId,
  state: Schemas["DagRunMutableStates"],
  call: CallOptions = {},
): Promise<DagRun> {
  return patch(client, run, { state }, call);
}

/** Sets a run's note; null removes it. */
export function setNote(
  client: AirflowClient,
  run: DagRunId,
  note: string | null,
  call: CallOptions = {},
): Promise<DagRun> {
  return patch(client, run, { note }, call);
}

/** Deletes a run with its task instances. */
async function remove(client: AirflowClient, run: DagRunId, call: CallOptions = {}): Promise<void> {
  await client.DELETE("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { ...call, params: { path: pathOf(run) } });
}

export { remove as delete };

async function patch(
  client: AirflowClient,
  run: DagRunId,
  body: Schemas["DAGRunPatchBody"],
  call: CallOptions,
): Promise<DagRun> {
  const params = { path: pathOf(run), query: { update_mask: Object.keys(body) } };
  return (await client.PATCH("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { ...call, params, body })).data;
}
