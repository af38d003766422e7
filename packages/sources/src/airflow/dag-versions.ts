import { batchOf, defineStream, parsePosition } from "@org/sync-engine/source";
import type { ListState } from "./list-streams.ts";
import { goneBatch } from "./purged.ts";
import type { AirflowSync } from "./shared.ts";
import { dagVersionRow, dagVersionsTable } from "./tables/dag-versions.ts";

/** Rows per batch. */
const ROWS_AT_ONCE = 1000;

/**
 * The versions of all DAGs. A reconcile lists all of them, since the latest one can still get another bundle version
 * until it has run.
 */
export const dagVersions = defineStream<AirflowSync, typeof dagVersionsTable, ListState>({
  name: "dag_versions",
  table: dagVersionsTable,
  revision: 1,
  isOptIn: true,
  // Retention removes old ones.
  keeps: [{ why: "superseded", of: ["dag_id"], version: "version_number" }],
  async *read({ shared: airflow, state, stored, reconcile }) {
    const { position } = await airflow.listedDags();
    const last = parsePosition(state?.position, position);
    const versions = await airflow.versions(last && !reconcile ? await airflow.windowFrom(last) : undefined);
    if (!versions) return;
    const next = { position: { ...position } };
    const rows = versions.map(dagVersionRow);
    // Until all of them are stored, a next sync starts again.
    const before = state ?? { position: { server: 0, local: 0 } };
    for (; rows.length > ROWS_AT_ONCE; )
      yield batchOf(dagVersionsTable, { upserts: rows.splice(0, ROWS_AT_ONCE), state: before });
    yield batchOf(dagVersionsTable, { upserts: rows, state: next });
    const held = await stored.countBy(dagVersionsTable, {}, ["dag_id"]);
    const gone = await airflow.gone(
      held.map(({ values }) => values.dag_id),
      reconcile,
    );
    if (gone.length > 0) yield goneBatch(dagVersionsTable, gone, next);
    if (reconcile) yield { state: next, reconciled: true };
  },
});
