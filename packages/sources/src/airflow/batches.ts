/**
 * What was read, as batches.
 *
 * A leaf of a fixed scope says what is no longer there. Most of that was deleted, and is marked so. What is older than
 * anything that the server still has went with its retention (`airflow db clean`) instead: it is kept and marked as
 * purged, since keeping history is why people sync. What the event log calls deleted was deleted, however old.
 */
import type { DagRun, TaskInstance } from "@org/airflow-client";
import type { Json, Row, Scope, StoredValues, Table } from "@org/destination";
import { type BatchOf, batchOf, type Stored } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import type { OnUnreadable } from "./ask.ts";
import { type AttemptRow, whole } from "./attempts.ts";
import { identityOf, NO_INDEX, type RunId, runKey, type TaskInstanceId, taskInstanceKey } from "./keys.ts";
import { leaves } from "./leaves.ts";
import { type AirflowScope, isFixed, storedScope } from "./scope.ts";
import { isForbidden } from "./server-errors.ts";
import type { AirflowSync } from "./shared.ts";
import type { StreamState } from "./stream-state.ts";
import { dagRunRow, dagRunsTable } from "./tables/dag-runs.ts";
import { taskInstancesTable } from "./tables/task-instances.ts";

export type DagRunBatch = BatchOf<typeof dagRunsTable, StreamState>;
export type TaskInstanceBatch = BatchOf<typeof taskInstancesTable, StreamState>;

/** Rows not known to be purged. */
export const unpurged = { purged_at: { in: [null] } };

/** Listed dag runs as a batch. */
export async function dagRunBatch(
  airflow: AirflowSync,
  stored: Stored,
  { scope, rows: listed }: { readonly scope?: AirflowScope; readonly rows: readonly DagRun[] },
  before: StreamState,
): Promise<DagRunBatch> {
  const rows = listed.map(dagRunRow);
  const state = withOwed(airflow, before);
  if (!scope || !isFixed(scope)) return batchOf(dagRunsTable, { upserts: rows, state });
  const held = { ...storedScope(scope), ...unpurged };
  const purged = await newlyPurged(airflow, stored, dagRunsTable, held, rows);
  return batchOf(dagRunsTable, { replace: [{ scope: held, rows: [...rows, ...purged] }], state });
}

/**
 * Listed task instances as a batch: with their attempts, whole, and without what were only placeholders.
 *
 * @param held what {@link heldOf} says of them, where it was asked
 */
export async function taskInstanceBatch(
  airflow: AirflowSync,
  stored: Stored,
  { scope, rows: listed }: { readonly scope?: AirflowScope; readonly rows: readonly TaskInstance[] },
  before: StreamState,
  held?: readonly AttemptRow[],
): Promise<TaskInstanceBatch> {
  const known = held ?? (await heldOf(listed, stored));
  const { rows, remove } = await whole(listed, known, airflow.tries, airflow.triesAreDue);
  const state = withOwed(airflow, before);
  if (!scope || !isFixed(scope)) return batchOf(taskInstancesTable, { upserts: rows, remove, state });
  const present = { ...storedScope(scope), ...unpurged };
  const purged = await newlyPurged(airflow, stored, taskInstancesTable, present, [...rows, ...remove]);
  return batchOf(taskInstancesTable, { replace: [{ scope: present, rows: [...rows, ...purged] }], remove, state });
}

/** A state before the sync's end: once rows are stored, nothing else tells that tries of theirs are missing. */
function withOwed(airflow: AirflowSync, state: StreamState): StreamState {
  const again = airflow.owedTries();
  return again.length > 0 ? { ...state, again } : state;
}

/** All that the table holds of listed task instances, and of what they were before they had an index or a region. */
export async function heldOf(listed: readonly TaskInstance[], stored: Stored): Promise<readonly AttemptRow[]> {
  const ids = listed.map(identityOf);
  const column = (name: keyof TaskInstanceId, ...more: number[]) => ({
    in: [...new Set([...more, ...ids.map((id) => id[name])])],
  });
  const scope = {
    dag_id: column("dag_id"),
    dag_run_id: column("dag_run_id"),
    task_id: column("task_id"),
    map_index: column("map_index", NO_INDEX),
    // Not by region: the same place in a loop may be held in the region that a clear replaced.
    region_index: column("region_index", NO_INDEX),
  };
  return stored.keys(taskInstancesTable, scope as Scope<typeof taskInstancesTable>, columnsOf(taskInstancesTable));
}

/**
 * All task instances of a scope, in proven parts.
 *
 * @param stateNow the stream's state as of the moment
 */
