import type { Dag, DagRun } from "@org/airflow-client";
import { defineStream, type Stored } from "@org/sync-engine/source";
import { justAfter } from "../timestamp.ts";
import { findContradictions } from "./contradictions.ts";
import { eventDoubts, grownStates, missingRuns, numberOfRuns, type RunCounts, unfinishedRunStates } from "./doubts.ts";
import { type RunId, runKey } from "./keys.ts";
import { countHeld, type Kind, type Known, type Reading, type Reason, unstoredRows } from "./kind.ts";
import { unpurged } from "./purged.ts";
import { readTable } from "./read-table.ts";
import type { AirflowScope } from "./scope.ts";
import type { AirflowSync } from "./shared.ts";
import { parseSilent, withoutTaken, withSilent } from "./silent.ts";
import type { TableState } from "./state.ts";
import { dagRunRow, dagRunsTable } from "./tables/dag-runs.ts";
import { taskInstancesTable } from "./tables/task-instances.ts";
import { type Counts, runsOf, unstoredRuns } from "./unstored.ts";

type RunReading = Reading<DagRun, typeof dagRunsTable>;

const settledRunStates = ["success", "failed"];
/** Only the total is wanted, whatever the rows are like. */
const counting = { probe: { offset: 0 } };

/** Reads that find runs whose changes left no stamp: their task instances may not appear in any window either. */
const silentReasons: readonly Reason[] = ["doubt", "reconcile", "unreadable"];

const dagRunKind: Kind<DagRun, typeof dagRunsTable> = {
  table: dagRunsTable,
  listing: ({ api }) => api.dagRuns,
  limit: ({ runsPerAnswer }) => runsPerAnswer,
  keyOf: runKey,
  unfinished: unfinishedRunStates,
  listed: unpurged,
  begin(reading) {
    const { pending, kept, context } = reading;
    // In an older release this stream also read task instances, and recorded here what it could not read or store of
    // them.
    const older = [
      ...pending.take("tries").map(({ dags = [], runs = [] }) => ({ dag_id: dags[0]!, dag_run_id: runs[0] })),
      ...runsOf(context.unstored(taskInstancesTable)),
    ].map((run) => ({ ...run, tries: true as const }));
    // Even if this stream starts over: the other one does not.
    const known = kept.silent ?? parseSilent(context.stateOf("dag_runs"));
    const silent = withoutTaken(withSilent(known, older, context.now()), context.stateOf("task_instances"));
    if (silent) reading.kept = { ...kept, silent };
  },
  async rowsOf(reading, listed, why) {
    if (silentReasons.includes(why)) await noteSilent(reading, listed);
    return { rows: listed.map(dagRunRow) };
  },
  noteWindow: (airflow, since) => airflow.noteWindow(since),
  unstoredScopes: unstoredRuns,
  async doubts(reading, { seen, events, settledBefore }) {
    const { airflow, stored, before, pending, kept } = reading;
    const { floor } = kept;
    const counts = await countHeld(reading, unpurged, ["dag_id", "state"], { floor });
    const open = await stored.keys(dagRunsTable, { ...unpurged, state: { in: unfinishedRunStates } }, ["run_after"]);
    // Unreadable rows are missing from the table, and requested separately.
    const isExplained = missingRuns(before.runCounts, counts) === pending.unreadable;
    const grown = isExplained ? [] : grownStates(before.runCounts, counts);
    // Windows bring older runs too.
    const from = floor && [floor, ...open.map(({ run_after }) => run_after as string)].toSorted()[0];
    return [
      ...(floor === undefined ? grown : await grownSince(reading, grown, { floor, counts, settledBefore })),
      ...(open.every((row) => seen.has(runKey(row)))
        ? []
        : [{ states: unfinishedRunStates, ...(from !== undefined && { runAfter: { from } }) }]),
      ...(await byRunAfter(eventDoubts(events, "dag_run").filter(airflow.isVisible), stored)),
    ];
  },
  async countSettled({ api }, floor) {
    const count = async (state: string): Promise<[string, number]> => {
      const scope = { states: [state], runAfter: { from: floor } };
      return [state, (await api.dagRuns.ask(scope, 0, counting)).total];
    };
    return new Map(await Promise.all(settledRunStates.map(count)));
  },
  async countOnServer(airflow, floor) {
    return floor === undefined ? numbers(airflow, (await airflow.before()).runCounts) : numbersSince(airflow, floor);
  },
  async countAgain(airflow, floor) {
    return floor === undefined ? numbers(airflow, await airflow.api.runCounts()) : numbersSince(airflow, floor);
  },
  async check(reading, held) {
    // The server's counts include runs before a floor.
    if (reading.kept.floor !== undefined) return;
    // Rows that could not be read or stored are missing, and already reported.
    if (reading.pending.unreadable > 0 || unstoredRows(reading).length > 0) return;
    await findContradictions(reading.airflow, reading.before.runCounts, held, (message) =>
      reading.context.emit({ type: "problem", code: "CONTRADICTION", message }),
    );
  },
};

