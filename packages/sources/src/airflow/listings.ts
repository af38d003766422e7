/** How the server lists dag runs and task instances. */
import type { AirflowClient, DagRun, DagRunListBody, TaskInstance, TaskInstanceListBody } from "@org/airflow-client";
import { type AnswerOptions, createAnswerSize, createWalk, type Request } from "@org/sync-engine/source";
import { type AnswerShape, answers } from "./answers.ts";
import type { Answer, Ask, HowToAsk, Probe } from "./ask.ts";
import { isAddressable, key, type ListedId, runKey, taskInstanceKey } from "./keys.ts";
import { only, queryOf, runAfterRange } from "./list-parameters.ts";
import { parseRuns } from "./parse-runs.ts";
import type { AirflowScope } from "./scope.ts";
import { isNotFound } from "./server-errors.ts";

/** Sends a request, and validates the response's shape. */
export type AskServer = <T>(
  label: string,
  shape: AnswerShape,
  call: (signal: AbortSignal) => Promise<{ data: T; response: Response }>,
  options?: RequestOptions,
) => Promise<T>;

type RequestOptions = NonNullable<Parameters<Request>[2]>;
type PageOptions = RequestOptions & Pick<AnswerOptions, "maxResponseBytes">;

/** Changed rows: a page of the server's keyset cursor, or, without one, arbitrarily many of `total`. */
export type ChangedPage<T> =
  | { readonly rows: readonly T[]; readonly next: string | null }
  | { readonly rows: readonly T[]; readonly total: number };

/** A collection that the server lists by scope and by change. */
export interface Listing<T> {
  /** Rows of a scope, ordered by `run_after` if the server supports it. */
  readonly ask: Ask<T>;
  /** A page of changes since a given time; the first page's token is the empty text. */
  changed(since: string, token: string): Promise<ChangedPage<T>>;
}

/** Why a DAG's URL leads nowhere; undefined if the DAG is gone. */
export type WhyNotThere = (dag: string) => Promise<string | undefined>;

/** The page size to request: the server reduces it to its own limit. */
export const LARGEST_PAGE = 1000;
/** The maximum number of rows of a GET, unless the server is configured otherwise; before 3.1 there is none. */
export const LARGEST_GET = 100;
const MEBIBYTE = 1024 * 1024;

/** A collection's two endpoints. Both return rows of a scope, in pages; only the first writes audit rows. */
interface Endpoints<T> {
  readonly label: string;
  readonly list: "dag_runs" | "task_instances";
  /** The required shape of a page: with a total, and by cursor. */
  readonly counted: AnswerShape;
  readonly byCursor: AnswerShape;
  /** Whether the batch endpoint can order by `run_after`. */
  readonly isBatchOrdered: boolean;
  /** Identifies a row. */
  keyOf(row: T): string;
  /** The maximum size of a response that can also be had in parts. */
  readonly mostBytes: number;
  batch(scope: AirflowScope, page: BatchPage): Call<Listed<T>>;
  get(scope: AirflowScope, page: GetPage): Call<Listed<T>>;
}

type Call<T> = (
  signal: AbortSignal,
  maxResponseBytes?: number,
) => Promise<{ data: T; response: Response; bytes: number }>;
type Order = "id" | "run_after" | "-run_after";
type GetPage = { limit: number; order_by: Order[]; offset?: number; cursor?: string };
type BatchPage = { limit: number; offset: number; order: Order | undefined };
type Listed<T> = { readonly rows?: never } & { readonly [list in "dag_runs" | "task_instances"]?: readonly T[] } & {
  readonly total_entries?: number | null;
  readonly next_cursor?: string | null;
};

/**
 * @param useBatch whether the batch endpoints may be used: they list many DAGs at once. A GET lists one DAG, or one
 * run's task instances, in pages of {@link LARGEST_GET}; more than a page at one `run_after` by its cursor.
 */