export async function* readTaskInstances(
  airflow: AirflowSync,
  stored: Stored,
  scope: AirflowScope,
  stateNow: () => StreamState,
  onUnreadable: OnUnreadable,
): AsyncGenerator<TaskInstanceBatch> {
  for await (const leaf of leaves(airflow.api.taskInstances.ask, scope, airflow.tasksPerAnswer, onUnreadable)) {
    yield await taskInstanceBatch(airflow, stored, leaf, stateNow());
  }
}

/**
 * What comes until the user lacks a permission: the stream that needs it more fails by it, and says so.
 *
 * @returns whether all of it came
 */
export async function* unlessForbidden<T>(items: AsyncIterable<T>): AsyncGenerator<T, boolean> {
  try {
    yield* items;
    return true;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return false;
  }
}

/** A DAG that is gone from the server, with all that it had; what was purged before stays. */
export function goneBatch<T extends Table, S extends Json>(table: T, dags: readonly string[], state: S) {
  const scope = { dag_id: { in: dags }, ...("purged_at" in table.columns ? unpurged : {}) } as Scope<T>;
  return batchOf(table, { replace: [{ scope, rows: [] }], state });
}

/**
 * Says how many rows a reconcile is going to mark deleted, before it reads any DAG again. What is older than anything
 * that the server has is not among them.
 *
 * @throws SyncError `MASS_DELETE`
 */
export async function announceDeletions(
  airflow: AirflowSync,
  stored: Stored,
  table: PurgeableTable,
  differing: readonly { readonly dag: string; readonly missing: number }[],
  expect: (table: Table, count: number) => Promise<void>,
): Promise<void> {
  const shrunk = differing.filter(({ missing }) => missing > 0);
  if (shrunk.length === 0) return;
  const oldest = await oldestStart(airflow, table);
  const older = { ...unpurged, dag_id: { in: shrunk.map(({ dag }) => dag) }, start_date: { lt: oldest ?? "" } };
  const purged = oldest === null ? 0 : await stored.count(table as Table, older);
  const missing = shrunk.reduce((sum, each) => sum + each.missing, 0);
  if (missing > purged) await expect(table, missing - purged);
}

type PurgeableTable = typeof dagRunsTable | typeof taskInstancesTable;

function oldestStart(airflow: AirflowSync, table: PurgeableTable): Promise<string | null> {
  return table === dagRunsTable ? airflow.oldestRunStart() : airflow.oldestTaskStart();
}

/** Rows that the table holds in a scope, that did not come, and that are older than anything that the server has. */
async function newlyPurged<T extends PurgeableTable>(
  airflow: AirflowSync,
  stored: Stored,
  table: T,
  scope: Scope,
  came: readonly StoredValues[],
): Promise<Row<T>[]> {
  const keyOf = (row: StoredValues) => JSON.stringify(table.primaryKey.map((name) => String(row[name])));
  const there = new Set(came.map(keyOf));
  const missing = (await stored.keys(table as Table, scope)).filter((row) => !there.has(keyOf(row)));
  if (missing.length === 0) return [];
  await airflow.expectVisible(missing.map(({ dag_id }) => dag_id as string));
  const oldest = await oldestStart(airflow, table);
  if (oldest === null) return [];
  const gone = new Set(missing.map(keyOf));
  // Rows that never started are purged with their run: if some of these still exist, the rows were not purged.
  const runs = new Set(came.map(runKey));
  const before = [{ start_date: { lt: oldest } }, { start_date: { in: [null] }, run_after: { lt: oldest } }];
  const old = await Promise.all(
    before.map((limits) => stored.keys(table as Table, { ...scope, ...limits }, columnsOf(table as Table))),
  );
  const candidates = old.flat().filter((row) => gone.has(keyOf(row)));
  if (candidates.length === 0) return [];
  const began = (row: StoredValues) => Date.parse((row.start_date ?? row.run_after) as string);
  const wasDeleted = await airflow.deletions(candidates.reduce((min, row) => Math.min(min, began(row)), Infinity));
  // An attempt that is not the latest goes with the latest, which began later.
  const latest = new Set(candidates.filter(({ is_latest }) => is_latest).map(taskInstanceKey));
  const now = timestampOf((await airflow.before()).position.server);
  return candidates
    .filter((row) => row.is_latest !== false || latest.has(taskInstanceKey(row)))
    .filter((row) => row.start_date !== null || !runs.has(runKey(row)))
    .filter((row) => !wasDeleted(row as unknown as RunId, began(row)))
    .map((row) => ({ ...row, purged_at: now })) as unknown as Row<T>[];
}

function columnsOf<T extends Table>(table: T): (keyof T["columns"] & string)[] {
  return Object.keys(table.columns);
}