/** The dag runs: first the history, then changes, and what no window shows. */
export const dagRuns = defineStream<AirflowSync, typeof dagRunsTable, TableState>({
  name: "dag_runs",
  table: dagRunsTable,
  revision: 2,
  needs: ["state", "start_date", "end_date", "run_after", "purged_at"],
  keeps: [{ why: "purged", markedBy: "purged_at" }],
  sampleBy: "run_after",
  read: (context) => readTable(dagRunKind, context),
});

/** The number of runs of each listed DAG. */
async function numbers(airflow: AirflowSync, counts: RunCounts): Promise<ReadonlyMap<string, number>> {
  const { dags } = await airflow.before();
  return new Map(dags.map(({ dag_id }) => [dag_id, numberOfRuns(counts, dag_id)]));
}

/** The number of runs of each listed DAG that were due since a floor: one request for each that has runs. */
async function numbersSince(airflow: AirflowSync, floor: string): Promise<ReadonlyMap<string, number>> {
  const { dags, runCounts } = await airflow.before();
  const count = async ({ dag_id: dag }: Dag): Promise<[string, number | undefined]> => {
    if (numberOfRuns(runCounts, dag) === 0) return [dag, 0];
    const answer = await airflow.api.dagRuns.ask({ dags: [dag], runAfter: { from: floor } }, 0, counting);
    return [dag, answer.unreachable ? undefined : answer.total];
  };
  const numbers = await Promise.all(dags.map(count));
  return new Map(numbers.filter((each): each is [string, number] => each[1] !== undefined));
}

/**
 * Those among grown states that have also grown since a floor. First by one number for all DAGs: a run that silently took
 * a state while another one with that state was deleted without a trace is found by the next reconcile.
 */
async function grownSince(
  { airflow, pending }: RunReading,
  grown: readonly AirflowScope[],
  { floor, counts, settledBefore }: { readonly floor: string; readonly counts: Counts } & Pick<Known, "settledBefore">,
): Promise<AirflowScope[]> {
  const heldIn = (state: unknown, isOf: (dag: string) => boolean) =>
    counts
      .filter(({ values }) => values.state === state && isOf(values.dag_id as string))
      .reduce((sum, { count }) => sum + count, 0);
  const isVisible = (dag: string) => airflow.isVisible({ dags: [dag] });
  const missing = new Map(
    [...(settledBefore ?? [])].map(([state, count]) => [state, count - heldIn(state, isVisible)]),
  );
  const lacking = [...missing.values()].reduce((sum, count) => sum + Math.max(0, count), 0);
  const asked = grown.map(async (scope) => {
    // The unfinished ones are few, and one request.
    if (scope.states === unfinishedRunStates) return [scope];
    const states = (scope.states ?? []).filter((state) => state !== null && (missing.get(state) ?? 1) > 0);
    if (states.length === 0 || lacking === pending.unreadable) return [];
    const { total } = await airflow.api.dagRuns.ask({ ...scope, states, runAfter: { from: floor } }, 0, counting);
    const held = states.map((state) => heldIn(state, (dag) => scope.dags?.includes(dag) ?? true));
    return total > held.reduce((sum, count) => sum + count, 0) ? [{ ...scope, states }] : [];
  });
  return (await Promise.all(asked)).flat();
}

/** Records runs that the table lacks or holds with another state, for the stream of task instances. */
async function noteSilent(reading: RunReading, runs: readonly DagRun[]): Promise<void> {
  const found = await reading.stored.keys(dagRunsTable, scopeOf(runs), ["state"]);
  const held = new Map(found.map((row) => [runKey(row), row.state]));
  const changed = runs.filter((run) => held.get(runKey(run)) !== run.state);
  const silent = withSilent(reading.kept.silent, changed, reading.context.now());
  if (silent) reading.kept = { ...reading.kept, silent };
}

/** These runs in the table, and possibly others with the same ids in other DAGs. */
function scopeOf(runs: readonly RunId[]) {
  const [dags, ids] = [runs.map(({ dag_id }) => dag_id), runs.map(({ dag_run_id }) => dag_run_id)];
  return { dag_id: { in: dags }, dag_run_id: { in: ids } };
}

/** The same runs by their `run_after`: the server cannot list runs by id, nor accept every id in a path. */
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
