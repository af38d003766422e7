import type { TaskInstance } from "@org/airflow-client";
import type { StoredValues } from "@org/destination";
import { defineStream, type Stored } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import { announceDeletions, goneBatch, heldOf, readTaskInstances, taskInstanceBatch, unpurged } from "./batches.ts";
import { changed, changes } from "./changes.ts";
import {
  clearedLoops,
  dagScopes,
  differingCounts,
  eventDoubts,
  recreatedRuns,
  runScopes,
  unfinished,
  unfinishedRunStates,
  unfinishedTaskStates,
  unknownDags,
} from "./doubts.ts";
import { history, reread } from "./history.ts";
import { knowsRegions, runKey, taskInstanceKey } from "./keys.ts";
import { lateRows } from "./late.ts";
import type { AirflowScope } from "./scope.ts";
import type { AirflowSync } from "./shared.ts";
import { parseStreamState, type StreamPosition, type StreamState } from "./stream-state.ts";
import { dagRunsTable } from "./tables/dag-runs.ts";
import { taskInstancesTable } from "./tables/task-instances.ts";
import { createUnread } from "./unread.ts";
import { countWith, runsOf } from "./unstored.ts";

/** How long after its end a run's unfinished task instances are still looked after. */
const AFTERMATH_MS = 24 * 60 * 60 * 1000;

/** Latest rows not known to be purged: what the server's list of task instances should contain. */
const listed = { ...unpurged, is_latest: { in: [true] } };

/**
 * The task instances with all their attempts: the history first, then windows and what no window shows; at a reconcile
 * also what the table holds too much of.
 */
