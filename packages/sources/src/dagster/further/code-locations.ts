import { unwrap } from "@org/dagster-client";
import { batchOf, defineStream } from "@org/sync-engine/source";
import type { PositionState } from "../known-locations.ts";
import type { DagsterSync } from "../shared.ts";
import { codeLocationRow, codeLocationsTable } from "../tables/code-locations.ts";

/** All code locations, at every sync: those that left the workspace are deleted. */
export const codeLocations = defineStream<DagsterSync, typeof codeLocationsTable, PositionState>({
  name: "code_locations",
  table: codeLocationsTable,
  revision: 1,
  isOptIn: true,
  async *read({ shared, streams }) {
    const { position } = await shared.before();
    const { workspace } = await shared.overview("code_locations", streams);
    const rows = unwrap(workspace, "Workspace").locationEntries.map(codeLocationRow);
    // A workspace without code says more about how the server was started than about deletions.
    const found = rows.length > 0 && { replace: [{ scope: {}, rows }], reconciled: true as const };
    yield batchOf(codeLocationsTable, { ...found, state: { position } });
  },
});
