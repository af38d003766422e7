import type { AssetKeyInput } from "../generated/operations.ts";

/**
 * Identifies an asset: its path as shown in the UI, e.g. `"reports/summary"`, or the parts of its path. Only the latter
 * can express a part that contains a slash.
 */
export type AssetPath = string | readonly string[];

/** A key as the server expects it. */
export const keyOf = (asset: AssetPath): AssetKeyInput => ({
  path: typeof asset === "string" ? asset.split("/") : asset,
});

/** For messages. */
export const nameOf = ({ path }: AssetKeyInput): string => path.join("/");
