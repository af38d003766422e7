import type { CallOptions, List, ListOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { DagsterResponseError, DagsterResultError } from "../errors.ts";
import { baseOf } from "../fetch-path.ts";
import {
  AssetDocument,
  AssetMaterializationsDocument,
  AssetsDocument,
  WipeAssetsDocument,
} from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { unwrap } from "../unwrap.ts";
import { type Asset, type AssetDetails, type Materialization, toAsset } from "./asset.ts";
import { type AssetRef, keyOf, nameOf } from "./asset-key.ts";
import { type LaunchSettings, launch } from "./launch.ts";
import { pagedList, wholeList } from "./lists.ts";
import type { Run } from "./run.ts";
import { millisecondsOf, type TimeOrNumber } from "./time.ts";
import { tolerant } from "./tolerant.ts";
import { wipeWholeAssets } from "./wipe-whole-assets.ts";

export { checks } from "./asset-checks.ts";
export { lineage } from "./asset-lineage.ts";
export { partitions } from "./asset-partitions.ts";
export { metadataOf } from "./metadata.ts";

/** Which assets. */
export interface ListAssetsOptions extends Pick<ListOptions, "first"> {
  /** The beginning of their paths. @default all */
  readonly prefix?: AssetRef | undefined;
}

/** All assets that are defined or were materialized, by path, in a single request: the server's paging loses some. */
export function list(
  client: DagsterClient,
  { prefix, first }: ListAssetsOptions = {},
  call: CallOptions = {},
): List<Asset> {
  const variables = { prefix: prefix === undefined ? undefined : keyOf(prefix).path };
  const read = async () => {
    const { assets } = await tolerant(client).request(AssetsDocument, variables, call);
    return objectsIn(unwrap(assets, "AssetConnection").nodes, "assets").map(toAsset);
  };
  return wholeList(read, { first });
}

/** @throws DagsterResultError `AssetNotFoundError`: neither defined nor materialized */
export async function get(client: DagsterClient, asset: AssetRef, call: CallOptions = {}): Promise<AssetDetails> {
  const key = keyOf(asset);
  const found = unwrap((await tolerant(client).request(AssetDocument, { key }, call)).asset, "Asset");
  const metadataEntries = found.definition?.metadataEntries ?? [];
  const one = { ...toAsset(found), metadataEntries };
  // Newer servers say so instead of returning AssetNotFoundError; older ones lack the field.
  if (found.hasDefinitionOrRecord || one.definition || one.latest) return one;
  const message = `There is no asset ${nameOf(key)}, or its code location is not loaded.`;
  throw new DagsterResultError({ message, typename: "AssetNotFoundError" });
}

/** Which materializations. */
export interface MaterializationsOptions extends ListOptions {
  /** Older than this; a number is milliseconds since 1970, as is another one's `timestamp`. @default all */
  readonly before?: TimeOrNumber | undefined;
  /** Only of these partitions. @default all */
  readonly partitions?: readonly string[] | undefined;
}

/** The materializations of an asset, newest first. */
export function materializations(
  client: DagsterClient,
  asset: AssetRef,
  { before, partitions, ...part }: MaterializationsOptions = {},
  call: CallOptions = {},
): List<Materialization> {
  const key = keyOf(asset);
  const begin = millisecondsOf(before, "before");
  return pagedList<Materialization>(
    {
      what: "Dagster's materializations",
      keyOf: (one) => JSON.stringify(one),
      async ask({ pageToken, pageSize }) {
        // Several may have the same time: a token is the last time, and how many of it have been returned.
        const [time, returned = "0"] = pageToken?.split("+") ?? [];
        const skipped = Number(returned);
        const limit = pageSize + skipped;
        const until = time === undefined ? begin : String(Number(time) + 1);
        const variables = { key, limit, before: until, partitions };
        const found = await client.request(AssetMaterializationsDocument, variables, call);
        const all = objectsIn(unwrap(found.asset, "Asset").assetMaterializations, "materializations");
        const last = all.at(-1)?.timestamp;
        const same = all.filter(({ timestamp }) => timestamp === last).length;
        // No server returns fewer than it was asked for, unless there are no more.
        const nextPageToken = all.length < limit ? null : `${last}+${same}`;
        return { items: all.slice(skipped), nextPageToken, total: null };
      },
    },
    part,
  );
}

/** Starts a run that materializes assets: an alias of `runs.launch`. */
export function materialize(
  client: DagsterClient,
  assets: readonly AssetRef[],
  options: Omit<LaunchSettings, "ops"> = {},
  call: CallOptions = {},
): Promise<Run> {
  return launch(client, { ...options, assets }, call);
}

/** What of an asset to wipe. */
export interface WipeOptions {
  /** Only the partitions from one to another, both included; not supported by open source Dagster yet. @default all */
  readonly partitions?: { readonly from: string; readonly to: string } | undefined;
}

/**
 * Removes the materializations of an asset from Dagster. The data itself stays.
 *
 * @throws DagsterResultError `UnsupportedOperationError`: the server cannot wipe single partitions.
 */
export async function wipe(
  client: DagsterClient,
  asset: AssetRef,
  { partitions }: WipeOptions = {},
  call: CallOptions = {},
): Promise<void> {
  const assetKey = keyOf(asset);
  try {
    const range = partitions && { start: partitions.from, end: partitions.to };
    const ranges = [{ assetKey, ...(range && { partitions: { range } }) }];
    unwrap((await client.request(WipeAssetsDocument, { ranges }, call)).wiped, "AssetWipeSuccess");
  } catch (error) {
    if (partitions || !(error instanceof DagsterResponseError && error.code === "SERVER_TOO_OLD")) throw error;
    const { wiped } = await client.request(wipeWholeAssets, { keys: [assetKey] }, call);
    unwrap(wiped, "AssetWipeSuccess");
  }
}

/** The page of an asset in Dagster's UI. */
export function url(client: Pick<DagsterClient, "url">, asset: AssetRef): string {
  return `${baseOf(client.url)}/assets/${keyOf(asset).path.map(encodeURIComponent).join("/")}`;
}
