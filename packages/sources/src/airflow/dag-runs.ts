import type { DagRun } from "@org/airflow-client";
import { defineStream, type Stored } from "@org/sync-engine/source";
import { justAfter } from "../timestamp.ts";
import {
  announceDeletions,
  type DagRunBatch,
  dagRunBatch,
  goneBatch,
  readTaskInstances,
  type TaskInstanceBatch,
  unlessForbidden,
  unpurged,
} from "./batches.ts";
import { changed, changes } from "./changes.ts";
import { findContradictions } from "./contradictions.ts";
import {
  dagScopes,
  differingCounts,
  eventDoubts,
  grownStates,
  missingRuns,
  numberOfRuns,
  type RunCounts,
  runScopes,
  unfinishedRunStates,
  unknownDags,
} from "./doubts.ts";
import { history, reread } from "./history.ts";
import { type RunId, runKey } from "./keys.ts";
import { lateRows } from "./late.ts";
import { leaves } from "./leaves.ts";
import type { AirflowScope } from "./scope.ts";
import type { AirflowSync } from "./shared.ts";
import { parseStreamState, type StreamPosition, type StreamState } from "./stream-state.ts";
import { dagRunsTable } from "./tables/dag-runs.ts";
import { taskInstancesTable } from "./tables/task-instances.ts";
import { createUnread } from "./unread.ts";
import { countWith, runsOf, unstoredRuns } from "./unstored.ts";

/**
 * The first sync reads the history. Every sync then reads what changed since the last one, and what no window shows; a
 * reconcile also what the table holds too much of.
 */
export const dagRuns = defineStream<AirflowSync, typeof dagRunsTable, StreamState, typeof taskInstancesTable>({
  name: "dag_runs",
  table: dagRunsTable,
  revision: 2,
  needs: ["state", "start_date", "end_date", "run_after", "purged_at"],
  keeps: [{ why: "purged", markedBy: "purged_at" }],
  sampleBy: "run_after",
  async *read({ shared: airflow, stored, streams, reconcile, ...context }) {
    const before = await airflow.before();
    const { ask } = airflow.api.dagRuns;
    let state = parseStreamState(context, before.position);
    const version = await airflow.version("version" in state ? state.version : undefined, reconcile);
    const unread = createUnread(airflow.onUnreadable, state.unread);
    const { onUnreadable } = unread;
    const options = { ask, onUnreadable, limit: airflow.runsPerAnswer };
    const stateNow = (): StreamPosition => ({ ...(state as StreamPosition), unread: unread.owed() });

    airflow.askTriesAgain([...(state.again ?? []), ...runsOf(context.unstored(taskInstancesTable))]);
    const unstored = () => context.unstored(dagRunsTable);
    const countBy = (...columns: ("dag_id" | "state")[]) =>
      countWith(stored, { table: dagRunsTable, scope: unpurged, columns }, unstored());
    const isFirst = "history" in state;
    if ("history" in state) {
      const { start, ...from } = state.history;
      for await (const leaf of history(airflow, { ...options, from, since: context.sampleSince })) {
        const reached = { ...state, history: { start, ...leaf.frontier }, unread: unread.owed() };
        yield await dagRunBatch(airflow, stored, leaf, reached);
      }
      if (context.sampleSince !== undefined) return;
      state = { position: start };
    }

    const unknown = unknownDags(before.runCounts, await countBy("dag_id"));
    state = { ...state, unlisted: [...new Set([...(state.unlisted ?? []), ...unknown])] };
    const window = await airflow.windowFrom(state);
    const seen = new Set<string>();
    const events = await airflow.silentEvents(window.since);
    const lateRuns = lateRows(events, state.unlisted ?? [], runKey, (rows: readonly DagRun[]) =>
      stored.keys(dagRunsTable, scopeOf(rows), ["note"]),
    );
    let [late, brought] = [0, 0];
    for await (const { rows, isOld } of changes(airflow.api.dagRuns, runKey, window, onUnreadable, lateRuns)) {
      for (const row of rows) if (unfinishedRunStates.includes(row.state)) seen.add(runKey(row));
      brought += rows.length;
      yield await dagRunBatch(airflow, stored, { rows }, stateNow());
      if (isOld) late += changed(context.lastCommit());
    }

    for (const scope of unstoredRuns(unstored()).filter(airflow.isVisible)) {
      for await (const leaf of leaves(ask, scope, airflow.runsPerAnswer, onUnreadable)) {
        yield await dagRunBatch(airflow, stored, leaf, stateNow());
      }
    }
    yield* unread.readAgain(airflow.isVisible, readRuns);

    const counts = await countBy("dag_id", "state");
    const open = await stored.keys(dagRunsTable, { ...unpurged, state: { in: unfinishedRunStates } });
    const doubts: AirflowScope[] = [
      ...dagScopes((state.unlisted ?? []).filter((dag) => airflow.isVisible({ dags: [dag] }))),
      // Rows that could not be read are missing from the table, and asked for by themselves.
      ...(missingRuns(before.runCounts, counts) === unread.count ? [] : grownStates(before.runCounts, counts)),
      ...(open.every((row) => seen.has(runKey(row))) ? [] : [{ states: unfinishedRunStates }]),
      ...(await byRunAfter(eventDoubts(events, "dag_run").filter(airflow.isVisible), stored)),
    ];
    /** Reads the task instances of runs, or has the next sync that may read them do so. */
    async function* readTasksOf(runs: readonly RunId[]): AsyncGenerator<TaskInstanceBatch> {
      if (!streams.has("task_instances")) {
        // Where task instances are never synced, nobody ever reads them.
        airflow.readLater(runs.slice(0, Math.max(0, MOST_REMEMBERED - airflow.dueTries().length)));
        return;
      }
      airflow.readLater(runs);
      for (const scope of runScopes(runs.filter(({ dag_id }) => airflow.isVisible({ dags: [dag_id] })))) {
        const skipped = createUnread(airflow.onUnreadable);
        const read = readTaskInstances(airflow, stored, scope, stateNow, skipped.onUnreadable);
        const isRead = yield* unlessForbidden(read);
        if (isRead && skipped.count === 0)
          airflow.triesWereAsked(runs.filter(({ dag_id }) => scope.dags?.includes(dag_id)));
      }
    }
    async function* readRuns(scope: AirflowScope): AsyncGenerator<DagRunBatch | TaskInstanceBatch> {
      for await (const leaf of leaves(ask, scope, airflow.runsPerAnswer, onUnreadable)) {
        // A change of a run that left no stamp may have left none on its task instances either. They are stored
        // first: were the sync to end in between, the doubt would arise again.
        yield* readTasksOf(await changedRuns(leaf.rows, stored, streams.has("task_instances")));
        yield await dagRunBatch(airflow, stored, leaf, stateNow());
      }
    }
    yield* readTasksOf(airflow.dueTries());
    for (const doubt of doubts) yield* readRuns(doubt);
    // What changed is stored. A deletion that is not believed must not hold up the next window.
    const held = await countBy("dag_id");
    const dags = held.map(({ values }) => values.dag_id as string);
    const unlisted = airflow.unlisted(dags);
    const again = airflow.owedTries();
    state = {
      ...state,
      position: before.position,
      ...airflow.widened(window, late),
      again,
      unlisted,
      version: await airflow.version(version, brought > 0),
    };
    yield { state: stateNow() };
    // What could not be read or stored is missing, and told of already.
    if (unread.count === 0 && unstored().length === 0) {
      await findContradictions(airflow, before.runCounts, held, (message) =>
        context.emit({ type: "problem", code: "CONTRADICTION", message }),
      );
    }

    const gone = await airflow.gone(dags, reconcile);
    if (gone.length > 0) yield goneBatch(dagRunsTable, gone, stateNow());
    if (reconcile) {
      // Counted before the window, since after it a new run would hide a deleted one; and now, since one that went
      // before the window could bring it would hide one too.
      const after = await airflow.api.runCounts();
      const numbers = (counts: RunCounts) =>
        new Map(before.dags.map(({ dag_id }) => [dag_id, numberOfRuns(counts, dag_id)]));
      const differing = [before.runCounts, after]
        .flatMap((counts) => differingCounts(numbers(counts), held))
        .filter(({ dag }, index, all) => all.findIndex((each) => each.dag === dag) === index)
        .filter(({ dag }) => airflow.isVisible({ dags: [dag] }));
      await announceDeletions(airflow, stored, dagRunsTable, differing, context.expectDeletions);
      for (const { dag } of differing) yield* readRuns({ dags: [dag] });
    }
    if (state.reread?.isRenewal || (reconcile && !isFirst)) {
      const held = await stored.count(dagRunsTable, unpurged);
      for await (const leaf of reread(airflow, state, { ...options, held })) {
        state = leaf.state;
        yield await dagRunBatch(airflow, stored, leaf, stateNow());
      }
    }
    if (reconcile) yield { state: { ...stateNow(), again: airflow.owedTries() }, reconciled: true };
  },
});

