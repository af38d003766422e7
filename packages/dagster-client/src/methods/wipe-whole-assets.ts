/** Wipes assets with Dagster 1.7, which knows no ranges. It is not generated, since newer schemas do not have it. */
export const wipeWholeAssets = `mutation WipeWholeAssets($keys: [AssetKeyInput!]!) {
  wiped: wipeAssets(assetKeys: $keys) { __typename ... on Error { message } ... on PythonError { className } }
}`;
