import { batchOf, defineStream, parsePosition } from "@org/sync-engine";
import { goneBatch } from "./batches.ts";
import type { AirflowSync } from "./shared.ts";
import { dagRow, dagsTable } from "./tables/dags.ts";

/**
 * All DAGs, at every sync: the server does not say which of them changed. Their timezone is only in their details,
 * which are asked for DAGs that are new or have a new version.
 */
export const dags = defineStream<AirflowSync, typeof dagsTable>({
  name: "dags",
  table: dagsTable,
  revision: 1,
  needs: ["timezone"],
  async *read({ shared: airflow, state, stored, reconcile }) {
    const { dags, position } = await airflow.listedDags();
    const last = parsePosition((state as { position?: unknown } | undefined)?.position);
    const timezones = new Map<unknown, string | null | undefined>();
    if (last) {
      const { since } = await airflow.windowFrom({ position: last });
      for (const row of await stored.keys(dagsTable, {}, ["timezone"]))
        timezones.set(row.dag_id, row.timezone as string | null);
      // A version is only made when a file is parsed, so without a parse there is nothing to ask.
      const parsed = dags.some(({ last_parsed_time: time }) => time && Date.parse(time) >= since);
      for (const dag of parsed ? await airflow.versionedSince(since) : []) timezones.delete(dag);
    }
    const unknown = dags.filter(({ dag_id }) => !timezones.has(dag_id));
    await Promise.all(unknown.map(async ({ dag_id }) => timezones.set(dag_id, await airflow.api.timezone(dag_id))));
    const next = { position: { ...position } };
    const upserts = dags.flatMap((dag) => {
      const timezone = timezones.get(dag.dag_id);
      return timezone === undefined ? [] : [dagRow(dag, timezone)];
    });
    yield batchOf(dagsTable, { upserts, state: next });

    const held = await stored.keys(dagsTable, {});
    const gone = await airflow.gone(
      held.map(({ dag_id }) => dag_id as string),
      reconcile,
    );
    if (gone.length > 0) yield goneBatch(dagsTable, gone, next);
    if (reconcile) yield { state: next, reconciled: true };
  },
});