export const taskInstances = defineStream<AirflowSync, typeof taskInstancesTable, StreamState>({
  name: "task_instances",
  table: taskInstancesTable,
  revision: 2,
  needs: ["state", "start_date", "run_after", "is_latest", "id", "purged_at"],
  keeps: [
    { why: "purged", markedBy: "purged_at" },
    // The server does not show all earlier attempts.
    { why: "superseded", latest: "is_latest", version: "try_number" },
  ],
  sampleBy: "run_after",
  async *read({ shared: airflow, stored, streams, reconcile, ...context }) {
    const before = await airflow.before();
    let state = parseStreamState(context, before.position);
    const version = await airflow.version("version" in state ? state.version : undefined, reconcile);
    const unread = createUnread(airflow.onUnreadable, state.unread);
    const { onUnreadable } = unread;
    const options = { ask: airflow.api.taskInstances.ask, onUnreadable, limit: airflow.tasksPerAnswer };
    const stateNow = (): StreamPosition => ({ ...(state as StreamPosition), unread: unread.owed() });
    const readTasks = (scope: AirflowScope) => readTaskInstances(airflow, stored, scope, stateNow, onUnreadable);

    // Their runs are read whole, with all attempts: any of them may be what could not be stored.
    const unstored = () => context.unstored(taskInstancesTable);
    airflow.askTriesAgain([...(state.again ?? []), ...runsOf(unstored())]);
    let regions = false;
    const isFirst = "history" in state;
    if ("history" in state) {
      const { start, ...from } = state.history;
      for await (const leaf of history(airflow, { ...options, from, since: context.sampleSince })) {
        regions ||= leaf.rows.some(knowsRegions);
        const reached = { ...state, history: { start, ...leaf.frontier }, unread: unread.owed() };
        yield await taskInstanceBatch(airflow, stored, leaf, reached);
      }
      if (context.sampleSince !== undefined) return;
      state = { position: start, ...(regions && { regions: true as const }) };
    }

    const unknown = unknownDags(before.runCounts, [
      ...(await stored.countBy(taskInstancesTable, unpurged, ["dag_id"])),
      ...unstored().map((values) => ({ values })),
    ]);
    state = { ...state, unlisted: [...new Set([...(state.unlisted ?? []), ...unknown])] };
    // Before the window: after it, a new row would hide a deleted one.
    const onServer = reconcile ? await airflow.taskCounts() : undefined;
    const window = await airflow.windowFrom(state);
    const events = await airflow.silentEvents(window.since);
    let [late, brought] = [0, 0];
    const seen = new Set<string>();
    const recreated = new Map<string, { readonly dag_id: string; readonly dag_run_id: string }>();
    const lateTasks = lateRows(events, state.unlisted ?? [], taskInstanceKey, async (rows: readonly TaskInstance[]) =>
      (await heldOf(rows, stored)).filter((row) => row.is_latest === true),
    );
    const listing = airflow.api.taskInstances;
    for await (const { rows, isOld } of changes(listing, taskInstanceKey, window, onUnreadable, lateTasks)) {
      regions ||= rows.some(knowsRegions);
      for (const row of rows) if (unfinishedTaskStates.includes(row.state ?? null)) seen.add(taskInstanceKey(row));
      brought += rows.length;
      const held = await heldOf(rows, stored);
      for (const run of [...recreatedRuns(rows, held), ...clearedLoops(rows, held)]) recreated.set(runKey(run), run);
      yield await taskInstanceBatch(airflow, stored, { rows }, stateNow(), held);
      if (isOld) late += changed(context.lastCommit());
    }

    // Updated since: now it says more of every attempt, the earlier ones included.
    if (regions && !state.regions) state = { ...state, regions: true, reread: { isRenewal: true } };

    const due = airflow.dueTries();
    const waiting = await stored.keys(taskInstancesTable, { ...listed, state: { in: unfinishedTaskStates } });
    const isSeen = ({ dag_id }: StoredValues) => airflow.isVisible({ dags: [dag_id as string] });
    const live = streams.has("dag_runs") ? await liveRuns(stored, before.position.server) : undefined;
    const doubts: AirflowScope[] = [
      ...dagScopes((state.unlisted ?? []).filter((dag) => airflow.isVisible({ dags: [dag] }))),
      ...unfinished(waiting.filter(isSeen), live, seen, { byAddress: !airflow.batch }),
      ...eventDoubts(events, "task"),
      ...runScopes([...recreated.values(), ...due]),
    ];
    yield* unread.readAgain(airflow.isVisible, readTasks);
    for (const doubt of doubts.filter(airflow.isVisible)) yield* readTasks(doubt);
    airflow.triesWereAsked(due.filter(isSeen));
    // What changed is stored. A deletion that is not believed must not hold up the next window.
    const isListed = (row: StoredValues) => row.is_latest === true && row.purged_at === null;
    const counted = { table: taskInstancesTable, scope: listed, columns: ["dag_id"] };
    const held = await countWith(stored, counted, unstored().filter(isListed));
    const dags = held.map(({ values }) => values.dag_id as string);
    state = {
      ...state,
      position: before.position,
      ...airflow.widened(window, late),
      again: airflow.owedTries(),
      unlisted: airflow.unlisted(dags),
      version: await airflow.version(version, brought > 0),
    };
    yield { state: stateNow() };

    const gone = await airflow.gone(dags, reconcile);
    if (gone.length > 0) yield goneBatch(taskInstancesTable, gone, stateNow());
    if (onServer) {
      const differing = differingCounts(onServer, held).filter(({ dag }) => onServer.has(dag));
      await announceDeletions(airflow, stored, taskInstancesTable, differing, context.expectDeletions);
      for (const { dag } of differing) yield* readTasks({ dags: [dag] });
    }
    const isRenewal = state.reread?.isRenewal ?? false;
    if (isRenewal || (reconcile && !isFirst)) {
      const held = await stored.count(taskInstancesTable, listed);
      for await (const leaf of reread(airflow, state, { ...options, held })) {
        state = leaf.state;
        // Earlier attempts lack what is new too.
        if (isRenewal) airflow.askTriesAgain(leaf.rows);
        yield await taskInstanceBatch(airflow, stored, leaf, stateNow());
        if (isRenewal) airflow.triesWereAsked(leaf.rows);
      }
    }
    if (reconcile) yield { state: { ...stateNow(), again: airflow.owedTries() }, reconciled: true };
  },
});

/** Runs that are not final, or were not a day ago. */
async function liveRuns(stored: Stored, serverNow: number): Promise<ReadonlySet<string>> {
  const open = await stored.keys(dagRunsTable, { state: { in: unfinishedRunStates } });
  const ended = await stored.keys(dagRunsTable, { end_date: { gte: timestampOf(serverNow - AFTERMATH_MS) } });
  return new Set([...open, ...ended].map(runKey));
}
