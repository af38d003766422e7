/** How the server lists dag runs and task instances. */
import type { AirflowClient, DagRun, TaskInstance } from "@org/airflow-client";
import { justBefore } from "../timestamp.ts";
import type { Ask, Probe } from "./leaves.ts";
import type { AirflowScope } from "./scope.ts";

/** Asks the server for something whose answer has a list, named so that its absence is noticed. */
export type AskList = <T>(
  label: string,
  list: keyof T & string,
  call: (signal: AbortSignal) => Promise<{ data: T; response: Response }>,
  options?: { readonly retries?: number },
) => Promise<T>;

/** Rows that changed: a page of the server's keyset cursor, or, where it has none, as many as it likes of `total`. */
export type ChangedPage<T> =
  | { readonly rows: readonly T[]; readonly next: string | null }
  | { readonly rows: readonly T[]; readonly total: number };

/** A collection that the server lists by scope and by change. */
export interface Listing<T> {
  /** Rows of a scope, in order of `run_after` where the server offers that. */
  readonly ask: Ask<T>;
  /** A page of what changed since a moment; the first page's token is the empty text. */
  changed(since: string, token: string): Promise<ChangedPage<T>>;
}

/** Asks for as many rows as a page may have: the server cuts this down to its own limit. */
export const LARGEST_PAGE = 1000;

export const dagRunListing = (client: AirflowClient, ask: AskList): Listing<DagRun> => ({
  async ask(scope, limit, probe) {
    const { updatedSince, updatedUntil, states, dags } = scope;
    const range = runAfterRange(scope);
    const data =
      updatedSince === undefined
        ? await ask(
            "dag runs",
            "dag_runs",
            (signal) =>
              client.POST("/api/v2/dags/{dag_id}/dagRuns/list", {
                params: { path: { dag_id: "~" } },
                body: {
                  page_limit: limit,
                  page_offset: probe?.offset ?? 0,
                  order_by: "run_after",
                  ...range,
                  ...(dags && { dag_ids: [...dags] }),
                  ...(states && { states: states as DagRun["state"][] }),
                },
                signal,
              }),
            probing(probe),
          )
        : await ask(
            "changed dag runs",
            "dag_runs",
            (signal) =>
              client.GET("/api/v2/dags/{dag_id}/dagRuns", {
                params: {
                  path: { dag_id: onlyDag(scope) },
                  query: {
                    limit,
                    offset: probe?.offset ?? 0,
                    order_by: ["run_after"],
                    updated_at_gte: updatedSince,
                    ...(updatedUntil && { updated_at_lte: updatedUntil }),
                    ...range,
                  },
                },
                signal,
              }),
            probing(probe),
          );
    return { rows: data.dag_runs, total: data.total_entries ?? data.dag_runs.length, ordered: true };
  },
  async changed(since, token) {
    const data = await ask("changed dag runs", "dag_runs", (signal) =>
      client.GET("/api/v2/dags/{dag_id}/dagRuns", {
        params: {
          path: { dag_id: "~" },
          query: { limit: LARGEST_PAGE, order_by: ["id"], updated_at_gte: since, cursor: token },
        },
        signal,
      }),
    );
    return changedPage(data.dag_runs, data);
  },
});

export const taskInstanceListing = (client: AirflowClient, ask: AskList): Listing<TaskInstance> => ({
  async ask(scope, limit, probe) {
    const { updatedSince, updatedUntil, states, dags, runs, tasks } = scope;
    const range = runAfterRange(scope);
    const data =
      updatedSince === undefined
        ? await ask(
            "task instances",
            "task_instances",
            (signal) =>
              client.POST("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/list", {
                params: { path: { dag_id: "~", dag_run_id: "~" } },
                body: {
                  page_limit: limit,
                  page_offset: probe?.offset ?? 0,
                  order_by: "id",
                  ...range,
                  ...(dags && { dag_ids: [...dags] }),
                  ...(runs && { dag_run_ids: [...runs] }),
                  ...(tasks && { task_ids: [...tasks] }),
                  ...(states && { state: states as TaskInstance["state"][] }),
                },
                signal,
              }),
            probing(probe),
          )
        : await ask(
            "changed task instances",
            "task_instances",
            (signal) =>
              client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", {
                params: {
                  path: { dag_id: onlyDag(scope), dag_run_id: "~" },
                  query: {
                    limit,
                    offset: probe?.offset ?? 0,
                    order_by: ["run_after"],
                    updated_at_gte: updatedSince,
                    ...(updatedUntil && { updated_at_lte: updatedUntil }),
                    ...range,
                  },
                },
                signal,
              }),
            probing(probe),
          );
    const ordered = updatedSince !== undefined;
    return { rows: data.task_instances, total: data.total_entries ?? data.task_instances.length, ordered };
  },
  async changed(since, token) {
    const data = await ask("changed task instances", "task_instances", (signal) =>
      client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", {
        params: {
          path: { dag_id: "~", dag_run_id: "~" },
          query: { limit: LARGEST_PAGE, order_by: ["id"], updated_at_gte: since, cursor: token },
        },
        signal,
      }),
    );
    return changedPage(data.task_instances, data);
  },
});

function changedPage<T>(
  rows: readonly T[],
  data: { readonly next_cursor?: string | null; readonly total_entries?: number | null },
): ChangedPage<T> {
  if ("next_cursor" in data) return { rows, next: data.next_cursor ?? null };
  return { rows, total: data.total_entries ?? Number.POSITIVE_INFINITY };
}

/** A probe is one of many, of which some are meant to fail: it is repeated once. */
function probing(probe: Probe | undefined): { readonly retries?: number } {
  return probe ? { retries: 1 } : {};
}

/** The server's bounds are closed, on every version; ours are half-open. */
function runAfterRange({ runAfter }: AirflowScope): { run_after_gte?: string; run_after_lte?: string } {
  return {
    ...(runAfter?.from && { run_after_gte: runAfter.from }),
    ...(runAfter?.to && { run_after_lte: justBefore(runAfter.to) }),
  };
}

function onlyDag({ dags }: AirflowScope): string {
  return dags?.length === 1 && dags[0] ? dags[0] : "~";
}
