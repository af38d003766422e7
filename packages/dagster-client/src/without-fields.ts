import type { DagsterClient } from "./client.ts";

/**
 * The same client, for a server whose version lacks fields that documents select: there, a single unknown field fails
 * the document. Every document is sent without them, and they are undefined in the result, whatever its type says.
 * `lackingRunFields` finds out which ones a server lacks.
 *
 * ```ts
 * const older = withoutFields(client, ["creationTime"]);
 * for await (const { rows } of paginateRuns(older)) …
 * ```
 *
 * @param fields names of fields without arguments and subfields, each on its own line in the document, as in all of this
 * package
 */
export function withoutFields(client: DagsterClient, fields: readonly string[]): DagsterClient {
  if (fields.length === 0) return client;
  const line = new RegExp(`^[ \\t]*(?:${fields.join("|")})[ \\t]*\\r?\\n`, "gm");
  const rawRequest: DagsterClient["rawRequest"] = (document, ...rest) =>
    client.rawRequest(String(document).replace(line, "") as unknown as typeof document, ...rest);
  return {
    ...client,
    rawRequest,
    request: async (document, ...rest) => (await rawRequest(document, ...rest)).data,
  };
}

/** Fields of a run that some servers lack: `creationTime` came after 1.7.10. */
const optionalRunFields = ["creationTime"] as const;

/** A field of a run that not every version of Dagster has. */
export type OptionalRunField = (typeof optionalRunFields)[number];

/**
 * Which fields of a run this server lacks, among those that this package's documents select.
 *
 * @param run `run` in the response to `definitionsDocument` or `serverVersionDocument`
 */
export function lackingRunFields(
  run: { readonly fields: readonly { readonly name: string }[] | null } | null,
): readonly OptionalRunField[] {
  const names = new Set(run?.fields?.map(({ name }) => name));
  // A server without introspection is assumed to be recent.
  return names.size === 0 ? [] : optionalRunFields.filter((name) => !names.has(name));
}

type FieldNames = { readonly fields: readonly { readonly name: string }[] | null } | null;

/** The fields of other types that some servers lack and the sync's documents select, by the type's alias there. */
const optionalFields = {
  node: ["kinds"],
  asset: ["assetEventHistory", "latestEventSortKey"],
  location: ["versionKey"],
  check: ["partition"],
} as const;

/** A field, besides those of a run, that not every version of Dagster has. */
export type OptionalField = (typeof optionalFields)[keyof typeof optionalFields][number];

/**
 * Which of these fields a server lacks: of an asset's node `kinds`, of an asset `assetEventHistory` and
 * `latestEventSortKey`, of a code location `versionKey`, of a check's execution `partition`.
 *
 * @param types the response to `definitionsDocument` or `serverVersionDocument`
 */
export function lackingFields(
  types: { readonly [Alias in keyof typeof optionalFields]: FieldNames },
): readonly OptionalField[] {
  return (Object.keys(optionalFields) as (keyof typeof optionalFields)[]).flatMap((alias) => {
    const names = new Set(types[alias]?.fields?.map(({ name }) => name));
    // A server without introspection is assumed to be recent.
    return names.size === 0 ? [] : optionalFields[alias].filter((name) => !names.has(name));
  });
}
