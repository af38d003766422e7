import type { Dag } from "@org/airflow-client";
import { batchOf, defineStream, isTooLarge, type Position, parsePosition } from "@org/sync-engine/source";
import { isAddressable } from "./keys.ts";
import { goneBatch } from "./purged.ts";
import { caught500 } from "./server-errors.ts";
import type { AirflowSync, ServerVersion } from "./shared.ts";
import { dagRow, dagsTable } from "./tables/dags.ts";

type DagsState = {
  readonly position: Position;
  readonly version: ServerVersion;
  /** The server's default time zone, once it has been read. */
  readonly timezone?: string;
};

/**
 * All DAGs, at every sync: the server does not say which of them changed. Their time zone is only in their details, where
 * a server returns its default one for each of them, so one DAG is asked for it.
 */
export const dags = defineStream<AirflowSync, typeof dagsTable, DagsState>({
  name: "dags",
  table: dagsTable,
  revision: 1,
  async *read({ shared: airflow, state, stored, reconcile, unstored, streams }) {
    // What the next streams begin with, meanwhile. If it fails, they do.
    if (streams.has("dag_runs") || streams.has("task_instances")) airflow.before().catch(() => {});
    const listing = airflow.listedDags();
    const [{ dags, position }, version] = await Promise.all([listing, airflow.version(state?.version, reconcile)]);
    const last = parsePosition(state?.position, position);
    // A server that was restarted with another time zone has parsed its files since.
    const isDue = !last || (await airflow.isParsedSince(await airflow.windowFrom(last)));
    const held = state?.timezone;
    const timezone = (held === undefined || isDue ? await serverTimezone(airflow, dags) : undefined) ?? held;
    // Without details the DAGs have no definition, or have been deleted since: what they were then is unknown.
    const there = timezone === undefined && dags.length > 0 ? await airflow.listedNow() : undefined;
    const upserts = dags.filter(({ dag_id }) => there?.has(dag_id) ?? true).map((dag) => dagRow(dag, timezone ?? null));
    const next = { position: { ...position }, version, ...(timezone !== undefined && { timezone }) };
    yield batchOf(dagsTable, { upserts, state: next });

    const rows = [...(await stored.keys(dagsTable, {})), ...unstored(dagsTable)];
    const gone = await airflow.gone(
      rows.map(({ dag_id }) => dag_id as string),
      reconcile,
    );
    if (gone.length > 0) yield goneBatch(dagsTable, gone, next);
    if (reconcile) yield { state: next, reconciled: true };
  },
});

/** How many DAGs are asked in turn. One may have been deleted since, or have no definition, or one that is unreadable. */
const MOST_ASKED = 3;

/** The server's default time zone. Undefined if none of the DAGs asked has details. */
async function serverTimezone(airflow: AirflowSync, dags: readonly Dag[]): Promise<string | undefined> {
  const addressable = dags.filter(({ dag_id }) => isAddressable(dag_id));
  const likelyFirst = addressable.toSorted((a, b) => Number(a.is_stale) - Number(b.is_stale));
  let unread: { readonly dag: string; readonly error: Error } | undefined;
  for (const { dag_id: dag } of likelyFirst.slice(0, MOST_ASKED)) {
    const found = await airflow.api.timezone(dag).catch(caught500);
    if (typeof found === "string") return found;
    if (found instanceof Error) unread = { dag, error: found };
  }
  if (unread) {
    const where = `the time zone in the details of ${unread.dag}: ${unread.error.message}`;
    airflow.onUnreadable({ where, isTooLarge: isTooLarge(unread.error) });
  }
  return undefined;
}
