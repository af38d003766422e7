import type { Row } from "@org/destination";
import { batchOf, type Position, type Stored, type StreamBatch } from "@org/sync-engine/source";
import { isKnown, type Locations } from "./definitions.ts";
import type { assetEdgesTable } from "./tables/asset-edges.ts";
import type { schedulesTable } from "./tables/schedules.ts";
import type { sensorsTable } from "./tables/sensors.ts";

/** The state of a stream that is read completely at every sync. */
export type PositionState = { readonly position: Position };

/**
 * A batch that leaves exactly these rows of the loaded code locations, and none of locations that left the workspace.
 * Rows of locations that fail to load, or are loading, stay unchanged.
 *
 * This happens at every sync: each time, a single response contains the complete lists as of one moment.
 *
 * @param options.rows everything that the loaded locations define
 */
export async function replaceKnown<T extends typeof schedulesTable | typeof sensorsTable | typeof assetEdgesTable>(
  table: T,
  options: {
    readonly rows: readonly Row<T>[];
    readonly definitions: Locations;
    readonly stored: Stored;
    /** Rows missing from the table because they could not be stored. */
    readonly unstored: readonly { readonly code_location?: string }[];
    readonly state: PositionState;
  },
): Promise<StreamBatch<T, PositionState>> {
  const { rows, definitions, stored, unstored, state } = options;
  const held = await stored.countBy(table, {}, ["code_location"]);
  const filled = [...held.map(({ values }) => values), ...unstored].map((row) => row.code_location as string);
  const locations = new Set([...definitions.loaded, ...filled]);
  const known = [...locations].filter((location) => isKnown(definitions, location));
  const scope = { code_location: { in: known } };
  return batchOf(table, { replace: [{ scope, rows }], state, ...(known.length > 0 && { reconciled: true }) });
}
