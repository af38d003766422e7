import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { unexpected } from "../expect.ts";
import type { operations } from "../generated/schema.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { Dag, DagDetails, DagStats, Task } from "../types.ts";
import { type DagRef, dagIdOf, pageUrl } from "./ids.ts";
import { type ListQuery, listAtOnce, list as listOf, matchesNothing } from "./list.ts";

/** The DAGs that the user may read, by `dag_id` unless `orderBy` says otherwise. */
export function list(
  client: AirflowClient,
  options: ListQuery<"/api/v2/dags"> = {},
  call: AirflowCallOptions = {},
): List<Dag> {
  return listOf(client, "/api/v2/dags", options, call);
}

/** A DAG with its details: parameters, timezone, docs. @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, dag: DagRef, call: AirflowCallOptions = {}): Promise<DagDetails> {
  return (await client.GET("/api/v2/dags/{dag_id}/details", { ...call, params: byId(dag) })).data;
}

/** Which version of a DAG. */
export interface SourceOptions {
  /** @default the newest */
  readonly versionNumber?: number | undefined;
}

/** The source code of a DAG's file. @throws AirflowError `NOT_FOUND` */
export async function source(
  client: AirflowClient,
  dag: DagRef,
  { versionNumber }: SourceOptions = {},
  call: AirflowCallOptions = {},
): Promise<string> {
  const params = {
    path: byId(dag).path,
    query: { version_number: versionNumber },
    header: { accept: "application/json" as const },
  };
  const { data } = await client.GET("/api/v2/dagSources/{dag_id}", { ...call, params });
  const content = typeof data === "string" ? data : data.content;
  if (typeof content === "string") return content;
  throw unexpected("GET /api/v2/dagSources/{dag_id}", "a source without content");
}

/** How to sort tasks. */
export interface TasksOptions {
  /** @default "task_id" */
  readonly orderBy?: TaskOrder | undefined;
}
type TaskOrder = NonNullable<NonNullable<operations["get_tasks"]["parameters"]["query"]>["order_by"]>;

/** The tasks of a DAG with their `downstream_task_ids`: its graph. In one request. */
export function tasks(
  client: AirflowClient,
  dag: DagRef,
  { orderBy }: TasksOptions = {},
  call: AirflowCallOptions = {},
): List<Task> {
  return listAtOnce("GET /api/v2/dags/{dag_id}/tasks", "tasks", async () => {
    const params = { path: byId(dag).path, query: { order_by: orderBy } };
    return (await client.GET("/api/v2/dags/{dag_id}/tasks", { ...call, params })).data.tasks;
  });
}

/** The tags that DAGs have. */
export function tags(
  client: AirflowClient,
  options: ListQuery<"/api/v2/dagTags"> = {},
  call: AirflowCallOptions = {},
): List<string> {
  return listOf(client, "/api/v2/dagTags", options, call);
}

/** Which DAGs to count the runs of. */
export interface StatsOptions {
  /** @default all */
  readonly dags?: readonly DagRef[] | undefined;
}

/** How many runs of each DAG are in each state. In one request. */
export function stats(
  client: AirflowClient,
  { dags }: StatsOptions = {},
  call: AirflowCallOptions = {},
): List<DagStats> {
  return listAtOnce("GET /api/v2/dagStats", "dags", async () => {
    if (dags?.length === 0) return [];
    const query = { ...(dags && { dag_ids: dags.map(dagIdOf) }) };
    return (await client.GET("/api/v2/dagStats", { ...call, params: { query } })).data.dags;
  });
}

/** Stops the scheduler from starting runs of a DAG. Running ones continue. */
export function pause(client: AirflowClient, dag: DagRef, call: AirflowCallOptions = {}): Promise<Dag> {
  return setPaused(client, dag, true, call);
}

/** Lets the scheduler start runs of a DAG again. */
export function unpause(client: AirflowClient, dag: DagRef, call: AirflowCallOptions = {}): Promise<Dag> {
  return setPaused(client, dag, false, call);
}

/** DAGs by what they have. All of it has to match; none of it matches every DAG. */
export type DagFilters = Pick<
  ListQuery<"/api/v2/dags">,
  "tags" | "tags_match_mode" | "owners" | "dag_id_pattern" | "exclude_stale"
>;

/**
 * Pauses all DAGs with certain tags, owners or ids: a hundred with each request.
 *
 * @returns the ids of those that were not paused before
 */
export function pauseAll(
  client: AirflowClient,
  filters: DagFilters,
  call: AirflowCallOptions = {},
): Promise<readonly string[]> {
  return setAllPaused(client, filters, true, call);
}

/** The same for {@link unpause}. @returns the ids of those that were paused before */
export function unpauseAll(
  client: AirflowClient,
  filters: DagFilters,
  call: AirflowCallOptions = {},
): Promise<readonly string[]> {
  return setAllPaused(client, filters, false, call);
}

/** Deletes a DAG's runs, task instances and logs. As long as its file exists, the DAG reappears without them. */
async function remove(client: AirflowClient, dag: DagRef, call: AirflowCallOptions = {}): Promise<void> {
  await client.DELETE("/api/v2/dags/{dag_id}", { ...call, params: byId(dag) });
}

export { remove as delete };

/** A DAG's page in the web interface. */
export function url(client: Pick<AirflowClient, "url">, dag: DagRef): string {
  return pageUrl(client, "/dags/{dag_id}", byId(dag).path);
}

async function setPaused(
  client: AirflowClient,
  dag: DagRef,
  isPaused: boolean,
  call: AirflowCallOptions,
): Promise<Dag> {
  const params = { path: byId(dag).path, query: { update_mask: ["is_paused"] } };
  return (await client.PATCH("/api/v2/dags/{dag_id}", { ...call, params, body: { is_paused: isPaused } })).data;
}

async function setAllPaused(
  client: AirflowClient,
  filters: DagFilters,
  isPaused: boolean,
  call: AirflowCallOptions,
): Promise<readonly string[]> {
  if (matchesNothing(filters)) return [];
  const changing = { ...filters, paused: !isPaused };
  const ids: string[] = [];
  for await (const { dag_id } of list(client, changing, call)) ids.push(dag_id);
  // Without a pattern the server changes nothing, and does not say so. Those that were changed leave the filter, so the
  // next hundred are always the first.
  const query = { dag_id_pattern: "%", ...changing, update_mask: ["is_paused"], limit: 100 };
  for (let left = ids.length; left > 0; left -= 100) {
    await client.PATCH("/api/v2/dags", { ...call, params: { query }, body: { is_paused: isPaused } });
  }
  return ids;
}

const byId = (dag: DagRef) => ({ path: { dag_id: dagIdOf(dag) } });
