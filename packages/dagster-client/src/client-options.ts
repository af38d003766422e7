import { defaultMaxResponseBytes, longestHeader } from "@org/kit";
import { DagsterError } from "./errors.ts";
import type { DagsterMiddleware } from "./middleware.ts";

/** The argument of an `auth` function. */
export interface DagsterAuthContext {
  /** The headers that the server rejected with 401 or 403, if this call is to replace them; there is one such call. */
  readonly refused: Headers | undefined;
  /** Aborts when the headers are no longer needed. */
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
   * Dagster's URL: the GraphQL endpoint, or the base URL to which `/graphql` is appended, as in `http://localhost:3000`
   * and `https://my-org.dagster.cloud/prod`. It must not contain credentials.
   */
  readonly url: string | URL;
  /** Open source Dagster has no authentication; a token is sent as `Dagster-Cloud-Api-Token`. @default none */
  readonly auth?: DagsterAuth | undefined;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Headers of every request, e.g. for a proxy. Their values never appear in errors. @default none */
  readonly headers?: HeadersInit | undefined;
  /** The timeout of a request, until the last byte of its response, in milliseconds. @default 60_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * The maximum size of every response and every subscription message, in bytes after decompression. A longer one is
   * not read any further and is a `RESPONSE_TOO_LARGE`, so that no response exhausts memory. @default 134_217_728 (128
   * MiB)
   */
  readonly maxResponseBytes?: number | undefined;
  /** Functions around every request, the first one outermost: for tracing, measuring, custom headers. @default none */
  readonly middleware?: readonly DagsterMiddleware[] | undefined;
  /** Aborts everything that the client does, with its reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

export interface DagsterRequestOptions {
  /** Aborts this request: it then rejects with the signal's reason. @default none */
  readonly signal?: AbortSignal | undefined;
  /** @default the client's */
  readonly timeoutMs?: number | undefined;
  /** A lower limit for this response, in bytes after decompression. @default the client's */
  readonly maxResponseBytes?: number | undefined;
}

/** Variables, required if the document requires any, and options. */
export type DagsterRequestArguments<Variables> =
  Record<never, never> extends Variables
    ? [variables?: Variables | undefined, options?: DagsterRequestOptions]
    : [variables: Variables, options?: DagsterRequestOptions];

/** The defaults of the options. */
export const defaults = { timeoutMs: 60_000, maxResponseBytes: defaultMaxResponseBytes };

/** A token without the line break at the end of its file. */
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
