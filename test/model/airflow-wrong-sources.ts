/** Deliberately broken sources: wrong in what they request, or in what they conclude. */
import type { Json, StoredValues } from "@org/destination";
import type { StreamBatch } from "@org/sync-engine/source";
import type { Step } from "./airflow-steps.ts";
import {
  addRun,
  clear,
  day,
  during,
  finish,
  happens,
  late,
  later,
  minute,
  newRun,
  reconcile,
  running,
  start,
  sync,
  vanish,
  type WrongCase,
  withShared,
  withState,
  withStreams,
} from "./airflow-wrong-parts.ts";
import { rewritingRest } from "./support/rewrite-rest.ts";
import { withSmallKey } from "./support/small-key.ts";

const notFound = { status: 404, body: { detail: "not found" } };

/** A DAG with a run of two days ago and one of today, and a sync. */
const limited: readonly Step[] = [...newRun(0, 0), day, day, ...newRun(1, 1), sync];

/** States whose floor is two days too early. */
async function* withEarlierFloor(batches: AsyncIterable<StreamBatch>): AsyncGenerator<StreamBatch> {
  for await (const batch of batches) {
    const { floor, ...state } = batch.state as { readonly [name: string]: Json };
    const earlier = typeof floor === "string" && { floor: new Date(Date.parse(floor) - 2 * 86_400_000).toISOString() };
    yield { ...batch, state: { ...state, ...earlier } };
  }
}

