import type { AssetKeyInput } from "../generated/operations.ts";

/** The parts of an asset's path. */
export interface AssetKey {
  readonly path: readonly string[];
}

/**
 * Identifies an asset: its path as shown in the UI, e.g. `"reports/summary"`; the parts of its path, which alone can
 * express a part that contains a slash; or what a list or an event returned.
 */
export type AssetRef = string | readonly string[] | AssetKey | { readonly key: AssetKey };

/** A key as the server expects it. */
export function keyOf(asset: AssetRef): AssetKeyInput {
  if (typeof asset === "string") return { path: asset.split("/") };
  if ("key" in asset) return { path: asset.key.path };
  return { path: "path" in asset ? asset.path : asset };
}

/** For messages. */
export const nameOf = ({ path }: AssetKeyInput): string => path.join("/");
