import type { Backfill } from "@org/airflow-client";
import { batchOf, defineStream, parsePosition, shapes } from "@org/sync-engine/source";
import { numberOfRuns } from "./doubts.ts";
import type { ListState } from "./list-streams.ts";
import { airflowList } from "./lists.ts";
import { goneBatch } from "./purged.ts";
import type { AirflowSync } from "./shared.ts";
import { backfillRow, backfillsTable } from "./tables/backfills.ts";

const { id, integer, optional, text } = shapes;
const DAGS_AT_ONCE = 20;

/** The server lists backfills DAG by DAG only. */
const backfillsOf = (dag_id: string) =>
  airflowList<Backfill, "backfills">({
    what: `backfills of ${dag_id}`,
    name: "backfills",
    key: ["id"],
    fields: { id: integer, dag_id: id, created_at: text, completed_at: optional(text), updated_at: text },
    page: (client, query, limits) =>
      client.GET("/api/v2/backfills", { params: { query: { ...query, dag_id, order_by: ["id"] } }, ...limits }),
  });

/**
 * The backfills. After the first sync, only DAGs with an open one or with a run of one that changed are asked; a
 * reconcile asks for all DAGs with runs.
 */
export const backfills = defineStream<AirflowSync, typeof backfillsTable, ListState>({
  name: "backfills",
  table: backfillsTable,
  revision: 1,
  isOptIn: true,
  needs: ["completed_at"],
  async *read({ shared: airflow, state, stored, reconcile }) {
    const { dags, position, runCounts } = await airflow.before();
    const last = parsePosition(state?.position, position);
    const due = new Set<string>();
    if (last && !reconcile) {
      for (const { values } of await stored.countBy(backfillsTable, { completed_at: { in: [null] } }, ["dag_id"]))
        due.add(values.dag_id);
      for (const run of await airflow.changedRuns(await airflow.windowFrom(last)))
        if (run.run_type === "backfill") due.add(run.dag_id);
    } else for (const { dag_id } of dags) if (numberOfRuns(runCounts, dag_id) > 0) due.add(dag_id);
    const listed = dags.map(({ dag_id }) => dag_id).filter((dag) => due.has(dag));
    // Until all of them are stored, a next sync starts again.
    const before = state ?? { position: { server: 0, local: 0 } };
    const next = { position: { ...position } };
    for (let from = 0; from < listed.length; from += DAGS_AT_ONCE) {
      const group = listed.slice(from, from + DAGS_AT_ONCE);
      const found = await Promise.all(
        group.map(async (dag) => [dag, await airflow.api.wholeList(backfillsOf(dag))] as const),
      );
      if (found.some(([, whole]) => whole === undefined)) return;
      const replace = found.map(([dag, whole]) => ({
        scope: { dag_id: { in: [dag] } },
        rows: whole!.items.map(backfillRow),
      }));
      yield batchOf(backfillsTable, { replace, state: before });
    }
    yield batchOf(backfillsTable, { state: next });
    const held = await stored.countBy(backfillsTable, {}, ["dag_id"]);
    const gone = await airflow.gone(
      held.map(({ values }) => values.dag_id),
      reconcile,
    );
    if (gone.length > 0) yield goneBatch(backfillsTable, gone, next);
    if (reconcile) yield { state: next, reconciled: true };
  },
});