export const wrongSources: Record<string, WrongCase> = {
  "the window begins after its first moment, not with it": {
    wrong: {
      fetch: (fetch) =>
        rewritingRest(fetch, {
          ask: ({ searchParams }) => {
            const since = searchParams.get("updated_at_gte");
            if (since === null) return;
            searchParams.delete("updated_at_gte");
            searchParams.set("updated_at_gt", since);
          },
        }),
    },
    because: /stale: airflow_dag_runs/,
    steps: () => [
      ...newRun(0, 0),
      later,
      sync,
      ...[clear(0, 0), finish(0)].map((step) => late(step, 10 * minute)),
      sync,
    ],
  },
  "the key of task instances is too small": {
    wrong: { source: (source) => withSmallKey(source, "airflow_task_instances", ["dag_id", "dag_run_id"]) },
    because: /two different rows have the same key/,
    steps: () => [...newRun(0, 0), sync],
  },
  "the key of runs is too small": {
    wrong: { source: (source) => withSmallKey(source, "airflow_dag_runs", ["dag_id"]) },
    because: /two different rows have the same key/,
    steps: () => [...newRun(0, 0), ...newRun(1, 1), sync],
  },
  "a page that is shorter than asked for is taken for the last": {
    wrong: {
      fetch: (fetch) =>
        rewritingRest(fetch, {
          answer: ({ searchParams }, { status, body }) => {
            const rows: unknown[] = body.dag_runs ?? body.task_instances ?? [];
            const isShort = searchParams.has("cursor") && rows.length < Number(searchParams.get("limit"));
            return { status, body: isShort ? { ...body, next_cursor: null } : body };
          },
        }),
    },
    because: /missing: airflow_task_instances/,
    beginning: { pageLimit: 2 },
    steps: () => [...newRun(0, 0), sync, later, ...newRun(1, 1), sync],
  },
  "a list that moves is walked by offset": {
    wrong: {
      fetch: (fetch) => {
        const token = ({ searchParams }: URL) => searchParams.get("cursor");
        return rewritingRest(fetch, {
          ask: (url) => {
            const offset = token(url);
            if (offset === null) return;
            url.searchParams.delete("cursor");
            url.searchParams.set("offset", offset || "0");
          },
          answer: (url, { status, body }) => {
            const rows = body.dag_runs ?? body.task_instances;
            if (token(url) === null || !rows) return { status, body };
            const end = Number(token(url)) + rows.length;
            const next_cursor = end < body.total_entries ? String(end) : null;
            return { status, body: { ...body, next_cursor } };
          },
        });
      },
    },
    because: /missing: airflow_task_instances/,
    beginning: { pageLimit: 2 },
    steps: (n) => [...newRun(0, 0), sync, later, ...newRun(1, 1), ...newRun(2, 2), during(sync, n, vanish(1))],
  },
  "a DAG that the user may not see is taken for deleted": {
    wrong: {
      fetch: (fetch) =>
        rewritingRest(fetch, {
          answer: (_, { status, body }) => (status === 403 ? notFound : { status, body }),
        }),
    },
    because: /deleted, but there/,
    steps: () => [...newRun(0, 0), sync, { do: "hide dag", dag: 0 }, sync],
  },
  "a listing that failed is taken for an empty one": {
    wrong: {
      fetch: (fetch) =>
        rewritingRest(fetch, {
          answer: (_, { status, body }) =>
            status === 503
              ? { status: 200, body: { dags: [], dag_runs: [], task_instances: [], total_entries: 0 } }
              : { status, body },
        }),
    },
    because: /deleted, but there/,
    steps: (n) => [
      ...newRun(0, 0),
      ...newRun(1, 1),
      sync,
      later,
      vanish(0),
      { ...reconcile, requests: [{ at: n, fails: "503", times: 1 }] },
    ],
  },
  "task instances are counted after the window": {
    wrong: {
      source: (source) =>
        withShared(source, (right) => {
          const counted = new Map<string, number>();
          return {
            ...right,
            taskCounts: async () => counted,
            // The last request before the counts are compared.
            async gone(...given: Parameters<typeof right.gone>) {
              const gone = await right.gone(...given);
              for (const [dag, count] of await right.taskCounts()) counted.set(dag, count);
              return gone;
            },
          };
        }),
    },
    because: /ghost: airflow_task_instances/,
    // The scrub of the reconcile re-reads only the newest run.
    beginning: { dags: 3, runs: 2, runsPerAnswer: 1 },
    steps: (n) => [
      day,
      ...newRun(2, 6),
      sync,
      later,
      vanish(4),
      { ...reconcile, requests: [{ ...addRun(2), dag: 2 } as Step, finish(6)].map((world) => happens(n, world)) },
    ],
  },
  "states of which the server counts more are not read": {
    wrong: {
      source: (source) =>
        withShared(source, (right) => ({
          ...right,
          before: async () => ({ ...(await right.before()), runCounts: new Map() }),
        })),
    },
    because: /stale: airflow_dag_runs/,
    steps: () => [addRun(0), later, sync, later, { do: "end run without a stamp", run: 0 }, sync],
  },
  "a longer limit of the history moves the floor, and reads nothing": {
    // Of task instances only: runs that are missing would be found by their counts, and their task instances with them.
    wrong: {
      source: (source) => {
        const forgetful = withState(source, ({ floor: _, ...state }) => state);
        const streamOf = (name: string) => (name === "task_instances" ? forgetful : source).streams;
        return {
          ...source,
          streams: source.streams.map(({ name }) => streamOf(name).find((each) => each.name === name)!),
        };
      },
    },
    because: /missing: airflow_task_instances/,
    beginning: { limit: 1 },
    steps: () => [...limited, { do: "limit", days: undefined }, sync],
  },
  "a longer limit is ignored": {
    wrong: {
      source: (source) => ({
        ...source,
        streams: source.streams.map((stream) => ({
          ...stream,
          read: (context) => stream.read({ ...context, historyMs: 86_400_000 }),
        })),
      }),
    },
    because: /the history begins too late/,
    beginning: { limit: 1 },
    steps: () => [...limited, { do: "limit", days: 60 }, sync],
  },
  "the state says that the history begins two days earlier than it does": {
    wrong: { source: (source) => withStreams(source, withEarlierFloor) },
    because: /missing: airflow_(dag_runs|task_instances)/,
    beginning: { limit: 1 },
    steps: () => limited,
  },
  "a limited first sync that is resumed forgets where it has to go on from": {
    wrong: {
      source: (source) =>
        withState(source, ({ history, ...state }) => ({
          ...(history ? { position: (history as { readonly start: Json }).start } : {}),
          ...state,
        })),
    },
    because: /missing: airflow_task_instances/,
    beginning: { limit: 60, runsPerAnswer: 1 },
    steps: (n) => [...limited.slice(0, -1), { ...sync, dies: { at: n, where: "after" } }, later, sync],
  },
  "the iterations of a loop have one key": {
    wrong: {
      fetch: (fetch) =>
        rewritingRest(fetch, {
          answer: (_, { status, body }) => {
            for (const row of body.task_instances ?? []) if (row.in_loop && row.map_index < 0) row.region_index = 0;
            return { status, body };
          },
        }),
    },
    because: /(invented|missing): airflow_task_instances/,
    beginning: { version: "3.4" },
    steps: () => [addRun(0), { do: "start run", run: 0 }, sync, later, { do: "iterate", run: 0 }, sync],
  },
  "tries are asked for once for each task instance": {
    wrong: {
      source: (source) => {
        const known = new Map<string, unknown>();
        return withShared(source, (right) => ({
          ...right,
          async tries(row: StoredValues) {
            const key = JSON.stringify([row.dag_id, row.dag_run_id, row.task_id, row.map_index]);
            if (!known.has(key)) known.set(key, await right.tries(row));
            return known.get(key);
          },
        }));
      },
    },
    because: /missing: airflow_task_instances/,
    steps: () => [
      ...running,
      { do: "retry", run: 0, task: 0 },
      start(0, 0),
      sync,
      { do: "retry", run: 0, task: 0 },
      start(0, 0),
      sync,
    ],
  },
};
