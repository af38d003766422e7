/** Deliberately broken engines: wrong in what they store, with which state, or where they resume. */
import type { StoredValues } from "@org/destination";
import type { Step } from "./airflow-steps.ts";
import {
  addRun,
  clear,
  day,
  finish,
  late,
  later,
  minute,
  newRun,
  partOf,
  rowsOf,
  running,
  start,
  sync,
  type WrongCase,
  withPosition,
  withState,
  withStreams,
} from "./airflow-wrong-parts.ts";
import { wrapped } from "./dying.ts";

const tasks = "airflow_task_instances";

export const wrongEngines: Record<string, WrongCase> = {
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
    steps: () => [...newRun(0, 0), addRun(1, "ahead"), sync, later, clear(0, 0), finish(0), day, sync],
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
        withState(source, ({ history, ...state }, now) => ({
          ...state,
          ...(history && { history: { ...(history as object), start: { server: now, local: now } } }),
        })),
    },
    because: /missing: airflow_task_instances|stale: airflow_task_instances/,
    beginning: { dags: 3, runsPerAnswer: 1 },
    steps: (n) => [
      ...newRun(0, 0).map((step) => ({ ...step, dag: 2 }) as Step),
      day,
      ...newRun(0, 1),
      { ...sync, dies: { at: n, where: "after" } },
      later,
      { do: "shrink", run: 1, count: 1 },
      later,
      sync,
    ],
  },
  "a first sync that is resumed leaves out a slice": {
    wrong: {
      source: (source) =>
        withState(source, ({ history, outstanding, ...state }) => {
          const { before, ...rest } = (history ?? {}) as { readonly before?: string };
          // Runs that are missing would be found by their counts, and their task instances with them.
          const isLate = outstanding !== undefined && before !== undefined;
          const skipped = isLate && { before: new Date(Date.parse(before) - 2 * 86_400_000).toISOString() };
          return {
            ...state,
            ...(history !== undefined && { history: { ...rest, ...(before !== undefined && { before }), ...skipped } }),
            ...(outstanding !== undefined && { outstanding }),
          };
        }),
    },
    because: /missing: airflow_task_instances/,
    beginning: { runsPerAnswer: 1 },
    steps: (n) => [
      ...newRun(0, 0),
      day,
      ...newRun(1, 1),
      day,
      ...newRun(2, 2),
      { ...sync, dies: { at: n, where: "after" } },
      later,
      sync,
    ],
  },
  "a DAG that becomes visible again is not read whole": {
    wrong: {
      source: (source) =>
        withState(source, ({ pending, ...state }) => ({
          ...state,
          ...(pending && { pending: (pending as { why: string }[]).filter(({ why }) => why !== "unlisted") }),
        })),
    },
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
  "attempts that were left for later are taken for stored": {
    wrong: { source: (source) => withState(source, ({ outstanding: _, ...state }) => state) },
    because: /missing: airflow_task_instances/,
    steps: () => [...running, { do: "retry", run: 0, task: 0 }, start(0, 0), { ...sync, budget: 0 }, sync],
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
  "what has not begun in a running run is taken for what waits in a queued one": {
    wrong: {
      destination: (destination) =>
        wrapped(
          destination,
          (session) => (stream, batch) => session.commit(stream, batch),
          (session) => async (table, scope, columns) => {
            const { state } = scope as { readonly state?: { readonly in?: readonly unknown[] } };
            const isQueued = table.name === "airflow_dag_runs" && state?.in?.length === 1 && state.in[0] === "queued";
            return session.keys(table, isQueued ? { state: { in: ["queued", "running"] } } : scope, columns);
          },
        ),
    },
    because: /ghost: airflow_task_instances/,
    steps: () => [
      addRun(0),
      { do: "start run", run: 0 },
      later,
      sync,
      later,
      { do: "finish without a stamp", run: 0, task: 0 },
      sync,
    ],
  },
  "what was emptied keeps its value": {
    wrong: {
      destination: (destination) =>
        wrapped(destination, (session) => async (stream, batch) => {
          const { table, upserts = [] } = batch;
          const key = (row: StoredValues) => JSON.stringify(table.primaryKey.map((name) => row[name]));
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
    steps: () => [addRun(0), { do: "start run", run: 0 }, sync, { do: "expand", run: 0, count: 2 }, sync],
  },
};
