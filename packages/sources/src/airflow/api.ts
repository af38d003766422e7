/** The only place of this source that knows the server's paths, methods and parameters. */
import type { AirflowClient, Dag, DagRun, EventLog, TaskInstance, TaskInstanceAttempt } from "@org/airflow-client";
import type { SourceContext } from "@org/sync-engine";
import { justBefore, timestampOf } from "../timestamp.ts";
import type { RunCounts } from "./doubts.ts";
import type { Answer } from "./leaves.ts";
import type { AirflowScope } from "./scope.ts";

/** Rows that changed, as the server's keyset cursor yields them, or undefined where the server has no such cursor. */
export type ChangedPage<T> = { readonly rows: readonly T[]; readonly next: string | null } | undefined;

/** A collection that the server lists by scope and by change. */
export interface Listing<T> {
  /** Rows of a scope, in order of `run_after` where the server offers that. */
  ask(scope: AirflowScope, limit: number): Promise<Answer<T>>;
  /** A page of what changed since a moment; the first page's token is the empty text. */
  changed(since: string, token: string): Promise<ChangedPage<T>>;
}

/** Events after which a row may have changed without its `updated_at`. */
const silentEvents = [
  "patch_dag_run",
  "bulk_dag_runs",
  "clear_dag_run",
  "clear_dag_runs",
  "patch_task_instance",
  "patch_task_group_instances",
  "bulk_task_instances",
  "post_clear_task_instances",
];

/** Asks for as many rows as a page may have: the server cuts this down to its own limit. */
const LARGEST_PAGE = 1000;

