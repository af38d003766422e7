import type { AssetFragment } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import type { AssetKey } from "./asset-key.ts";
import type { MetadataEntry } from "./metadata.ts";
import type { Tag } from "./tags.ts";

/** An asset, with its latest materialization. */
export interface Asset {
  readonly key: AssetKey;
  /** Undefined if no loaded code location defines it, so that only its events are known. */
  readonly definition: AssetDefinition | undefined;
  /** Undefined if it was never materialized, or has been wiped since. */
  readonly latest: Materialization | undefined;
}

/** An asset's definition in a code location. */
export interface AssetDefinition {
  readonly description: string | null;
  readonly groupName: string;
  /** What it is made with or stored in, e.g. `["dbt", "snowflake"]`. Dagster 1.7 does not tell. */
  readonly kinds?: readonly string[] | undefined;
  /** Whether a run can materialize it: an external asset only has events. */
  readonly isExecutable: boolean;
  readonly isPartitioned: boolean;
  /** The jobs that materialize it; `__ASSET_JOB` is that of all assets of its code location. */
  readonly jobNames: readonly string[];
  /** The assets that it is made from. See `assets.lineage` for more than the nearest. */
  readonly dependencyKeys: readonly AssetKey[];
  /** The assets that are made from it. */
  readonly dependedByKeys: readonly AssetKey[];
  readonly owners: readonly AssetOwner[];
  readonly tags: readonly Tag[];
  readonly repository: { readonly name: string; readonly location: { readonly name: string } };
}

/** An owner of an asset: a person, or a team. */
export type AssetOwner =
  | { readonly __typename: "UserAssetOwner"; readonly email: string }
  | { readonly __typename: "TeamAssetOwner"; readonly team: string };

/** An asset with what its code says of it. */
export interface AssetDetails extends Asset {
  /** Metadata of its definition, such as a table's columns: see `metadataOf`. Empty without a definition. */
  readonly metadataEntries: readonly MetadataEntry[];
}

/** A materialization of an asset. */
export interface Materialization {
  /** The run that created it; empty if none did. */
  readonly runId: string;
  /** Milliseconds since 1970, as text. */
  readonly timestamp: string;
  readonly partition: string | null;
  readonly stepKey: string | null;
  /** What its run says of it: see `metadataOf`. */
  readonly metadataEntries: readonly MetadataEntry[];
}

/** An asset as methods return it, from what a document selects. */
export function toAsset({ key, definition, assetMaterializations }: AssetFragment): Asset {
  const [latest] = objectsIn(assetMaterializations, "materializations");
  return { key, definition: definition ?? undefined, latest };
}
