/**
 * What is no longer there. Most of that was deleted, and is marked so. What is older than anything that the server still
 * has went with its retention (`airflow db clean`) instead: it is kept and marked as purged, since keeping history is why
 * people sync. What the event log calls deleted was deleted, however old.
 */
import type { Json, Row, Scope, StoredValues, Table } from "@org/destination";
import { batchOf, type Stored } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import { type RunId, runKey, taskInstanceKey } from "./keys.ts";
import type { AirflowSync } from "./shared.ts";
import { dagRunsTable } from "./tables/dag-runs.ts";

/** Rows not known to be purged. */
export const unpurged = { purged_at: { in: [null] } };

/** A DAG that is gone from the server, with all that it had; what was purged before stays. */
export function goneBatch<T extends Table, S extends Json>(table: T, dags: readonly string[], state: S) {
  const scope = { dag_id: { in: dags }, ...("purged_at" in table.columns ? unpurged : {}) } as Scope<T>;
  return batchOf(table, { replace: [{ scope, rows: [] }], state });
}

/**
 * Says how many rows a reconcile is going to mark deleted, before it reads any DAG again. What is older than anything
 * that the server has is not among them.
 *
 * @param within only rows in this scope are compared
 * @throws SyncError `MASS_DELETE`
 */
export async function announceDeletions(
  airflow: AirflowSync,
  stored: Stored,
  table: Table,
  differing: readonly { readonly dag: string; readonly missing: number }[],
  expect: (table: Table, count: number) => Promise<void>,
  within: Scope = {},
): Promise<void> {
  const shrunk = differing.filter(({ missing }) => missing > 0);
  if (shrunk.length === 0) return;
  const oldest = await oldestStart(airflow, table);
  const older = {
    ...within,
    ...unpurged,
    dag_id: { in: shrunk.map(({ dag }) => dag) },
    start_date: { lt: oldest ?? "" },
  };
  const purged = oldest === null ? 0 : await stored.count(table, older);
  const missing = shrunk.reduce((sum, each) => sum + each.missing, 0);
  if (missing > purged) await expect(table, missing - purged);
}

function oldestStart(airflow: AirflowSync, table: Table): Promise<string | null> {
  return table.name === dagRunsTable.name ? airflow.oldestRunStart() : airflow.oldestTaskStart();
}

/** Rows that the table holds in a scope, that did not come, and that are older than anything that the server has. */
export async function newlyPurged(
  airflow: AirflowSync,
  stored: Stored,
  table: Table,
  scope: Scope,
  came: readonly StoredValues[],
): Promise<Row<Table>[]> {
  const keyOf = (row: StoredValues) => JSON.stringify(table.primaryKey.map((name) => String(row[name])));
  const there = new Set(came.map(keyOf));
  const missing = (await stored.keys(table, scope)).filter((row) => !there.has(keyOf(row)));
  if (missing.length === 0) return [];
  await airflow.expectVisible(missing.map(({ dag_id }) => dag_id as string));
  const oldest = await oldestStart(airflow, table);
  if (oldest === null) return [];
  const gone = new Set(missing.map(keyOf));
  // Rows that never started are purged with their run: if some of these still exist, the rows were not purged.
  const runs = new Set(came.map(runKey));
  const before = [{ start_date: { lt: oldest } }, { start_date: { in: [null] }, run_after: { lt: oldest } }];
  const old = await Promise.all(before.map((limits) => stored.keys(table, { ...scope, ...limits }, columnsOf(table))));
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
    .map((row) => ({ ...row, purged_at: now })) as Row<Table>[];
}

export function columnsOf<T extends Table>(table: T): (keyof T["columns"] & string)[] {
  return Object.keys(table.columns);
}
