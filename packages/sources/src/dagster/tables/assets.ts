import type { DefinedAsset, LatestMaterialization } from "@org/dagster-client/sync";
import { defineTable, type Row } from "@org/destination";
import { timestampOfSeconds } from "../../timestamp.ts";

export const assetsTable = defineTable({
  name: "dagster_assets",
  description: "All assets that are defined or were ever materialized.",
  primaryKey: ["id"],
  columns: {
    id: { type: "string", description: 'The asset key\'s path as compact JSON, e.g. ["my","asset"].' },
    key_path: { type: "string", description: "The same path joined by dots, for reading: it is not unique." },
    description: { type: "string", nullable: true, description: "Description of the asset's definition." },
    last_materialization_run_id: {
      type: "string",
      nullable: true,
      description: "Run of the last materialization; null if it did not come from a run.",
    },
    last_materialization_time: {
      type: "timestamp",
      nullable: true,
      description: "When the asset was last materialized.",
    },
    group_name: { type: "string", nullable: true, description: "Asset group." },
    repository: {
      type: "string",
      nullable: true,
      description: "Repository that defines the asset; null for one known by its events only.",
    },
    code_location: {
      type: "string",
      nullable: true,
      description: "Code location that defines the asset; null for one known by its events only.",
    },
  },
});

type AssetRow = Row<typeof assetsTable>;

/** The columns that the asset's definition fills. */
export type AssetDefinition = Pick<AssetRow, "description" | "group_name" | "repository" | "code_location">;

export function assetDefinition(node: DefinedAsset): AssetDefinition {
  return {
    description: node.description,
    group_name: node.groupName,
    repository: node.repository.name,
    code_location: node.repository.location.name,
  };
}

/** @param definition undefined for an asset known only by its events */
export function assetRow(
  path: readonly string[],
  definition: AssetDefinition | undefined,
  materialization: LatestMaterialization | undefined,
): AssetRow {
  return {
    id: assetId(path),
    key_path: path.join("."),
    // A materialization outside a run has an empty run id.
    last_materialization_run_id: materialization?.runId || null,
    last_materialization_time: materialization ? timestampOfSeconds(Number(materialization.timestamp) / 1000) : null,
    ...(definition ?? { description: null, group_name: null, repository: null, code_location: null }),
  };
}

/** The asset's key as JSON: the server has its own ids, but they change. */
export function assetId(path: readonly string[]): string {
  return JSON.stringify(path);
}
