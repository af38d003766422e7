import { batchOf, defineStream, type Stored } from "@org/sync-engine";
import type { DagsterSync } from "./shared.ts";
import { type AssetDefinition, assetDefinition, assetId, assetRow, assetsTable } from "./tables/assets.ts";

/** So many keys are asked for in one request. */
const KEYS_PER_REQUEST = 300;

/**
 * All assets, at every sync: the server does not say which of them changed, and loses some when it lists them in pages.
 * Those that are defined come with their definitions; the others, known by their events only, are asked for by key.
 */
export const assets = defineStream<DagsterSync, typeof assetsTable>({
  name: "assets",
  table: assetsTable,
  revision: 1,
  async *read({ shared: { api, before }, stored }) {
    const { position, definitions } = await before();
    const kept = await keptDefinitions(stored, [...definitions.unavailable.keys()]);
    const state = { position };

    const defined = definitions.assetNodes.map(({ assetKey }) => assetId(assetKey.path));
    yield batchOf(assetsTable, {
      upserts: definitions.assetNodes.map((node, index) => {
        const definition = kept.get(defined[index]!)?.definition ?? assetDefinition(node);
        return assetRow(node.assetKey.path, definition, node.assetMaterializations[0]);
      }),
      state,
    });

    const others = new Map(definitions.assetPaths.map((path) => [assetId(path), path]));
    // Neither defined nor materialized any more: their materialization may have been wiped.
    for (const [id, { isMaterialized }] of kept) if (isMaterialized) others.set(id, JSON.parse(id) as string[]);
    for (const id of defined) others.delete(id);
    const paths = [...others.values()];
    for (let start = 0; start < paths.length; start += KEYS_PER_REQUEST) {
      const chunk = paths.slice(start, start + KEYS_PER_REQUEST);
      const materializations = await api.materializations(chunk);
      const upserts = chunk.flatMap((path, index) => {
        const definition = kept.get(assetId(path))?.definition;
        const materialization = materializations[index];
        return definition || materialization ? [assetRow(path, definition, materialization)] : [];
      });
      yield batchOf(assetsTable, { upserts, state });
    }
  },
});

interface KeptAsset {
  readonly definition: AssetDefinition;
  readonly isMaterialized: boolean;
}

/** What the table holds of the assets that are defined where nothing is known now, by their ids. */
async function keptDefinitions(stored: Stored, locations: readonly string[]): Promise<ReadonlyMap<string, KeptAsset>> {
  if (locations.length === 0) return new Map();
  const rows = await stored.keys(assetsTable, { code_location: { in: locations } }, [
    "description",
    "group_name",
    "repository",
    "code_location",
    "last_materialization_time",
  ]);
  return new Map(
    rows.map(({ id, last_materialization_time: time, ...definition }) => [
      id as string,
      { definition: definition as AssetDefinition, isMaterialized: time !== null },
    ]),
  );
}
