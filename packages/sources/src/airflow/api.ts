/** Besides listings.ts and list-parameters.ts, the only place in this source that knows the server's paths, methods and parameters. */
import type { AirflowClient, Dag, DagVersion, EventLog, TaskInstance, TaskInstanceAttempt } from "@org/airflow-client";
import {
  createAnswerSize,
  createServerClock,
  createWalk,
  expectShape,
  isTooLarge,
  type SourceContext,
  uniqueRows,
} from "@org/sync-engine/source";
import { isTimestamp, timestamp, timestampOf } from "../timestamp.ts";
import { answers, triesOf } from "./answers.ts";
import { askPage, type Limits, type PageOptions } from "./ask-page.ts";
import { numberOfRuns, type RunCounts } from "./doubts.ts";
import { identityOf, isAddressable, knowsRegions, NIL_REGION, NO_REGION, runKey } from "./keys.ts";
import { runAfterRange } from "./list-parameters.ts";
import { type AskServer, dagRunListing, LARGEST_PAGE, taskInstanceListing } from "./listings.ts";
import { createLists } from "./lists.ts";
import { caught500, isForbidden, isNotFound, isUnknownAddress } from "./server-errors.ts";
import { silentEvents } from "./silent-events.ts";

/** Some of the DAGs that the server lists. */
export interface DagsPage {
  readonly dags: readonly Dag[];
  readonly total: number;
  /** The requested number, if the wanted number would have been too large a response. */
  readonly limit?: number;
}