export function airflowApi(client: AirflowClient, { request }: Pick<SourceContext, "request">) {
  let clock = Number.POSITIVE_INFINITY;
  /**
   * Asks for a list, and keeps the earliest time that any server or proxy wrote into its answers. An answer without the
   * list is no empty list.
   */
  async function ask<T>(
    label: string,
    list: keyof T & string,
    call: (signal: AbortSignal) => Promise<{ data: T; response: Response }>,
  ): Promise<T> {
    const { data, response } = await request(label, async (signal) => {
      const result = await call(signal);
      if (!Array.isArray(result.data?.[list])) throw new UnexpectedAnswer(label, list);
      return result;
    });
    const date = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(date)) clock = Math.min(clock, date);
    return data;
  }

  const dagRuns: Listing<DagRun> = {
    async ask(scope, limit) {
      const { updatedSince, states, dags } = scope;
      const range = runAfterRange(scope);
      const data =
        updatedSince === undefined
          ? await ask("dag runs", "dag_runs", (signal) =>
              client.POST("/api/v2/dags/{dag_id}/dagRuns/list", {
                params: { path: { dag_id: "~" } },
                body: {
                  page_limit: limit,
                  page_offset: 0,
                  order_by: "run_after",
                  ...range,
                  ...(dags && { dag_ids: [...dags] }),
                  ...(states && { states: states as DagRun["state"][] }),
                },
                signal,
              }),
            )
          : await ask("changed dag runs", "dag_runs", (signal) =>
              client.GET("/api/v2/dags/{dag_id}/dagRuns", {
                params: {
                  path: { dag_id: onlyDag(scope) },
                  query: { limit, order_by: ["run_after"], updated_at_gte: updatedSince, ...range },
                },
                signal,
              }),
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
      return "next_cursor" in data ? { rows: data.dag_runs, next: data.next_cursor ?? null } : undefined;
    },
  };

  const taskInstances: Listing<TaskInstance> = {
    async ask(scope, limit) {
      const { updatedSince, states, dags, runs, tasks } = scope;
      const range = runAfterRange(scope);
      const data =
        updatedSince === undefined
          ? await ask("task instances", "task_instances", (signal) =>
              client.POST("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/list", {
                params: { path: { dag_id: "~", dag_run_id: "~" } },
                body: {
                  page_limit: limit,
                  page_offset: 0,
                  order_by: "id",
                  ...range,
                  ...(dags && { dag_ids: [...dags] }),
                  ...(runs && { dag_run_ids: [...runs] }),
                  ...(tasks && { task_ids: [...tasks] }),
                  ...(states && { state: states as TaskInstance["state"][] }),
                },
                signal,
              }),
            )
          : await ask("changed task instances", "task_instances", (signal) =>
              client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", {
                params: {
                  path: { dag_id: onlyDag(scope), dag_run_id: "~" },
                  query: { limit, order_by: ["run_after"], updated_at_gte: updatedSince, ...range },
                },
                signal,
              }),
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
      return "next_cursor" in data ? { rows: data.task_instances, next: data.next_cursor ?? null } : undefined;
    },
  };

  return {
    dagRuns,
    taskInstances,

    /** The earliest server time seen so far, ms since 1970; our own clock where no answer carried one. */
    clock: (now: () => number) => (Number.isFinite(clock) ? clock : now()),

    /** One page of all DAGs, stale ones among them, in order of their ids. */
    async dagsPage(offset: number): Promise<{ readonly dags: readonly Dag[]; readonly total: number }> {
      const data = await ask("dags", "dags", (signal) =>
        client.GET("/api/v2/dags", {
          params: { query: { limit: LARGEST_PAGE, offset, order_by: ["dag_id"], exclude_stale: false } },
          signal,
        }),
      );
      return { dags: data.dags, total: data.total_entries };
    },

    /** The number of runs per state of every DAG, in one answer. */
    async runCounts(): Promise<RunCounts> {
      const data = await ask("dag stats", "dags", (signal) =>
        client.GET("/api/v2/dagStats", { params: { query: {} }, signal }),
      );
      return new Map(
        data.dags.map(({ dag_id, stats }) => [dag_id, new Map(stats.map(({ state, count }) => [state, count]))]),
      );
    },

    /** The timezone of a DAG's schedule, which only its details say; null for a DAG that has no details any more. */
    async timezone(dag: string): Promise<string | null> {
      try {
        const data = await ask(`details of ${dag}`, "owners", (signal) =>
          client.GET("/api/v2/dags/{dag_id}/details", { params: { path: { dag_id: dag } }, signal }),
        );
        return data.timezone ?? null;
      } catch (error) {
        if (isNotFound(error)) return null;
        throw error;
      }
    },

    /** DAGs that have a version made after a moment. */
    async versionedSince(since: number): Promise<ReadonlySet<string>> {
      const dags = new Set<string>();
      for (let offset = 0; ; ) {
        const { dag_versions: versions } = await ask("dag versions", "dag_versions", (signal) =>
          client.GET("/api/v2/dags/{dag_id}/dagVersions", {
            params: { path: { dag_id: "~" }, query: { limit: LARGEST_PAGE, offset, order_by: ["-id"] } },
            signal,
          }),
        );
        for (const { dag_id, created_at } of versions) if (Date.parse(created_at) >= since) dags.add(dag_id);
        // Version ids grow with time, so the first page that holds an older one is the last that matters.
        if (versions.length === 0 || versions.some(({ created_at }) => Date.parse(created_at) < since)) return dags;
        offset += versions.length;
      }
    },

    /** What people did since a moment that may leave no stamp on a row. */
    async silentEvents(since: number): Promise<readonly EventLog[]> {
      const events: EventLog[] = [];
      for (;;) {
        const data = await ask("event logs", "event_logs", (signal) =>
          client.GET("/api/v2/eventLogs", {
            params: {
              query: {
                after: timestampOf(since),
                included_events: silentEvents,
                order_by: ["id"],
                limit: LARGEST_PAGE,
                offset: events.length,
              },
            },
            signal,
          }),
        );
        events.push(...data.event_logs);
        // The log only grows at its end, so an offset into it does not shift.
        if (data.event_logs.length === 0 || events.length >= data.total_entries) return events;
      }
    },

    /**
     * All attempts of a task instance that the server knows, or undefined where its address cannot carry the run's id
     * or the task instance is gone.
     */
    async tries(row: TaskInstance): Promise<readonly TaskInstanceAttempt[] | undefined> {
      const { dag_id, dag_run_id, task_id, map_index } = row;
      if ([dag_id, dag_run_id, task_id].some((id) => id.includes("/"))) return undefined;
      try {
        const data = await ask(`tries of ${dag_id} ${dag_run_id} ${task_id}`, "task_instances", (signal) =>
          client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries", {
            params: { path: { dag_id, dag_run_id, task_id, map_index } },
            signal,
          }),
        );
        return data.task_instances;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
  };
}

export type AirflowApi = ReturnType<typeof airflowApi>;

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

/** An answer that is not what was asked for: something between the server and us answered in its place. */
class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
  readonly retryable = true;

  constructor(label: string, list: string) {
    super(`The answer to ${label} has no ${list}: it is not Airflow's. Is there a proxy in between?`);
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "status" in error && error.status === 404;
}
