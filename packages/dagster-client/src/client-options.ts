import { type CallOptions, defaultMaxResponseBytes, type HeaderEntries } from "@org/kit";
import { DagsterError } from "./errors.ts";
import type { DagsterMiddleware } from "./middleware.ts";

/** The argument of an `auth` function. */
export interface DagsterAuthContext {
  /** The token that the server rejected, if this call is to replace it. */
  readonly refused: string | undefined;
  /** Aborts when the token is no longer needed. */
  readonly signal: AbortSignal;
}

/**
 * How to authenticate. `token`: sent unchanged. A function: called when a token is first needed, and again whenever the
 * server rejects the last one; it need not cache, nor guard against parallel calls.
 */
export type DagsterAuth = { readonly token: string } | ((context: DagsterAuthContext) => string | Promise<string>);

/** What sends requests: the global `fetch`, or one that goes through a proxy's agent. */
export type DagsterFetch = (url: string, init: RequestInit) => Promise<Response>;

/** Options of {@link createDagsterClient}. */
export interface DagsterClientOptions {
  /**
   * Dagster's URL: the GraphQL endpoint, or the base URL to which `/graphql` is appended, as in `http://localhost:3000`
   * and `https://my-org.dagster.cloud/prod`. In a browser, a path such as `/dagster` is one on the page's own origin. It
   * must not contain credentials.
   */
  readonly url: string | URL;
  /** How to authenticate; open source Dagster has no authentication. @default nothing is sent */
  readonly auth?: DagsterAuth | undefined;
  /**
   * The header that carries the token. In `Authorization`, `Bearer` goes before it. @default "Dagster-Cloud-Api-Token",
   * for Dagster+
   */
  readonly tokenHeader?: string | undefined;
  /** Sends the requests, for example through a proxy's agent. @default globalThis.fetch */
  readonly fetch?: DagsterFetch | undefined;
  /** Sent with every request, for proxies that require them. Their values never appear in an error. @default none */
  readonly headers?: HeaderEntries | undefined;
  /** The timeout of a request, until the last byte of its response, in milliseconds. @default 60_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * The maximum size of every response and every subscription message, in bytes after decompression. A longer one is
   * not read any further and is a `RESPONSE_TOO_LARGE`, so that no response exhausts memory. @default 134_217_728 (128
   * MiB)
   */
  readonly maxResponseBytes?: number | undefined;
  /** How often to repeat a query that failed, see `CallOptions.retries`. Mutations are never repeated. @default 0 */
  readonly retries?: number | undefined;
  /** Functions around every request, the first one outermost: for tracing, measuring, custom headers. @default none */
  readonly middleware?: readonly DagsterMiddleware[] | undefined;
  /** Aborts everything that the client does, with its reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** Variables, required if the document requires any, and options. */
export type DagsterRequestArguments<Variables> =
  Record<never, never> extends Variables
    ? [variables?: Variables | undefined, options?: CallOptions]
    : [variables: Variables, options?: CallOptions];

/** The defaults of the options. */
export const defaults = {
  timeoutMs: 60_000,
  maxResponseBytes: defaultMaxResponseBytes,
  retries: 0,
  tokenHeader: "Dagster-Cloud-Api-Token",
};

/** The text of a document. */
export function checkDocument(document: { toString(): string }): string {
  const query = String(document);
  if (query.includes("{") && !query.startsWith("[object")) return query;
  throw invalid('the document is not GraphQL text; generate documents with codegen\'s `documentMode: "string"`');
}

/** The error for an option that cannot be used. */
export function invalid(reason: string): DagsterError {
  return new DagsterError({ code: "INVALID_OPTIONS", message: `Invalid options for the Dagster client: ${reason}.` });
}