/** So many runs are remembered for a sync of task instances. Of others their scrub finds what no window shows. */
const MOST_REMEMBERED = 1000;

/**
 * Runs that the table lacks or holds with another state. Not in DAGs of which no task instance is held: those are read
 * whole by the stream of task instances, which tells by that which they are.
 *
 * @param hasTasks whether the table of task instances is part of this sync, and can be asked
 */
async function changedRuns(
  runs: readonly { readonly dag_id: string; readonly dag_run_id: string; readonly state: string | null }[],
  stored: Stored,
  hasTasks: boolean,
): Promise<RunId[]> {
  const found = await stored.keys(dagRunsTable, scopeOf(runs), ["state"]);
  const held = new Map(found.map((row) => [runKey(row), row.state]));
  const changed = runs.filter((run) => held.get(runKey(run)) !== run.state);
  if (changed.length === 0 || !hasTasks) return changed;
  const dags = { ...unpurged, dag_id: { in: changed.map(({ dag_id }) => dag_id) } };
  const known = await stored.countBy(taskInstancesTable, dags, ["dag_id"]);
  const isKnown = ({ dag_id }: { readonly dag_id: string }) => known.some(({ values }) => values.dag_id === dag_id);
  return changed.filter(isKnown);
}

/** These runs in the table, and maybe others of the same ids in other DAGs. */
function scopeOf(runs: readonly RunId[]) {
  const [dags, ids] = [runs.map(({ dag_id }) => dag_id), runs.map(({ dag_run_id }) => dag_run_id)];
  return { dag_id: { in: dags }, dag_run_id: { in: ids } };
}

/** The same runs by their `run_after`: the server cannot list runs by their ids, nor address every id in a path. */
async function byRunAfter(scopes: readonly AirflowScope[], stored: Stored): Promise<AirflowScope[]> {
  const found = await Promise.all(
    scopes.map(({ dags, runs }) =>
      stored.keys(dagRunsTable, { dag_id: { in: dags! }, dag_run_id: { in: runs! } }, ["run_after"]),
    ),
  );
  return found.flat().map((row) => {
    const from = row.run_after as string;
    return { dags: [row.dag_id as string], runAfter: { from, to: justAfter(from) } };
  });
}
