import { defineStream, type Stored } from "@org/sync-engine";
import { timestampOf } from "../timestamp.ts";
import { changes } from "./changes.ts";
import {
  eventDoubts,
  runKey,
  taskInstanceKey,
  unfinished,
  unfinishedRunStates,
  unfinishedTaskStates,
} from "./doubts.ts";
import { history, parseStreamState } from "./history.ts";
import type { AirflowSync } from "./shared.ts";
import { dagRunsTable } from "./tables/dag-runs.ts";
import { taskInstancesTable } from "./tables/task-instances.ts";
import { readTaskInstances, taskInstanceBatch } from "./task-instance-batches.ts";

/** How long after its end a run's unfinished task instances are still looked after. */
const AFTERMATH_MS = 24 * 60 * 60 * 1000;

/** The task instances with all their attempts: the history first, then windows, and what no window shows. */
export const taskInstances = defineStream<AirflowSync, typeof taskInstancesTable>({
  name: "task_instances",
  table: taskInstancesTable,
  revision: 1,
  async *read({ shared: airflow, state: storedState, stored, streams }) {
    const before = await airflow.before();
    const { ask } = airflow.api.taskInstances;
    let state = parseStreamState(storedState, before.position);

    if ("history" in state) {
      const { start } = state.history;
      const dags = before.dags.map(({ dag_id }) => dag_id);
      const options = { ask, dags, runCounts: before.runCounts, from: state.history, limit: airflow.tasksPerAnswer };
      for await (const leaf of history({ ...options, runsPerGroup: airflow.runsPerAnswer / 2 })) {
        yield await taskInstanceBatch(airflow, stored, leaf, leaf.state);
      }
      state = { position: start };
    }

    const since = await airflow.windowFrom(state.position);
    const seen = new Set<string>();
    for await (const rows of changes(airflow.api.taskInstances, timestampOf(since))) {
      for (const row of rows) if (unfinishedTaskStates.includes(row.state ?? null)) seen.add(taskInstanceKey(row));
      yield await taskInstanceBatch(airflow, stored, { rows }, state);
    }

    const waiting = await stored.keys(taskInstancesTable, {
      is_latest: { in: [true] },
      state: { in: unfinishedTaskStates },
    });
    const events = await airflow.silentEvents(since);
    const live = streams.has("dag_runs") ? await liveRuns(stored, before.position.server) : undefined;
    const doubts = [...unfinished(waiting, live, seen), ...eventDoubts(events, "task")];
    for (const doubt of doubts.filter(airflow.isVisible)) yield* readTaskInstances(airflow, stored, doubt, state);
    yield { state: { position: before.position } };
  },
});

/** Runs that are not final, or were not a day ago. */
async function liveRuns(stored: Stored, serverNow: number): Promise<ReadonlySet<string>> {
  const open = await stored.keys(dagRunsTable, { state: { in: unfinishedRunStates } });
  const ended = await stored.keys(dagRunsTable, { end_date: { gte: timestampOf(serverNow - AFTERMATH_MS) } });
  return new Set([...open, ...ended].map(runKey));
}
