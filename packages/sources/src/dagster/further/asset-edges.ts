import { unwrap } from "@org/dagster-client";
import { defineStream } from "@org/sync-engine/source";
import { type Locations, locationsOf } from "../definitions.ts";
import { type PositionState, replaceKnown } from "../known-locations.ts";
import { type DagsterSync, keptWhileUnloaded } from "../shared.ts";
import { assetEdgeRows, assetEdgesTable } from "../tables/asset-edges.ts";

/** Which assets the assets of all loaded code locations are made from, at every sync: missing ones are deleted. */
export const assetEdges = defineStream<DagsterSync, typeof assetEdgesTable, PositionState>({
  name: "asset_edges",
  table: assetEdgesTable,
  revision: 1,
  isOptIn: true,
  needs: ["code_location"],
  keeps: keptWhileUnloaded,
  async *read({ shared, streams, stored, ...context }) {
    const { position } = await shared.before();
    const { workspace, edges = [] } = await shared.overview("asset_edges", streams);
    // As of the same moment as the edges.
    const definitions: Locations = locationsOf(unwrap(workspace, "Workspace").locationEntries);
    yield await replaceKnown(assetEdgesTable, {
      rows: edges.flatMap(assetEdgeRows),
      definitions,
      stored,
      unstored: context.unstored(assetEdgesTable),
      state: { position },
    });
  },
});
