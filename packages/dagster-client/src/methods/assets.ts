import type { DagsterClient } from "../client.ts";
import type { DagsterRequestOptions } from "../client-options.ts";
import { DagsterResponseError, DagsterResultError } from "../errors.ts";
import {
  AssetDocument,
  type AssetFragment,
  AssetMaterializationsDocument,
  AssetsDocument,
  type MaterializationFragment,
  WipeAssetsDocument,
  type WipeAssetsMutation,
} from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { unwrap } from "../unwrap.ts";
import { type AssetPath, keyOf, nameOf } from "./asset-key.ts";
import { type LaunchSettings, launch } from "./launch.ts";
import type { Run } from "./runs.ts";
import { type Older, tolerant } from "./tolerant.ts";
import { wipeWholeAssets } from "./wipe-whole-assets.ts";

export type { AssetPath } from "./asset-key.ts";
export { type AssetPartition, type PartitionStatus, partitions } from "./asset-partitions.ts";
export { metadataOf } from "./metadata.ts";

/** An asset's definition in a code location. `kinds` is absent with Dagster 1.7. */
export type AssetDefinition = Older<NonNullable<AssetFragment["definition"]>, "kinds">;
/** A materialization. Its `timestamp` is ms since 1970, as text; `runId` is empty if no run created it. */
export type Materialization = MaterializationFragment;

/** An asset, with its latest materialization. */
export interface Asset {
  readonly key: { readonly path: readonly string[] };
  /** Undefined if no loaded code location defines it, so that only its events are known. */
  readonly definition: AssetDefinition | undefined;
  readonly latest: Materialization | undefined;
}

export interface ListAssetsOptions extends DagsterRequestOptions {
  /** The beginning of their paths. @default all */
  readonly prefix?: AssetPath | undefined;
}

/** All assets that are defined or were materialized, by path, in a single request: the server's paging loses some. */
export async function list(
  client: DagsterClient,
  { prefix, ...call }: ListAssetsOptions = {},
): Promise<readonly Asset[]> {
  const variables = { prefix: prefix === undefined ? undefined : keyOf(prefix).path };
  const { assets } = await tolerant(client).request(AssetsDocument, variables, call);
  return objectsIn(unwrap(assets, "AssetConnection").nodes, "assets").map(toAsset);
}

/** @throws DagsterResultError `AssetNotFoundError`: neither defined nor materialized */
export async function get(client: DagsterClient, asset: AssetPath, call: DagsterRequestOptions = {}): Promise<Asset> {
  const key = keyOf(asset);
  const found = unwrap((await tolerant(client).request(AssetDocument, { key }, call)).asset, "Asset");
  const one = toAsset(found);
  // Newer servers say so instead of returning AssetNotFoundError; older ones lack the field.
  if (found.hasDefinitionOrRecord || one.definition || one.latest) return one;
  throw new DagsterResultError(`There is no asset ${nameOf(key)}, or its code location is not loaded.`, {
    typename: "AssetNotFoundError",
  });
}

export interface MaterializationsOptions extends DagsterRequestOptions {
  /** @default 100 */
  readonly limit?: number | undefined;
  /** Only materializations before this time: ms since 1970, e.g. another one's `timestamp`. @default all */
  readonly before?: string | number | undefined;
  /** Only of these partitions. @default all */
  readonly partitions?: readonly string[] | undefined;
}

/** The latest materializations of an asset, newest first. */
export async function materializations(
  client: DagsterClient,
  asset: AssetPath,
  { limit = 100, before, partitions, ...call }: MaterializationsOptions = {},
): Promise<readonly Materialization[]> {
  const variables = { key: keyOf(asset), limit, before: before?.toString(), partitions };
  const found = await client.request(AssetMaterializationsDocument, variables, call);
  return objectsIn(unwrap(found.asset, "Asset").assetMaterializations, "materializations");
}

/** Starts a run that materializes assets: an alias of `runs.launch`. */
export function materialize(
  client: DagsterClient,
  assets: readonly AssetPath[],
  options: Omit<LaunchSettings, "ops"> = {},
): Promise<Run> {
  return launch(client, { ...options, assets });
}

export interface WipeOptions extends DagsterRequestOptions {
  /** Only the partitions from one to another, both included; not supported by open source Dagster yet. @default all */
  readonly partitions?: { readonly start: string; readonly end: string } | undefined;
}

/**
 * Removes the materializations of an asset from Dagster. The data itself stays.
 *
 * @throws DagsterResultError `UnsupportedOperationError`: the server cannot wipe single partitions.
 */
export async function wipe(
  client: DagsterClient,
  asset: AssetPath,
  { partitions: range, ...call }: WipeOptions = {},
): Promise<void> {
  const assetKey = keyOf(asset);
  try {
    const ranges = [{ assetKey, ...(range && { partitions: { range } }) }];
    unwrap((await client.request(WipeAssetsDocument, { ranges }, call)).wiped, "AssetWipeSuccess");
  } catch (error) {
    if (range || !(error instanceof DagsterResponseError && error.code === "UNSUPPORTED")) throw error;
    const { wiped } = await client.request<WipeAssetsMutation, object>(wipeWholeAssets, { keys: [assetKey] }, call);
    unwrap(wiped, "AssetWipeSuccess");
  }
}

function toAsset({ key, definition, assetMaterializations }: AssetFragment): Asset {
  const [latest] = objectsIn(assetMaterializations, "materializations");
  return { key, definition: definition ?? undefined, latest };
}
