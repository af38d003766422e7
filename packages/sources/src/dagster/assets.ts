import { batchOf, defineStream, type Stored } from "@org/sync-engine/source";
import { isKnown } from "./definitions.ts";
import { type DagsterSync, keptWhileUnloaded } from "./shared.ts";
import { type AssetDefinition, assetDefinition, assetId, assetRow, assetsTable } from "./tables/assets.ts";

/** So many keys are asked for in one request. */
const KEYS_PER_REQUEST = 300;

/**
 * All assets, at every sync: the server does not say which of them changed, and loses some when it lists them in pages.
 * Those that are defined come with their definitions; the others, known by their events only, are asked for by key.
 * One that is neither defined nor materialized, asked for by its key, is gone.
 */
export const assets = defineStream<DagsterSync, typeof assetsTable>({
  name: "assets",
  table: assetsTable,
  revision: 1,
  needs: ["last_materialization_time", "code_location"],
  keeps: keptWhileUnloaded,
  async *read({ shared: { api, before }, state: last, stored, unstored }) {
    const { position, definitions } = await before();
    const held = await stored.keys(assetsTable, {}, ["code_location", "last_materialization_time"]);
    const locations = new Set(held.map((row) => row.code_location as string | null));
    const kept = await keptDefinitions(
      stored,
      [...locations].filter((location) => location !== null && !isKnown(definitions, location)),
    );
    // The position is true once all assets are stored, so only the last batch may say it.
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
      // Of one that is kept and was never materialized there is nothing to ask.
      if (time !== null || !kept.has(id)) others.set(id, JSON.parse(id) as string[]);
    }
    for (const id of defined) others.delete(id);
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
    // All at once, so that as many as nobody believes are not half marked when that is noticed.
    const scope = { id: { in: [...gone] } };
    yield batchOf(assetsTable, { replace: [{ scope, rows: [] }], state: { position }, reconciled: true });
  },
});

/** What the table holds of the assets that are defined where nothing is known now, by their ids. */
async function keptDefinitions(
  stored: Stored,
  locations: readonly (string | null)[],
): Promise<ReadonlyMap<string, AssetDefinition>> {
  if (locations.length === 0) return new Map();
  const columns = ["description", "group_name", "repository", "code_location"] as const;
  const rows = await stored.keys(assetsTable, { code_location: { in: locations } }, columns);
  return new Map(rows.map(({ id, ...definition }) => [id as string, definition as AssetDefinition]));
}
