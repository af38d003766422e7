import type { AssetKeyInput } from "../generated/operations.ts";

/**
 * Which asset: its path as the web interface shows it, e.g. `"reports/summary"`, or the parts of its path. Only these can
 * tell a part with a slash in it.
 */
export type AssetPath = string | readonly string[];

/** A key as the server takes it. */
export const keyOf = (asset: AssetPath): AssetKeyInput => ({
  path: typeof asset === "string" ? asset.split("/") : asset,
});

/** For messages. */
export const nameOf = ({ path }: AssetKeyInput): string => path.join("/");
