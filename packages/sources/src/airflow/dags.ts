import { batchOf, defineStream, isTooLarge, type Position, parsePosition } from "@org/sync-engine/source";
import { goneBatch } from "./purged.ts";
import { caught500 } from "./server-errors.ts";
import type { AirflowSync, ServerVersion } from "./shared.ts";
import { dagRow, dagsTable } from "./tables/dags.ts";

type DagsState = {
  readonly position: Position;
  readonly version: ServerVersion;
  /** DAGs whose time zone could not be read. */
  readonly unread?: readonly string[];
  /** Time zones by DAG, if the destination keeps no rows. */
  readonly timezones?: Readonly<Record<string, string | null>>;
};

/**
 * All DAGs, at every sync: the server does not say which of them changed. Their time zone is only in their details,
 * which are requested for DAGs that are new or have a new version.
 */
export const dags = defineStream<AirflowSync, typeof dagsTable, DagsState>({
  name: "dags",
  table: dagsTable,
  revision: 1,
  needs: ["timezone"],
  async *read({ shared: airflow, state, stored, reconcile, unstored, keepsRows }) {
    const { dags, position } = await airflow.listedDags();
    const { position: before, unread = [], version: known } = state ?? ({} as Partial<DagsState>);
    const version = await airflow.version(known, reconcile);
    const last = parsePosition(before, position);
    const timezones = new Map<unknown, string | null>(Object.entries(state?.timezones ?? {}));
    const due = new Set(unread);
    if (last) {
      const since = await airflow.windowFrom(last);
      for (const row of await stored.keys(dagsTable, {}, ["timezone"]))
        timezones.set(row.dag_id, row.timezone as string | null);
      // Versions are only created when a file is parsed, so without a parse no request is needed.
      const parsed = dags.some(({ last_parsed_time: time }) => time && Date.parse(time) >= since);
      for (const dag of parsed ? await airflow.versionedSince(since) : []) due.add(dag);
    }
    const stillUnread: string[] = [];
    const timezoneOf = async (dag: string): Promise<string | null | undefined> => {
      const held = timezones.get(dag);
      if (held !== undefined && !due.has(dag)) return held;
      const timezone = await airflow.api.timezone(dag).catch(caught500);
      if (!(timezone instanceof Error)) return timezone ?? held;
      airflow.onUnreadable({ where: `the timezone of ${dag}: ${timezone.message}`, isTooLarge: isTooLarge(timezone) });
      stillUnread.push(dag);
      return held ?? null;
    };
    const rows = await Promise.all(dags.map(async (dag) => ({ dag, timezone: await timezoneOf(dag.dag_id) })));
    // Without details a DAG has been deleted, or it is still listed and has lost its definition.
    const isThere = rows.some(({ timezone }) => timezone === undefined) ? await airflow.listedNow() : new Set();
    const upserts = rows
      .filter(({ dag, timezone }) => timezone !== undefined || isThere.has(dag.dag_id))
      .map(({ dag, timezone }) => dagRow(dag, timezone ?? null));
    const read = upserts.map((row) => [row.dag_id, row.timezone] as const);
    const next = {
      ...{ position: { ...position }, version },
      ...(stillUnread.length > 0 && { unread: stillUnread }),
      ...(!keepsRows && { timezones: Object.fromEntries(read) }),
    };
    yield batchOf(dagsTable, { upserts, state: next });

    const held = [...(await stored.keys(dagsTable, {})), ...unstored(dagsTable)];
    const gone = await airflow.gone(
      held.map(({ dag_id }) => dag_id as string),
      reconcile,
    );
    if (gone.length > 0) yield goneBatch(dagsTable, gone, next);
    if (reconcile) yield { state: next, reconciled: true };
  },
});
