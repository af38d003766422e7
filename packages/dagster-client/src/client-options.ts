import { defaultMaxResponseBytes, longestHeader } from "@org/kit";
import { DagsterError } from "./errors.ts";
import type { DagsterMiddleware } from "./middleware.ts";

/** The argument of an `auth` function. */
export interface DagsterAuthContext {
  /** The headers that the server rejected with 401 or 403, if this call is to replace them; there is one such call. */
  readonly refused: Headers | undefined;
  /** Aborts when the headers are not wanted any more. */
  readonly signal: AbortSignal;
}

/**
 * A user token of Dagster+, or a function that returns the headers of every request, and is called once more if they
 * are rejected.
 */
export type DagsterAuth =
  | { readonly token: string }
  | ((context: DagsterAuthContext) => HeadersInit | Promise<HeadersInit>);

export interface DagsterClientOptions {
  /**
   * Where Dagster is: the GraphQL endpoint, or the base URL to which `/graphql` is appended, as in
   * `http://localhost:3000` and `https://my-org.dagster.cloud/prod`. Never with credentials.
   */
  readonly url: string | URL;
  /** Open source Dagster has no authentication; a token is sent as `Dagster-Cloud-Api-Token`. @default none */
  readonly auth?: DagsterAuth | undefined;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Headers of every request, e.g. for a proxy. Their values are kept out of errors. @default none */
  readonly headers?: HeadersInit | undefined;
  /** Limit of one request, until the last byte of its answer, in milliseconds. @default 60_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * Limit of every answer and of every message of a subscription, in bytes after decompression. What is longer is not
   * read any further and is a `RESPONSE_TOO_LARGE`, so that no answer takes all of the memory. @default 134_217_728
   * (128 MiB)
   */
  readonly maxResponseBytes?: number | undefined;
  /**
   * Functions around every request, the first the outermost: for tracing, measuring, headers of one's own. @default
   * none
   */
  readonly middleware?: readonly DagsterMiddleware[] | undefined;
  /** Ends everything that is done with the client, with its reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

export interface DagsterRequestOptions {
  /** Aborts this request: it then rejects with the signal's reason. @default none */
  readonly signal?: AbortSignal | undefined;
  /** @default the client's */
  readonly timeoutMs?: number | undefined;
  /** A lower limit of this answer, in bytes after decompression. @default the client's */
  readonly maxResponseBytes?: number | undefined;
}

/** Variables, where the document has any that must be given, and options. */
export type DagsterRequestArguments<Variables> =
  Record<never, never> extends Variables
    ? [variables?: Variables | undefined, options?: DagsterRequestOptions]
    : [variables: Variables, options?: DagsterRequestOptions];

/** What the options are where they are not given. */
export const defaults = { timeoutMs: 60_000, maxResponseBytes: defaultMaxResponseBytes };

/** A token without the line break that a file ends with. */
export function checkToken(token: string): string {
  const trimmed = typeof token === "string" ? token.trim() : "";
  if (trimmed === "") throw invalid("`auth.token` is empty: was the environment variable set?");
  if (!/^[\x21-\x7e]+$/.test(trimmed)) throw invalid("`auth.token` has characters that no token has");
  if (trimmed.length > longestHeader) throw invalid(`\`auth.token\` is longer than ${longestHeader} characters`);
  return trimmed;
}

/** The text of a document. */
export function checkDocument(document: { toString(): string }): string {
  const query = String(document);
  if (query.includes("{") && !query.startsWith("[object")) return query;
  throw invalid('the document is not GraphQL text; generate documents with codegen\'s `documentMode: "string"`');
}

/** The error for an option that cannot be used. */
export function invalid(reason: string): DagsterError {
  return new DagsterError(`Invalid options for the Dagster client: ${reason}.`, {
    code: "INVALID_OPTIONS",
  });
}
