import type { Asset, AssetEvent } from "@org/airflow-client";
import type { Row, Table } from "@org/destination";
import { batchOf, defineStream, parsePosition, shapes, wholeBatch } from "@org/sync-engine/source";
import type { ListState } from "./list-streams.ts";
import { airflowList } from "./lists.ts";
import type { AirflowSync } from "./shared.ts";
import { assetEdgeRows, assetEdgesTable, assetRow, assetsTable } from "./tables/assets.ts";

const { id, integer, list, object, optional, text } = shapes;
const references = list(object({ dag_id: id, created_at: text, updated_at: text }));

/** The active assets. */
const activeAssets = airflowList<Asset, "assets">({
  what: "assets",
  name: "assets",
  key: ["id"],
  fields: {
    ...{ id: integer, name: text, uri: text, aliases: list(object({ name: text })) },
    ...{ producing_tasks: references, consuming_tasks: optional(references) },
    ...{ scheduled_dags: optional(references), consuming_dags: optional(references) },
  },
  page: (client, query, limits) =>
    client.GET("/api/v2/assets", { params: { query: { ...query, order_by: ["id"] } }, ...limits }),
});

/**
 * Whether no asset can have changed since a time: that takes a file that is parsed, or an update of an asset. The latter
 * is only known if the stream of events is synced too.
 */
async function isQuiet(airflow: AirflowSync, since: number): Promise<boolean> {
  // That it cannot be read says nothing about assets.
  const newest = await airflow.seenPage<Newest>("asset_events")?.catch(() => undefined);
  if (!newest || newest.rows.some(({ timestamp }) => Date.parse(timestamp) >= since)) return false;
  return !(await airflow.isParsedSince(since));
}

type Newest = { readonly rows: readonly AssetEvent[] };

/** Streams that share one read of the list. */
function assetStream<const T extends Table>(name: string, table: T, rowsOf: (asset: Asset) => readonly Row<T>[]) {
  return defineStream<AirflowSync, T, ListState>({
    ...{ name, table, revision: 1, isOptIn: true },
    async *read({ shared: airflow, state, reconcile }) {
      const { api } = airflow;
      const { position } = await airflow.listedDags();
      const last = parsePosition(state?.position, position);
      if (last && !reconcile && (await isQuiet(airflow, await airflow.windowFrom(last)))) {
        yield batchOf(table, { state: { position: { ...position } } });
        return;
      }
      const whole = await api.wholeList(activeAssets);
      if (!whole) return;
      yield wholeBatch(table, whole.items.flatMap(rowsOf), { state: { position: { ...position } }, reconcile });
    },
  });
}

export const assets = assetStream("assets", assetsTable, (asset) => [assetRow(asset)]);
export const assetEdges = assetStream("asset_edges", assetEdgesTable, assetEdgeRows);
