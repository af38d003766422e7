import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { DagsterResultError } from "../errors.ts";
import { AssetLineageDocument } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { type AssetKey, type AssetRef, keyOf, nameOf } from "./asset-key.ts";

/** How far to follow an asset's dependencies. */
export interface LineageOptions {
  /** How many steps, at least 1. @default all */
  readonly depth?: number | undefined;
}

/** The assets around one, each once, the nearest first. */
export interface AssetLineage {
  /** What it is made from. */
  readonly upstream: readonly AssetKey[];
  /** What is made from it. */
  readonly downstream: readonly AssetKey[];
}

/**
 * The assets that an asset is made from, and those that are made from it, in one request.
 *
 * @throws DagsterResultError `AssetNotFoundError`: no loaded code location defines or needs it
 */
export async function lineage(
  client: DagsterClient,
  asset: AssetRef,
  { depth = Number.POSITIVE_INFINITY }: LineageOptions = {},
  call: CallOptions = {},
): Promise<AssetLineage> {
  const key = keyOf(asset);
  const { assetNodes } = await client.request(AssetLineageDocument, {}, call);
  const nodes = new Map(objectsIn(assetNodes, "assets").map((node) => [textOf(node.assetKey), node]));
  if (!nodes.has(textOf(key))) {
    const message = `There is no asset ${nameOf(key)} in any loaded code location.`;
    throw new DagsterResultError({ message, typename: "AssetNotFoundError" });
  }
  const follow = (neighbours: "dependencyKeys" | "dependedByKeys"): AssetKey[] => {
    const found = new Map<string, AssetKey>();
    let border: readonly AssetKey[] = [key];
    for (let step = 0; step < depth && border.length > 0; step += 1) {
      const next = border.flatMap((each) => nodes.get(textOf(each))?.[neighbours] ?? []);
      border = next.filter((each) => textOf(each) !== textOf(key) && !found.has(textOf(each)));
      for (const each of border) found.set(textOf(each), each);
    }
    return [...found.values()];
  };
  return { upstream: follow("dependencyKeys"), downstream: follow("dependedByKeys") };
}

const textOf = ({ path }: AssetKey) => JSON.stringify(path);
