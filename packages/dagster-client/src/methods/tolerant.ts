import type { DagsterClient } from "../client.ts";
import { DagsterResponseError } from "../errors.ts";
import { lacksOf } from "../lacks.ts";
import { withoutFields } from "../without-fields.ts";

/** What an older server may lack while the methods stay useful. */
const dispensable: ReadonlySet<string> = new Set([
  "Asset.hasDefinitionOrRecord",
  "AssetNode.kinds",
  "Run.creationTime",
]);

const found = new WeakMap<DagsterClient, Set<string>>();

/**
 * The same client, but it retries without the optional fields that the server turns out to lack. It remembers them for
 * the client's lifetime; anything else that a server lacks remains an error.
 */
export function tolerant(client: DagsterClient): DagsterClient {
  const lacking = found.get(client) ?? new Set();
  found.set(client, lacking);
  const rawRequest: DagsterClient["rawRequest"] = async (document, ...rest) => {
    try {
      return await withoutFields(client, [...lacking]).rawRequest(document, ...rest);
    } catch (error) {
      const lacks = error instanceof DagsterResponseError ? lacksOf(error.errors) : [];
      if (lacks.length === 0 || !lacks.every((name) => dispensable.has(name))) throw error;
      for (const name of lacks) lacking.add(name.replace(/^.*\./, ""));
      return withoutFields(client, [...lacking]).rawRequest(document, ...rest);
    }
  };
  return { ...client, rawRequest, request: async (document, ...rest) => (await rawRequest(document, ...rest)).data };
}
