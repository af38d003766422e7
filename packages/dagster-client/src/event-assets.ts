import type { TypedDocument } from "./document.ts";
import { DagsterError } from "./errors.ts";
import type { LatestMaterializationFragment } from "./generated/operations.ts";
import { objectsIn } from "./objects-in.ts";
import { unwrap } from "./unwrap.ts";

/** The result of one alias. */
export type EventAsset =
  | { readonly __typename: "Asset"; readonly assetMaterializations: readonly LatestMaterializationFragment[] }
  | { readonly __typename: "AssetNotFoundError"; readonly message: string };

/** The response to an `eventAssetsQuery`, by alias: `a0`, `a1`, … */
export type EventAssets = Readonly<Record<string, EventAsset>>;

export type EventAssetsVariables = Readonly<Record<string, { readonly path: readonly string[] }>>;

export interface EventAssetsQuery {
  readonly document: TypedDocument<EventAssets, EventAssetsVariables>;
  readonly variables: EventAssetsVariables;
  /**
   * The latest materializations, in the order of the paths; undefined for an asset that has none or does not exist.
   *
   * @throws DagsterResultError: the server failed on one of them.
   */
  read(data: EventAssets): (LatestMaterializationFragment | undefined)[];
}

/**
 * Requests assets that no code location defines any more, and that are known only by their events. The API has no list
 * of them with their materializations, so each key becomes an alias in one request: pass up to 300 paths at a time.
 *
 * ```ts
 * const query = eventAssetsQuery([["raw", "orders"], ["raw", "users"]]);
 * const [orders, users] = query.read(await client.request(query.document, query.variables));
 * ```
 *
 * @throws DagsterError `INVALID_OPTIONS`: no paths.
 */
export function eventAssetsQuery(paths: readonly (readonly string[])[]): EventAssetsQuery {
  if (paths.length === 0) {
    throw new DagsterError({
      code: "INVALID_OPTIONS",
      message: "Cannot request Dagster's assets: no paths were given.",
    });
  }
  const aliases = paths.map((_path, index) => `a${index}`);
  const declared = aliases.map((alias) => `$${alias}: AssetKeyInput!`).join(", ");
  const selected = aliases.map((alias) => `  ${alias}: assetOrError(assetKey: $${alias}) { ...EventAsset }`).join("\n");
  return {
    document: `query EventAssets(${declared}) {\n${selected}\n}\n${fragment}`,
    variables: Object.fromEntries(paths.map((path, index) => [`a${index}`, { path }])),
    read: (data) =>
      aliases.map((alias) => {
        const asset = data[alias];
        // For an unknown asset, 1.7 reports that it was not found, 1.13 that it has no materialization.
        if (asset?.__typename === "AssetNotFoundError") return undefined;
        return objectsIn(unwrap(asset, "Asset").assetMaterializations, "materializations")[0];
      }),
  };
}

const fragment = `fragment EventAsset on AssetOrError {
  __typename
  ... on Asset { assetMaterializations(limit: 1) { runId timestamp } }
  ... on Error { message }
}`;
