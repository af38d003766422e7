import { batchOf, defineStream, type Stored } from "@org/sync-engine/source";
import { isKnown } from "./definitions.ts";
import { type DagsterSync, keptWhileUnloaded } from "./shared.ts";
import { type AssetDefinition, assetDefinition, assetId, assetRow, assetsTable } from "./tables/assets.ts";

/** The number of keys per request. */
const KEYS_PER_REQUEST = 300;

/**
 * All assets, at every sync: the server does not say which of them changed, and loses some when it lists them in pages.
 * Defined ones come with their definitions; the others, known only by their events, are requested by key. An asset that
 * is neither defined nor, when requested by key, materialized is deleted.
 */
export const assets = defineStream<DagsterSync, typeof assetsTable>({
  name: "assets",
  table: assetsTable,
  revision: 1,
  needs: ["last_materialization_time", "code_location"],
  keeps: keptWhileUnloaded,
  async *read({ shared: { api, before }, state: last, stored, unstored, keepsRows }) {
    const { position, definitions } = await before();
    const held = await stored.keys(assetsTable, {}, ["code_location", "last_materialization_time"]);
    const locations = new Set(held.map((row) => row.code_location as string | null));
    const kept = await keptDefinitions(
      stored,
      [...locations].filter((location) => location !== null && !isKnown(definitions, location)),
    );
    // The position is true once all assets are stored, so only the last batch may contain it.
    const state = last ?? {};

    const defined = definitions.assetNodes.map(({ assetKey }) => assetId(assetKey.path));
    yield batchOf(assetsTable, {
      upserts: definitions.assetNodes.map((node, index) => {
        const definition = kept.get(defined[index]!) ?? assetDefinition(node);
        return assetRow(node.assetKey.path, definition, node.assetMaterializations[0]);
      }),
      state,
    });

    const others = new Map(definitions.assetPaths.map((path) => [assetId(path), path]));
    for (const row of [...held, ...unstored(assetsTable)]) {
      const { id, last_materialization_time: time } = row as {
        readonly id: string;
        readonly [column: string]: unknown;
      };
      // An asset that is kept and was never materialized need not be requested.
      if (time !== null || !kept.has(id)) others.set(id, JSON.parse(id) as string[]);
    }
    for (const id of defined) others.delete(id);
    // An unavailable location may define some of these, so their rows stay as they are.
    if (!keepsRows && definitions.unavailable.size > 0) others.clear();
    const gone = new Set<string>();
    const paths = [...others.values()];
    for (let start = 0; start < paths.length; start += KEYS_PER_REQUEST) {
      const chunk = paths.slice(start, start + KEYS_PER_REQUEST);
      const materializations = await api.materializations(chunk);
      const upserts = chunk.flatMap((path, index) => {
        const definition = kept.get(assetId(path));
        const materialization = materializations[index];
        if (definition || materialization) return [assetRow(path, definition, materialization)];
        gone.add(assetId(path));
        return [];
      });
      yield batchOf(assetsTable, { upserts, state });
    }
    if (definitions.loaded.length === 0) {
      yield { state: { position } };
      return;
    }
    // In one batch, so that a mass deletion is not half applied when it is refused.
    const scope = { id: { in: [...gone] } };
    yield batchOf(assetsTable, { replace: [{ scope, rows: [] }], state: { position }, reconciled: true });
  },
});

/** The table's definitions of assets that are unknown now, by asset id. */
async function keptDefinitions(
  stored: Stored,
  locations: readonly (string | null)[],
): Promise<ReadonlyMap<string, AssetDefinition>> {
  if (locations.length === 0) return new Map();
  const columns = ["description", "group_name", "repository", "code_location"] as const;
  const rows = await stored.keys(assetsTable, { code_location: { in: locations } }, columns);
  return new Map(rows.map(({ id, ...definition }) => [id as string, definition as AssetDefinition]));
}
