/**
 * The tasks of DAGs, and which of them follow which. The server only lists those of a DAG's latest version, so a version
 * is stored if it was the latest one at a sync.
 */
import type { DagVersion, Task } from "@org/airflow-client";
import type { Row, Scope, Table } from "@org/destination";
import {
  batchOf,
  defineStream,
  type Position,
  parsePosition,
  type Stream,
  type StreamBatch,
} from "@org/sync-engine/source";
import { isAddressable } from "./keys.ts";
import { goneBatch } from "./purged.ts";
import { isForbidden } from "./server-errors.ts";
import type { AirflowSync } from "./shared.ts";
import { taskEdgeRows, taskEdgesTable, taskRow, tasksTable, type VersionId } from "./tables/tasks.ts";

/** DAGs per batch. Their requests are sent at once, as far as the server's limit allows. */
const DAGS_AT_ONCE = 20;
type TasksState = {
  readonly position: Position;
  /** While all DAGs are read: the last one, in the order of their ids, that was. */
  readonly through?: string;
  /** DAGs whose tasks could not be read. */
  readonly unread?: readonly string[];
};

type Tables = typeof tasksTable | typeof taskEdgesTable;

/** The latest version of each DAG. */
function latestOf(versions: readonly DagVersion[]): Map<string, number> {
  const latest = new Map<string, number>();
  for (const { dag_id, version_number } of versions)
    latest.set(dag_id, Math.max(version_number, latest.get(dag_id) ?? 0));
  return latest;
}

/** Where a sync begins: which DAGs to read, each with its latest version. Undefined if the user may not read versions. */
async function plan(airflow: AirflowSync, state: TasksState | undefined, reconcile: boolean) {
  const { dags, position } = await airflow.listedDags();
  const last = parsePosition(state?.position, position);
  const isWhole = !last || reconcile || state?.through !== undefined;
  const unread = isWhole ? [] : (state?.unread ?? []);
  const since = isWhole || unread.length > 0 ? undefined : await airflow.windowFrom(last!);
  const versions = await airflow.versions(since);
  if (!versions) return undefined;
  const latest = latestOf(versions);
  const listed = dags.map(({ dag_id }) => dag_id).filter((dag) => latest.has(dag) && isAddressable(dag));
  const changed = new Set(unread);
  const from = last ? await airflow.windowFrom(last) : 0;
  for (const { dag_id, created_at } of versions) if (Date.parse(created_at) >= from) changed.add(dag_id);
  const due = listed.sort().filter((dag) => (isWhole ? dag > (state?.through ?? "") : changed.has(dag)));
  // A read of all that was interrupted continues from the position at which it began.
  return { due, latest, isWhole, position: state?.through !== undefined && last ? last : position };
}

function tasksStream<const T extends Tables>(
  name: string,
  table: T,
  rowsOf: (version: VersionId, task: Task) => readonly Row<T>[],
): Stream<AirflowSync, T, TasksState> {
  async function* read(
    ...[context]: Parameters<Stream<AirflowSync, T, TasksState>["read"]>
  ): AsyncGenerator<StreamBatch<T, TasksState>> {
    const { shared: airflow, state, stored, reconcile } = context;
    const planned = await plan(airflow, state, reconcile);
    if (!planned) return;
    const { due, latest, isWhole } = planned;
    const position = { ...planned.position };
    const { position: asked } = await airflow.listedDags();
    const unread: string[] = [];
    const next = (through?: string): TasksState => ({
      position,
      ...(through !== undefined && { through }),
      ...(unread.length > 0 && { unread: [...unread] }),
    });
    for (let from = 0; from < due.length; from += DAGS_AT_ONCE) {
      const group = due.slice(from, from + DAGS_AT_ONCE);
      const found = await Promise.all(
        group.map(async (dag) => [dag, await airflow.tasksOf(dag, table.name === taskEdgesTable.name)] as const),
      );
      // The user may read none, or not those of some DAGs.
      const forbidden = found.map(([, tasks]) => tasks).find(isForbidden);
      if (forbidden && found.every(([, tasks]) => isForbidden(tasks))) throw forbidden;
      if (forbidden) airflow.onUnavailable("tasks", forbidden as Error);
      // A version that began meanwhile has other tasks. The next sync reads it.
      const newer = latestOf(await airflow.versionsNow(asked.server - 60_000));
      const replace: { scope: Scope<T>; rows: readonly Row<T>[] }[] = [];
      for (const [dag_id, tasks] of found) {
        const version_number = latest.get(dag_id)!;
        if (tasks === undefined || (newer.get(dag_id) ?? 0) > version_number) continue;
        if (tasks instanceof Error) {
          if (!isForbidden(tasks)) airflow.onUnreadable({ where: `the tasks of ${dag_id}: ${tasks.message}` });
          unread.push(dag_id);
          continue;
        }
        const scope = { dag_id: { in: [dag_id] }, version_number: { in: [version_number] } } as unknown as Scope<T>;
        replace.push({ scope, rows: tasks.flatMap((task) => rowsOf({ dag_id, version_number }, task)) });
      }
      const isLast = from + DAGS_AT_ONCE >= due.length;
      yield batchOf(table, { replace, state: next(isWhole && !isLast ? group.at(-1) : undefined) });
    }
    if (due.length === 0) yield batchOf(table, { state: next() });
    const held = await stored.countBy(table as Table, {}, ["dag_id"]);
    const gone = await airflow.gone(
      held.map(({ values }) => values.dag_id as string),
      reconcile,
    );
    if (gone.length > 0) yield goneBatch(table, gone, next());
    if (reconcile) yield { state: next(), reconciled: true };
  }
  return defineStream<AirflowSync, T, TasksState>({
    ...{ name, table, revision: 1, isOptIn: true },
    keeps: [{ why: "superseded", of: ["dag_id"] as never[], version: "version_number" as never }],
    read,
  });
}

export const tasks = tasksStream("tasks", tasksTable, (version, task) => [taskRow(version, task)]);
export const taskEdges = tasksStream("task_edges", taskEdgesTable, taskEdgeRows);
