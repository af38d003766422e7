import type { DagRun } from "@org/airflow-client";
import { defineStream, type Stored } from "@org/sync-engine/source";
import { justAfter } from "../timestamp.ts";
import { findContradictions } from "./contradictions.ts";
import { eventDoubts, grownStates, missingRuns, numberOfRuns, type RunCounts, unfinishedRunStates } from "./doubts.ts";
import { type RunId, runKey } from "./keys.ts";
import { countHeld, type Kind, type Reading, type Reason, unstoredRows } from "./kind.ts";
import { unpurged } from "./purged.ts";
import { readTable } from "./read-table.ts";
import type { AirflowScope } from "./scope.ts";
import type { AirflowSync } from "./shared.ts";
import { parseSilent, withoutTaken, withSilent } from "./silent.ts";
import type { TableState } from "./state.ts";
import { dagRunRow, dagRunsTable } from "./tables/dag-runs.ts";
import { taskInstancesTable } from "./tables/task-instances.ts";
import { runsOf, unstoredRuns } from "./unstored.ts";

type RunReading = Reading<DagRun, typeof dagRunsTable>;

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
  unstoredScopes: unstoredRuns,
  async doubts(reading, { seen, events }) {
    const { airflow, stored, before, pending } = reading;
    const counts = await countHeld(reading, unpurged, ["dag_id", "state"]);
    const open = await stored.keys(dagRunsTable, { ...unpurged, state: { in: unfinishedRunStates } });
    // Unreadable rows are missing from the table, and requested separately.
    const isExplained = missingRuns(before.runCounts, counts) === pending.unreadable;
    return [
      ...(isExplained ? [] : grownStates(before.runCounts, counts)),
      ...(open.every((row) => seen.has(runKey(row))) ? [] : [{ states: unfinishedRunStates }]),
      ...(await byRunAfter(eventDoubts(events, "dag_run").filter(airflow.isVisible), stored)),
    ];
  },
  async countOnServer(airflow) {
    return numbers(airflow, (await airflow.before()).runCounts);
  },
  async countAgain(airflow) {
    return numbers(airflow, await airflow.api.runCounts());
  },
  async check(reading, held) {
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
