import { TypedDocumentString } from "../document.ts";
import type { AssetKeyInput, WipeAssetsMutation } from "../generated/operations.ts";

/** Wipes assets with Dagster 1.7, which does not support ranges. Not generated, since newer schemas lack it. */
export const wipeWholeAssets = /*#__PURE__*/ new TypedDocumentString<
  WipeAssetsMutation,
  { readonly keys: readonly AssetKeyInput[] }
>(`mutation WipeWholeAssets($keys: [AssetKeyInput!]!) {
  wiped: wipeAssets(assetKeys: $keys) { __typename ... on Error { message } ... on PythonError { className } }
}`);
