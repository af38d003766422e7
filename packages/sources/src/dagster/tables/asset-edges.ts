import type { DefinedAssetEdges } from "@org/dagster-client/sync";
import { defineTable, type Row } from "@org/destination";
import { assetId } from "./assets.ts";

export const assetEdgesTable = defineTable({
  name: "dagster_asset_edges",
  description:
    "Which assets each defined asset is made from. An asset without any has one row, so that its owners and kinds are known.",
  primaryKey: ["asset_id", "upstream_id"],
  columns: {
    asset_id: { type: "string", description: 'The asset key\'s path as compact JSON, e.g. ["my","asset"].' },
    upstream_id: { type: "string", description: "Id of an asset that it is made from; empty if there is none." },
    owners: { type: "json", description: "Owners of `asset_id`: email addresses, and teams as team:name." },
    kinds: {
      type: "json",
      nullable: true,
      description: "Kinds of `asset_id`, e.g. dbt. Null if the server's version does not provide them.",
    },
    is_partitioned: { type: "boolean", description: "Whether `asset_id` has partitions." },
    is_executable: { type: "boolean", description: "Whether Dagster can make `asset_id`, or only knows of it." },
    job_names: { type: "json", description: "Jobs that make `asset_id`, in alphabetical order." },
    repository: { type: "string", description: "Repository that defines `asset_id`." },
    code_location: { type: "string", description: "Code location that defines `asset_id`." },
  },
});

/** An asset's rows: one for each asset that it is made from, or one without. */
export function assetEdgeRows(node: DefinedAssetEdges): readonly Row<typeof assetEdgesTable>[] {
  const upstream = new Set(node.dependencyKeys.map(({ path }) => assetId(path)));
  const shared = {
    asset_id: assetId(node.assetKey.path),
    owners: node.owners.map((owner) => ("email" in owner ? owner.email : `team:${owner.team}`)),
    kinds: node.kinds ? [...node.kinds].sort() : null,
    is_partitioned: node.isPartitioned,
    is_executable: node.isExecutable,
    job_names: [...node.jobNames].sort(),
    repository: node.repository.name,
    code_location: node.repository.location.name,
  };
  return [...(upstream.size > 0 ? upstream : [""])].map((upstream_id) => ({ ...shared, upstream_id }));
}
