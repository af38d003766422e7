import type { List, WaitOptions } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { kindOf, unexpected } from "../expect.ts";
import type { components } from "../generated/schema.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { DagRun } from "../types.ts";
import { type DagRef, type DagRunRef, dagIdOf, pageUrl, pathOf } from "./ids.ts";
import { type ListDagRunsOfDagsOptions, type ListDagRunsOptions, listRuns } from "./list-dag-runs.ts";
import { poll } from "./poll.ts";

export type { DagRunId, DagRunRef, DagRunRow } from "./ids.ts";
export type { ListDagRunsOfDagsOptions, ListDagRunsOptions } from "./list-dag-runs.ts";
export { type CountByDayOptions, countByDay, type DayCounts } from "./run-counts.ts";
export { type GanttAttempt, type GanttRow, gantt } from "./run-gantt.ts";

type Schemas = components["schemas"];

/** A run that has ended. */
export type FinishedDagRun = DagRun & { readonly state: "success" | "failed" };

/** The settings of a new run; all of them are optional. */
export type TriggerOptions = Partial<Schemas["TriggerDAGRunPostBody"]>;

/**
 * The runs of a DAG, or without `dagId`, of all DAGs that the user may read. `orderBy: "-run_after"` is newest first.
 *
 * With `dags`, the runs of several DAGs: by id, or by tag, owner or pattern, which are looked up first. Servers know
 * fewer filters for these, and walk them by offset.
 *
 * @example for await (const run of dagRuns.list(airflow, { state: ["failed"], orderBy: "-run_after", first: 20 })) …
 */
export function list(client: AirflowClient, options?: ListDagRunsOptions, call?: AirflowCallOptions): List<DagRun>;
export function list(client: AirflowClient, options: ListDagRunsOfDagsOptions, call?: AirflowCallOptions): List<DagRun>;
export function list(
  client: AirflowClient,
  options: ListDagRunsOptions | ListDagRunsOfDagsOptions = {},
  call: AirflowCallOptions = {},
): List<DagRun> {
  return listRuns(client, options, call);
}

/** How many runs match, in one request; with `dags` by tag or pattern, after those that look them up. */
export function count(
  client: AirflowClient,
  options: ListDagRunsOptions | ListDagRunsOfDagsOptions = {},
  call: AirflowCallOptions = {},
): Promise<number> {
  return listRuns(client, options, call).count();
}

/** @throws AirflowError `NOT_FOUND`; `UNADDRESSABLE_ID` for a run id with a slash */
export async function get(client: AirflowClient, run: DagRunRef, call: AirflowCallOptions = {}): Promise<DagRun> {
  return (await client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { ...call, params: byId(run) })).data;
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
  dag: DagRef,
  options: TriggerOptions = {},
  call: AirflowCallOptions = {},
): Promise<DagRun> {
  const params = { path: { dag_id: dagIdOf(dag) } };
  const body = { logical_date: null, ...options };
  return (await client.POST("/api/v2/dags/{dag_id}/dagRuns", { ...call, params, body })).data;
}

/**
 * Waits until a run has ended, and returns it, whether it succeeded or failed. Polls after 1 s, then less and less
 * often, up to every 30 s. Continues after retryable errors.
 *
 * @throws AirflowError `DEADLINE_EXCEEDED` after `deadlineMs`; the signal's reason after an abort
 */
export function wait(
  client: AirflowClient,
  run: DagRunRef,
  options: WaitOptions = {},
  call: AirflowCallOptions = {},
): Promise<FinishedDagRun> {
  const { dag_id, dag_run_id } = pathOf(run);
  return poll(client, `run ${dag_run_id} of ${dag_id} to end`, options, call, async (call) => {
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
  run: DagRunRef,
  options: Omit<Schemas["DAGRunClearBody"], "dry_run"> = {},
  call: AirflowCallOptions = {},
): Promise<void> {
  const body = { ...options, dry_run: false };
  await client.POST("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/clear", { ...call, params: byId(run), body });
}

/** Marks a run, and its unfinished tasks, as succeeded or failed, or queues it again. */
export function setState(
  client: AirflowClient,
  run: DagRunRef,
  state: Schemas["DagRunMutableStates"],
  call: AirflowCallOptions = {},
): Promise<DagRun> {
  return patch(client, run, { state }, call);
}

/** Sets a run's note; null removes it. */
export function setNote(
  client: AirflowClient,
  run: DagRunRef,
  note: string | null,
  call: AirflowCallOptions = {},
): Promise<DagRun> {
  return patch(client, run, { note }, call);
}

/** Deletes a run with its task instances. */
async function remove(client: AirflowClient, run: DagRunRef, call: AirflowCallOptions = {}): Promise<void> {
  await client.DELETE("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { ...call, params: byId(run) });
}

export { remove as delete };

/** A run's page in the web interface. */
export function url(client: Pick<AirflowClient, "url">, run: DagRunRef): string {
  return pageUrl(client, "/dags/{dag_id}/runs/{dag_run_id}", pathOf(run));
}

async function patch(
  client: AirflowClient,
  run: DagRunRef,
  body: Schemas["DAGRunPatchBody"],
  call: AirflowCallOptions,
): Promise<DagRun> {
  const params = { ...byId(run), query: { update_mask: Object.keys(body) } };
  return (await client.PATCH("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { ...call, params, body })).data;
}

const byId = (run: DagRunRef) => ({ path: pathOf(run) });
