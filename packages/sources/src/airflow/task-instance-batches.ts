import type { TaskInstance } from "@org/airflow-client";
import type { Json } from "@org/destination";
import { batchOf, type Stored, type StreamBatch } from "@org/sync-engine";
import { whole } from "./attempts.ts";
import { leaves } from "./leaves.ts";
import { type AirflowScope, isFixed, storedScope } from "./scope.ts";
import type { AirflowSync } from "./shared.ts";
import { taskInstancesTable } from "./tables/task-instances.ts";

const allColumns = Object.keys(taskInstancesTable.columns) as (keyof typeof taskInstancesTable.columns)[];

/** Listed task instances as a batch: with their attempts, whole, and without what were only placeholders. */
export async function taskInstanceBatch(
  airflow: AirflowSync,
  stored: Stored,
  listed: { readonly scope?: AirflowScope; readonly rows: readonly TaskInstance[] },
  state: Json,
): Promise<StreamBatch> {
  const column = <K extends keyof TaskInstance>(name: K) => ({
    in: [...new Set(listed.rows.map((row) => row[name]))] as string[],
  });
  const held = await stored.keys(
    taskInstancesTable,
    {
      dag_id: column("dag_id"),
      dag_run_id: column("dag_run_id"),
      task_id: column("task_id"),
      map_index: { in: [-1, ...new Set(listed.rows.map(({ map_index }) => map_index))] },
    },
    allColumns,
  );
  const { rows, remove } = await whole(listed.rows, held, airflow.tries);
  const { scope } = listed;
  return batchOf(taskInstancesTable, {
    ...(scope && isFixed(scope) ? { replace: [{ scope: storedScope(scope)!, rows }] } : { upserts: rows }),
    remove,
    state,
  });
}

/** All task instances of a scope, in proven parts. */
export async function* readTaskInstances(
  airflow: AirflowSync,
  stored: Stored,
  scope: AirflowScope,
  state: Json,
): AsyncGenerator<StreamBatch> {
  for await (const leaf of leaves(airflow.api.taskInstances.ask, scope, airflow.tasksPerAnswer)) {
    yield await taskInstanceBatch(airflow, stored, leaf, state);
  }
}