function listing<T extends { readonly dag_id: string; readonly dag_run_id: string }>(
  ask: AskServer,
  { label, list, counted, byCursor, isBatchOrdered, keyOf, mostBytes, batch, get }: Endpoints<T>,
  useBatch: boolean,
  whyNotThere: WhyNotThere,
): Listing<T> {
  const sizes = createAnswerSize({ mostBytes });
  // A page that remains a 500 contains an unreadable row: then it is read in parts.
  const page = async (
    name: string,
    shape: AnswerShape,
    call: Call<Listed<T>>,
    { maxResponseBytes, ...options }: PageOptions,
  ) => {
    let bytes = 0;
    const measured = async (signal: AbortSignal) => {
      const result = await call(signal, maxResponseBytes);
      bytes = result.bytes;
      return result;
    };
    const data = await ask(name, shape, measured, { serverErrorRetries: 2, ...options });
    return { data, rows: data[list] ?? [], bytes };
  };
  const weigh = ({ rows, bytes }: { readonly rows: readonly T[]; readonly bytes: number }) => ({
    rows: rows.length,
    bytes,
  });

  async function changed(scope: AirflowScope, token: string): Promise<ChangedPage<T>> {
    const asked = async (limit: number, options: PageOptions) => {
      const call = get(scope, { limit, order_by: ["id"], cursor: token });
      const { data, rows, bytes } = await page(`changed ${label}`, byCursor, call, options);
      if ("next_cursor" in data) return { rows, bytes, next: data.next_cursor ?? null };
      const total = rows.length < limit ? data.total_entries : undefined;
      return { rows, bytes, total: total ?? Number.POSITIVE_INFINITY };
    };
    return sizes.fit(LARGEST_PAGE, asked, { weigh });
  }

  async function askPage(
    scope: AirflowScope,
    wanted: number,
    { probe, isWhole, newestFirst }: HowToAsk,
  ): Promise<Answer<T>> {
    const isBatch = useBatch && scope.updatedSince === undefined;
    const offset = probe?.offset ?? 0;
    const ordered = !newestFirst && (!isBatch || isBatchOrdered);
    const order = newestFirst ? ("-run_after" as const) : undefined;
    const asked = async (limit: number, options: PageOptions) => {
      const call = isBatch
        ? batch(scope, { limit, offset, order })
        : get(scope, { limit, offset, order_by: [order ?? "run_after"] });
      const name = isBatch ? label : `${label} by GET`;
      const { data, rows: all, bytes } = await page(name, counted, call, { ...options, ...probing(probe) });
      const rows = isBatch ? all : within(scope, all);
      return { rows, bytes, total: (data.total_entries as number) - all.length + rows.length, ordered, limit };
    };
    const most = isBatch ? wanted : Math.min(wanted, LARGEST_GET);
    return sizes.fit(most, asked, { weigh, ...(isWhole && { isWhole }) });
  }

  /** All rows of a scope, whatever their number, if the server has a cursor. */
  async function askByCursor(scope: AirflowScope): Promise<Answer<T> | undefined> {
    const rows = new Map<string, T>();
    const walk = createWalk(label);
    for (let token: string | null = ""; token !== null; ) {
      const answer: ChangedPage<T> = await changed(scope, token);
      if (!("next" in answer)) return undefined;
      // A row cleared during the walk is returned again, with its new state.
      for (const row of within(scope, answer.rows)) rows.set(keyOf(row), row);
      walk.page(answer.rows.map(pageKey), answer.next);
      token = answer.next;
    }
    return { rows: [...rows.values()], total: rows.size, ordered: false, limit: Number.POSITIVE_INFINITY };
  }

  const askScope = async (scope: AirflowScope, limit: number, how: HowToAsk = {}): Promise<Answer<T>> => {
    const isByCursor = !useBatch && scope.updatedSince === undefined && limit > LARGEST_GET;
    const dag = only(scope.dags);
    let unreachable: string | undefined =
      `what ${dag} has: no address can carry its id; it can be read where the batch endpoints may be used`;
    try {
      if (useBatch || isAddressable(dag))
        return (isByCursor ? await askByCursor(scope) : undefined) ?? (await askPage(scope, limit, how));
    } catch (error) {
      if (useBatch || !isNotFound(error)) throw error;
      // A scope requested by a DAG's or run's URL is gone with it, unless the DAG has only lost its definition.
      unreachable = await whyNotThere(dag);
    }
    return { rows: [], total: 0, ordered: true, limit, unreachable };
  };
  return {
    ask: useBatch ? askScope : Object.assign(askScope, { parts: scopesByAddress }),
    changed: (since, token) => changed({ updatedSince: since }, token),
  };
}

