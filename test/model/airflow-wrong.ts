/** Sources and engines that are wrong on purpose, each with what shows it: the model is worth what it catches. */
import type { Batch, Json, StoredRow } from "@org/destination";
import type { Source, Stream, StreamBatch } from "@org/sync-engine";
import type { Breaks } from "./airflow-model.ts";
import type { Beginning, Step, SyncStep } from "./airflow-steps.ts";
import { wrapped } from "./dying.ts";
import { rewritingRest } from "./support/rewrite-rest.ts";

export interface WrongCase {
  readonly wrong: Breaks;
  /** How the model says it. */
  readonly because: RegExp;
  readonly beginning?: Partial<Beginning>;
  /**
   * The shortest life in which it shows, where something happens at the nth request or commit: which one that is, is
   * found by trying.
   */
  readonly steps: (n: number) => readonly Step[];
}

const minute = 60_000;
const hour = 60 * minute;
const sync: SyncStep = { do: "sync", reconcile: false, requests: [] };
const reconcile: SyncStep = { ...sync, reconcile: true };
const later: Step = { do: "wait", byMs: hour };
const addRun = (id: number, kind: "manual" | "ahead" = "manual"): Step => ({
  do: "add run",
  dag: 0,
  id,
  kind,
  few: false,
});
const finish = (run: number): Step => ({ do: "finish run", run });
const clear = (run: number, task: number): Step => ({ do: "clear", run, task });
const start = (run: number, task: number): Step => ({ do: "start", run, task });
const vanish = (run: number) => ({ do: "delete run", run, silently: true }) as const;
/** A run that is born and ends between two syncs. */
const newRun = (id: number, run: number) => [addRun(id), finish(run)];
/** A run whose first task instance runs for the first time. */
const running: readonly Step[] = [addRun(0), { do: "start run", run: 0 }, start(0, 0)];

const tasks = "airflow_task_instances";