/** @param useBatch whether the server's batch endpoints may be used, which write audit rows */
export function airflowApi(
  client: AirflowClient,
  { request, ...context }: Pick<SourceContext, "request" | "now" | "emit">,
  useBatch = true,
) {
  const clock = createServerClock(context);
  const [dagsSize, oldestSize, eventsSize] = [createAnswerSize(), createAnswerSize(), createAnswerSize()];
  /** Sends a request, and rejects malformed responses: one without rows is not an empty list. */
  const ask: AskServer = async (label, { shape, rows }, call, options) => {
    const checked = async (signal: AbortSignal) => {
      const result = await call(signal);
      const address = result.response.url.split("?", 1)[0];
      const where = `The response to ${label}${address && ` (${address})`}`;
      expectShape(shape, result.data, where);
      if (rows) {
        const listed = (result.data as Record<string, readonly object[]>)[rows.list]!;
        uniqueRows(rows.includes ? listed.filter(rows.includes) : listed, rows.key, where);
      }
      return result;
    };
    const { data, response } = await request(label, checked, options);
    clock.see(response.headers.get("date"));
    return data;
  };

  /** The server's version; undefined if it does not report one, or not now. */
  async function version(): Promise<string | undefined> {
    const call = (signal: AbortSignal) => client.GET("/api/v2/version", { signal });
    // Only a notice depends on it: any problem with the server ends the sync where rows are requested.
    const answer = await request("version", call, { retries: 0 }).catch(() => undefined);
    const said: unknown = answer?.data?.version;
    return typeof said === "string" ? said.slice(0, 100) : undefined;
  }

  /** The number of runs per state of every DAG, in one response. */
  async function runCounts(): Promise<RunCounts> {
    const data = await ask("dag stats", answers.dagStats, (signal) =>
      client.GET("/api/v2/dagStats", { params: { query: {} }, signal }),
    );
    return new Map(
      data.dags.map(({ dag_id, stats }) => [dag_id, new Map(stats.map(({ state, count }) => [state, count]))]),
    );
  }
  /**
   * Whether a DAG exists: `gone` if the server does not know it, `hidden` if the server will not say, or cannot be
   * asked. One that it cannot serialize exists.
   */
  async function presence(dag: string): Promise<"there" | "gone" | "hidden"> {
    // No table holds anything of a DAG whose id is not valid text, so nothing is lost with it.
    const unseen = dag.isWellFormed() ? "hidden" : "gone";
    if (!isAddressable(dag)) return (await runCounts()).has(dag) ? "there" : unseen;
    try {
      await ask(`dag ${dag}`, answers.dag, (signal) =>
        client.GET("/api/v2/dags/{dag_id}", { params: { path: { dag_id: dag } }, signal }),
      );
      return "there";
    } catch (error) {
      if (isNotFound(error)) return "gone";
      if (isForbidden(error) || isUnknownAddress(error)) return "hidden";
      caught500(error);
      return "there";
    }
  }

  // A run that is gone belongs to a DAG that exists.
  const whyNotThere = async (dag: string): Promise<string | undefined> =>
    (await presence(dag)) === "gone" && numberOfRuns(await runCounts(), dag) > 0
      ? `what ${dag} has: it has runs and no definition any more, so its address leads nowhere; it can be read where the batch endpoints may be used`
      : undefined;
  const dagRuns = dagRunListing(client, ask, useBatch, whyNotThere);
  const taskInstances = taskInstanceListing(client, ask, useBatch, whyNotThere);

  return {
    dagRuns,
    taskInstances,
    version,
    runCounts,
    presence,
    ...createLists(client, ask, context),

    /** The clocks as of the first response: see {@link createServerClock}. */
    position: () => clock.position(),

    /** One page of all DAGs, stale ones included, ordered by id. */
    async dagsPage(offset: number, wanted: number, options: Omit<PageOptions, "wanted"> = {}): Promise<DagsPage> {
      const call = (limit: number, limits: Limits) => {
        const query = { limit, offset, order_by: ["dag_id"] as const, exclude_stale: false };
        return client.GET("/api/v2/dags", { params: { query }, ...limits });
      };
      const { data, limit } = await askPage(ask, dagsSize, ["dags", answers.dags], call, { ...options, wanted });
      return { dags: data.dags, total: data.total_entries, limit };
    },

    /**
     * The time zone in a DAG's details; undefined if there are none: the DAG has been deleted, has no URL, or has runs and
     * no definition any more, as after an upgrade from Airflow 2.
     */
    async timezone(dag: string): Promise<string | null | undefined> {
      if (!isAddressable(dag)) return undefined;
      const call = (signal: AbortSignal) =>
        client.GET("/api/v2/dags/{dag_id}/details", { params: { path: { dag_id: dag } }, signal });
      try {
        return (await ask(`details of ${dag}`, answers.dagDetails, call)).timezone ?? null;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },

    /** The number of task instances of a DAG; undefined for one that has been deleted, or that has no URL. */
    async taskCount(dag: string, floor?: string): Promise<number | undefined> {
      const within = floor === undefined ? {} : { runAfter: { from: floor } };
      const params = { path: { dag_id: dag, dag_run_id: "~" }, query: { limit: 0, ...runAfterRange(within) } };
      const call = (signal: AbortSignal) =>
        client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", { params, signal });
      // For a DAG without URL or definition, or an unreadable one, rows are only listed across DAGs.
      const listed = async () => (await taskInstances.ask({ dags: [dag], ...within }, 1)).total || undefined;
      if (!isAddressable(dag)) return useBatch ? listed() : undefined;
      try {
        const label = `count of task instances of ${dag}`;
        return (await ask(label, answers.taskInstances, call, { serverErrorRetries: 2 })).total_entries as number;
      } catch (error) {
        if (!isNotFound(error)) caught500(error);
        if (useBatch) return await listed();
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },

    /**
     * The earliest `start_date` among the runs that the server still has, excluding DAGs' only runs, which its clean-up
     * keeps whatever their age; null if there is none.
     */
    async oldestRunStart(runCounts: RunCounts): Promise<string | null> {
      const walk = createWalk("dag runs by their start");
      for (let offset = 0; ; ) {
        const call = (limit: number, limits: Limits) =>
          client.GET("/api/v2/dags/{dag_id}/dagRuns", {
            params: { path: { dag_id: "~" }, query: { limit, offset, order_by: ["start_date"] } },
            ...limits,
          });
        const answer = await askPage(ask, oldestSize, ["oldest dag runs", answers.dagRuns], call, {
          wanted: 100,
        }).catch(caught500);
        if (answer instanceof Error) {
          // One that is too large to be read is skipped: the next one started hardly later.
          if (!isTooLarge(answer)) throw answer;
          offset += 1;
          continue;
        }
        const { dag_runs: runs } = answer.data;
        const oldest = runs.find(
          ({ dag_id, start_date }) => isTimestamp(start_date) && numberOfRuns(runCounts, dag_id) > 1,
        );
        if (oldest || runs.length === 0) return timestamp(oldest?.start_date);
        walk.page(runs.map(runKey));
        offset += runs.length;
      }
    },

    /**
     * The earliest `start_date` among the task instances that the server still has; null if there is none.
     *
     * @param until a time in the past, ms since 1970. MySQL sorts rows that have not started first, and this excludes
     * them: the server treats them as starting now.
     */
    async oldestTaskStart(until: number): Promise<string | null> {
      const oldest = async (passed: { start_date_lte?: string }): Promise<string | null> => {
        const query = { limit: 1, order_by: ["start_date"] as const, ...passed };
        const { task_instances: rows } = await ask("oldest task instances", answers.taskInstances, (signal) =>
          client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", {
            params: { path: { dag_id: "~", dag_run_id: "~" }, query },
            signal,
          }),
        );
        const found = rows[0]?.start_date;
        return isTimestamp(found) ? timestamp(found) : null;
      };
      return (await oldest({ start_date_lte: timestampOf(until) })) ?? oldest({});
    },

    /** The versions of DAGs created since a given time, the newest first. */
    async versionsSince(since: number): Promise<readonly DagVersion[]> {
      const found: DagVersion[] = [];
      const walk = createWalk("DAG versions");
      for (let offset = 0; ; ) {
        const { dag_versions: versions } = await ask("dag versions", answers.dagVersions, (signal) =>
          client.GET("/api/v2/dags/{dag_id}/dagVersions", {
            params: { path: { dag_id: "~" }, query: { limit: LARGEST_PAGE, offset, order_by: ["-id"] } },
            signal,
          }),
        );
        const recent = versions.filter(({ created_at }) => Date.parse(created_at) >= since);
        found.push(...recent);
        // Version ids grow with time, so the first page with an older one is the last that matters.
        if (recent.length === 0 || recent.length < versions.length) return found;
        walk.page(versions.map(({ id }) => id));
        offset += versions.length;
      }
    },

    /**
     * User actions since a given time that may leave no stamp on a row.
     *
     * @param names of the events @default all that may leave none
     */
    async silentEvents(since: number, names: readonly string[] = silentEvents): Promise<readonly EventLog[]> {
      const events: EventLog[] = [];
      const walk = createWalk("event logs");
      for (;;) {
        const offset = events.length;
        const call = (limit: number, limits: Limits) => {
          const query = { after: timestampOf(since), included_events: names, order_by: ["id"] as const, limit, offset };
          return client.GET("/api/v2/eventLogs", { params: { query }, ...limits });
        };
        const { data } = await askPage(ask, eventsSize, ["event logs", answers.eventLogs], call);
        events.push(...data.event_logs);
        // The log only grows at its end, so an offset into it does not shift. A total lower than the number of rows
        // proves nothing.
        if (data.event_logs.length === 0 || events.length === data.total_entries) return events;
        walk.page(data.event_logs.map(({ event_log_id }) => String(event_log_id)));
      }
    },

    /**
     * All attempts of a task instance that the server knows; undefined if its URL cannot carry the run's id, or if the
     * task instance is gone.
     */
    async tries(row: TaskInstance): Promise<readonly TaskInstanceAttempt[] | undefined> {
      const identity = identityOf(row);
      const { dag_id, dag_run_id, task_id, map_index, region_id, region_index } = identity;
      // Without them a server with regions rejects the request if a task has several instances, with regions or from
      // before it had any.
      const region = region_id !== NO_REGION ? { region_id, region_index } : { region_id: NIL_REGION };
      const query = knowsRegions(row) ? region : {};
      if (!isAddressable(dag_id, dag_run_id, task_id)) return undefined;
      try {
        const data = await ask(
          `tries of ${dag_id} ${dag_run_id} ${task_id}`,
          triesOf({ ...identity, try_number: row.try_number }, knowsRegions(row)),
          (signal) =>
            client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries", {
              params: { path: { dag_id, dag_run_id, task_id, map_index }, query },
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