/** Without rows of other DAGs: a GET can name one DAG, or none. */
function within<T extends { readonly dag_id: string }>({ dags }: AirflowScope, rows: readonly T[]): readonly T[] {
  if (!dags || dags.length < 2) return rows;
  const wanted = new Set(dags);
  return rows.filter(({ dag_id }) => wanted.has(dag_id));
}

/** The same rows, or more, in scopes that each have their own URL, if a URL can contain their ids. */
function scopesByAddress({ dags = [], runs, tasks: _, ...scope }: AirflowScope): readonly AirflowScope[] {
  if (dags.length === 0) return [{ ...scope, ...(runs && { runs }) }];
  return dags.flatMap((dag) =>
    runs && isAddressable(...runs)
      ? runs.map((run) => ({ ...scope, dags: [dag], runs: [run] }))
      : [{ ...scope, dags: [dag] }],
  );
}

export const dagRunListing = (
  client: AirflowClient,
  ask: AskServer,
  useBatch: boolean,
  whyNotThere: WhyNotThere,
): Listing<DagRun> =>
  listing<DagRun>(
    ask,
    {
      label: "dag runs",
      list: "dag_runs",
      counted: answers.dagRuns,
      byCursor: answers.changedDagRuns,
      isBatchOrdered: true,
      keyOf: runKey,
      mostBytes: 8 * MEBIBYTE,
      batch:
        ({ dags, states, ...scope }, { limit, offset, order = "run_after" }) =>
        (signal, maxResponseBytes) =>
          client.POST("/api/v2/dags/{dag_id}/dagRuns/list", {
            params: { path: { dag_id: "~" } },
            body: {
              page_limit: limit,
              page_offset: offset,
              order_by: order,
              ...runAfterRange(scope),
              ...(dags && { dag_ids: [...dags] }),
              ...(states && { states: states as NonNullable<DagRunListBody["states"]> }),
            },
            signal,
            maxResponseBytes,
            parseJson: parseRuns,
          }),
      get: (scope, page) => (signal, maxResponseBytes) =>
        client.GET("/api/v2/dags/{dag_id}/dagRuns", {
          params: { path: { dag_id: only(scope.dags) }, query: { ...page, ...queryOf(scope) } },
          signal,
          maxResponseBytes,
          parseJson: parseRuns,
        }),
    },
    useBatch,
    whyNotThere,
  );

export const taskInstanceListing = (
  client: AirflowClient,
  ask: AskServer,
  useBatch: boolean,
  whyNotThere: WhyNotThere,
): Listing<TaskInstance> =>
  listing<TaskInstance>(
    ask,
    {
      label: "task instances",
      list: "task_instances",
      counted: answers.taskInstances,
      byCursor: answers.changedTaskInstances,
      isBatchOrdered: false,
      keyOf: taskInstanceKey,
      // Five thousand rows are that large without any of them being large.
      mostBytes: 16 * MEBIBYTE,
      batch:
        ({ dags, runs, tasks, states, ...scope }, { limit, offset }) =>
        (signal, maxResponseBytes) =>
          client.POST("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/list", {
            params: { path: { dag_id: "~", dag_run_id: "~" } },
            body: {
              page_limit: limit,
              page_offset: offset,
              order_by: "id",
              ...runAfterRange(scope),
              ...(dags && { dag_ids: [...dags] }),
              ...(runs && { dag_run_ids: [...runs] }),
              ...(tasks && { task_ids: [...tasks] }),
              ...(states && { state: states as NonNullable<TaskInstanceListBody["state"]> }),
            },
            signal,
            maxResponseBytes,
          }),
      get: (scope, page) => (signal, maxResponseBytes) =>
        client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", {
          params: {
            path: { dag_id: only(scope.dags), dag_run_id: only(scope.runs) },
            query: { ...page, ...queryOf(scope) },
          },
          signal,
          maxResponseBytes,
        }),
    },
    useBatch,
    whyNotThere,
  );

/** Some probes are expected to fail, so they are retried only once for that. A busy server is waited for as usual. */
function probing(probe: Probe | undefined): RequestOptions {
  return probe ? { serverErrorRetries: 1 } : {};
}

/** Identifies a row on any page, and its attempt: one cleared during the walk is returned again, with another id. */
export function pageKey(row: Partial<ListedId> & { readonly id?: unknown }): string {
  const { dag_id, dag_run_id, task_id, map_index, region_id, region_index, id } = row;
  return key(dag_id, dag_run_id, task_id, map_index, region_id, region_index, id);
}