export const wrongCases: Record<string, WrongCase> = {
  "the position is the latest date of a row": {
    wrong: {
      source: (source) =>
        withStreams(source, async function* (batches) {
          let latest = 0;
          for await (const batch of batches) {
            for (const { run_after } of rowsOf(batch)) latest = Math.max(latest, Date.parse(String(run_after)) || 0);
            yield withPosition(batch, latest);
          }
        }),
    },
    because: /stale: airflow_dag_runs/,
    steps: () => [...newRun(0, 0), addRun(1, "ahead"), sync, later, clear(0, 0), finish(0), later, sync],
  },
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
  "the window has no overlap": {
    wrong: { overlapMs: 0 },
    because: /stale: airflow_dag_runs/,
    steps: () => [
      ...newRun(0, 0),
      later,
      sync,
      ...[clear(0, 0), finish(0)].map((step) => late(step, 6 * minute)),
      sync,
    ],
  },
  "the state is stored before the rows": {
    wrong: {
      destination: (destination) =>
        wrapped(destination, (session) => async (stream, { table, state, ...rows }) => {
          await session.commit(stream, { table, state });
          return session.commit(stream, { table, state, ...rows });
        }),
    },
    because: /missing: airflow_task_instances/,
    beginning: { runsPerAnswer: 1 },
    steps: (n) => [...newRun(0, 0), later, ...newRun(1, 1), later, { ...sync, dies: { at: n, where: "after" } }, sync],
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
            async silentEvents(since: number) {
              const events = await right.silentEvents(since);
              for (const [dag, count] of await right.taskCounts()) counted.set(dag, count);
              return events;
            },
          };
        }),
    },
    because: /ghost: airflow_task_instances/,
    // Three DAGs, of which a reconcile reads another one again by itself.
    beginning: { dags: 3, runs: 2, runsPerAnswer: 1 },
    steps: (n) => [
      sync,
      later,
      vanish(4),
      { ...reconcile, requests: [{ ...addRun(2), dag: 2 } as Step, finish(5)].map((world) => happens(n, world)) },
    ],
  },
  "a task instance and its tries are stored in two batches": {
    wrong: {
      destination: (destination) =>
        wrapped(destination, (session) => async (stream, batch) => {
          const [listed, rest] = [true, false].map((isLatest) =>
            partOf(batch, ({ is_latest }) => is_latest === isLatest),
          );
          if (batch.table.name !== tasks || !rest?.upserts?.length) return session.commit(stream, batch);
          await session.commit(stream, listed!);
          return session.commit(stream, { ...rest, remove: [] });
        }),
    },
    because: /missing: airflow_task_instances/,
    steps: (n) => [
      ...running,
      { do: "retry", run: 0, task: 0 },
      start(0, 0),
      { ...sync, dies: { at: n, where: "after" } },
      sync,
    ],
  },
  "a first sync that is resumed takes its position anew": {
    wrong: {
      source: (source) =>
        withState(source, ({ history, ...state }) => ({
          ...state,
          ...(history && { history: { ...(history as object), start: null } }),
        })),
    },
    because: /missing: airflow_task_instances|stale: airflow_task_instances/,
    beginning: { dags: 3, runsPerAnswer: 1 },
    steps: (n) => [
      ...newRun(0, 0),
      ...newRun(0, 1).map((step) => ({ ...step, dag: 2 }) as Step),
      { ...sync, dies: { at: n, where: "after" } },
      later,
      { do: "shrink", run: 0, count: 1 },
      later,
      sync,
    ],
  },
  "a DAG that becomes visible again is not read whole": {
    wrong: { source: (source) => withState(source, ({ unlisted: _, ...state }) => state) },
    because: /stale: airflow_task_instances/,
    steps: () => [
      ...newRun(0, 0),
      sync,
      { do: "hide dag", dag: 0 },
      sync,
      later,
      { do: "shrink", run: 0, count: 1 },
      later,
      sync,
      { do: "show dags", dag: 0 },
      sync,
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
  "unfinished task instances are not read again": {
    wrong: {
      destination: (destination) =>
        wrapped(
          destination,
          (session) => (stream, batch) => session.commit(stream, batch),
          (session) => async (table, scope, columns) =>
            table.name === tasks && "state" in scope ? [] : session.keys(table, scope, columns),
        ),
    },
    because: /stale: airflow_task_instances/,
    steps: () => [...running, later, sync, later, { do: "finish without a stamp", run: 0, task: 0 }, sync],
  },
  "tries are asked for once for each task instance": {
    wrong: {
      source: (source) => {
        const known = new Map<string, unknown>();
        return withShared(source, (right) => ({
          ...right,
          async tries(row: StoredRow) {
            const key = JSON.stringify([row.dag_id, row.dag_run_id, row.task_id, row.map_index]);
            if (!known.has(key)) known.set(key, await right.tries(row));
            return known.get(key);
          },
        }));
      },
    },
    because: /invented: airflow_task_instances/,
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
  "what was emptied keeps its value": {
    wrong: {
      destination: (destination) =>
        wrapped(destination, (session) => async (stream, batch) => {
          const { table, upserts = [] } = batch;
          const key = (row: StoredRow) => JSON.stringify(table.primaryKey.map((name) => row[name]));
          const held = await session.keys(table, {}, Object.keys(table.columns));
          const old = new Map(held.map((row) => [key(row), row]));
          const filled = upserts.map((row) =>
            Object.fromEntries(
              Object.entries(row).map(([name, value]) => [name, value ?? old.get(key(row))?.[name] ?? null]),
            ),
          );
          return session.commit(stream, { ...batch, upserts: filled as typeof upserts });
        }),
    },
    because: /invented: airflow_dag_runs/,
    steps: () => [...newRun(0, 0), sync, clear(0, 0), sync],
  },
  "placeholders stay": {
    wrong: {
      destination: (destination) =>
        wrapped(
          destination,
          (session) =>
            (stream, { remove: _, ...batch }) =>
              session.commit(stream, batch),
        ),
    },
    because: /left over: airflow_task_instances/,
    steps: () => [addRun(0), sync, { do: "expand", run: 0, count: 2 }, sync],
  },
};

const notFound = { status: 404, body: { detail: "not found" } };

function late(step: Step, lateMs: number): Step {
  return { ...step, lateMs } as Step;
}

function happens(at: number, world: Step): SyncStep["requests"][number] {
  return { at, when: "before", world: world as Extract<SyncStep["requests"][number], { world: unknown }>["world"] };
}

function during(step: SyncStep, at: number, world: Step): SyncStep {
  return { ...step, requests: [happens(at, world)] };
}

type Batches = AsyncIterable<StreamBatch>;

function rowsOf({ upserts = [], replace = [] }: StreamBatch): readonly StoredRow[] {
  return [...upserts, ...replace.flatMap(({ rows }) => rows)] as StoredRow[];
}

function partOf(batch: Batch, isPart: (row: StoredRow) => boolean): Batch {
  const { upserts = [], replace = [] } = batch;
  const rows = [...replace.flatMap((each) => each.rows), ...upserts];
  return { ...batch, replace: [], upserts: rows.filter((row) => isPart(row as StoredRow)) };
}

function withStreams(source: Source, change: (batches: Batches) => Batches): Source {
  return {
    ...source,
    streams: source.streams.map((stream) => ({ ...stream, read: (context) => change(stream.read(context)) })),
  };
}

/** Gives streams another state than was stored. */
function withState(source: Source, change: (state: { readonly [name: string]: Json }) => object): Source {
  const streams = source.streams.map(
    (stream): Stream => ({
      ...stream,
      read: (context) => {
        const { state } = context;
        return stream.read({ ...context, state: state && (change(state as { [name: string]: Json }) as Json) });
      },
    }),
  );
  return { ...source, streams };
}

// biome-ignore lint/suspicious/noExplicitAny: what the streams share is the source's own
type Shared = any;

/** Gives streams something else to share. */
function withShared(source: Source, change: (right: Shared) => Shared): Source {
  return { ...source, start: (context) => change(source.start(context)) };
}

/** Puts another position where a state has one, which no elapsed time of ours corrects. */
function withPosition(batch: StreamBatch, server: number): StreamBatch {
  const state = batch.state as { readonly [name: string]: Json };
  if (!("position" in state)) return batch;
  return { ...batch, state: { ...state, position: { server, local: Number.MAX_SAFE_INTEGER } } };
}
