import type { TaskInstance } from "@org/airflow-client";
import { defineStream, type Stored } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import { askingFor, heldOf, withEarlierAttempts } from "./attempts.ts";
import {
  clearedLoops,
  eventDoubts,
  recreatedRuns,
  runScopes,
  unfinished,
  unfinishedRunStates,
  unfinishedTaskStates,
} from "./doubts.ts";
import { knowsRegions, runKey, taskInstanceKey } from "./keys.ts";
import type { Kind, Reason } from "./kind.ts";
import { allOutstanding, readLaterAttempts } from "./later-attempts.ts";
import { runScope } from "./pending.ts";
import { unpurged } from "./purged.ts";
import { readTable } from "./read-table.ts";
import type { AirflowSync } from "./shared.ts";
import { parseSilent, pendingSince } from "./silent.ts";
import type { TableState } from "./state.ts";
import { dagRunsTable } from "./tables/dag-runs.ts";
import { taskInstancesTable } from "./tables/task-instances.ts";
import { runsOf } from "./unstored.ts";

/** How long after a run's end its unfinished task instances are still checked. */
const AFTERMATH_MS = 24 * 60 * 60 * 1000;

/** Latest rows not known to be purged: what the server's list of task instances should contain. */
const listed = { ...unpurged, is_latest: { in: [true] } };

/** Reads that request tries even if the listed attempt is known, since the table may lack some. */
const triesReasons: readonly Reason[] = ["tries", "unstored", "renewal"];

const taskInstanceKind: Kind<TaskInstance, typeof taskInstancesTable> = {
  table: taskInstancesTable,
  listing: ({ api }) => api.taskInstances,
  limit: ({ tasksPerAnswer }) => tasksPerAnswer,
  keyOf: taskInstanceKey,
  unfinished: unfinishedTaskStates,
  listed,
  begin(reading) {
    const { begun, context, pending, kept } = reading;
    const isSample = context.sampleSince !== undefined;
    // Attempts left for later are found through the table.
    if ("history" in begun && !isSample && context.keepsRows) reading.kept = { ...kept, outstanding: allOutstanding };
    const silent = parseSilent(context.stateOf("dag_runs"));
    if (!silent) return;
    // A first sync that starts now reads everything in its current form.
    const isFresh = "history" in begun && begun.history.before === undefined;
    const changed = isFresh ? [] : pendingSince(silent, kept.silentSeen);
    for (const { why, scope } of changed) pending.add(why, [scope]);
    reading.kept = { ...reading.kept, silentSeen: silent.last };
  },
  async rowsOf(reading, rows, why) {
    const { stored, pending, kept, context } = reading;
    if (!context.keepsRows) {
      const present = rows.filter((row) => !isPlaceholder(row));
      return withEarlierAttempts(present, [], askingFor(reading), true);
    }
    const held = await heldOf(rows, stored);
    if (why === "window") {
      pending.add("changed", [...recreatedRuns(rows, held), ...clearedLoops(rows, held)].map(runScope));
    }
    const isLater = why === "history" && kept.outstanding !== undefined;
    const ask = isLater ? async () => undefined : askingFor(reading);
    return withEarlierAttempts(rows, held, ask, triesReasons.includes(why));
  },
  unstoredScopes: (rows) => runScopes(runsOf(rows)),
  async doubts({ airflow, stored, before, context }, { seen, events }) {
    const isOpen = { ...listed, state: { in: unfinishedTaskStates } };
    const waiting = await stored.keys(taskInstancesTable, isOpen, ["state"]);
    const visible = waiting.filter(({ dag_id }) => airflow.isVisible({ dags: [dag_id] }));
    const knowsRuns = context.streams.has("dag_runs");
    const live = knowsRuns ? await liveRuns(stored, before.position.server) : undefined;
    const idle = knowsRuns ? await queuedRuns(stored) : new Set<string>();
    // The scheduler leaves them alone until their run starts, which the table of runs then shows.
    const unsettled = visible.filter((row) => row.state !== null || !idle.has(runKey(row)));
    return [
      ...unfinished(unsettled, live, seen, { byAddress: !airflow.batch }),
      ...eventDoubts(events, "task").filter(airflow.isVisible),
    ];
  },
  countOnServer: (airflow, floor) => airflow.taskCounts(floor),
  saysMore: knowsRegions,
  later: readLaterAttempts,
};

/**
 * Whether another row will take its place, once it starts or expands. It could not be removed then, so it is not stored.
 */
function isPlaceholder({ try_number, state = null }: TaskInstance): boolean {
  return try_number === 0 && unfinishedTaskStates.includes(state);
}

/** The task instances with all their attempts: first the history, then changes, and what no window shows. */
export const taskInstances = defineStream<AirflowSync, typeof taskInstancesTable, TableState>({
  name: "task_instances",
  table: taskInstancesTable,
  revision: 2,
  needs: ["state", "start_date", "run_after", "is_latest", "id", "purged_at"],
  keeps: [
    { why: "purged", markedBy: "purged_at" },
    // The server does not return all earlier attempts.
    { why: "superseded", latest: "is_latest", version: "try_number" },
  ],
  sampleBy: "run_after",
  read: (context) => readTable(taskInstanceKind, context),
});

/** Runs that are not finished, or were not a day ago. */
async function liveRuns(stored: Stored, serverNow: number): Promise<ReadonlySet<string>> {
  const open = await stored.keys(dagRunsTable, { state: { in: unfinishedRunStates } });
  const ended = await stored.keys(dagRunsTable, { end_date: { gte: timestampOf(serverNow - AFTERMATH_MS) } });
  return new Set([...open, ...ended].map(runKey));
}

async function queuedRuns(stored: Stored): Promise<ReadonlySet<string>> {
  return new Set((await stored.keys(dagRunsTable, { state: { in: ["queued"] } })).map(runKey));
}
