import { defaultMaxResponseBytes, isResponseLimit } from "@org/kit";
import { DagsterError } from "./errors.ts";
import type { DagsterMiddleware } from "./middleware.ts";

/** What an `auth` function is told. */
export interface DagsterAuthContext {
  /** The headers that the server refused with 401 or 403, when this call is to replace them: it is asked once more then. */
  readonly refused: Headers | undefined;
  /** Aborts when the headers are not wanted any more. */
  readonly signal: AbortSignal;
}

/**
 * A user token of Dagster+, or a function that is asked for the headers of every request, and once more where they are
 * refused.
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
   * read any further and is a `RESPONSE_TOO_LARGE`, so that no answer takes all of the memory. @default 134_217_728 (128 MiB)
   */
  readonly maxResponseBytes?: number | undefined;
  /** Functions around every request, the first the outermost: for tracing, measuring, headers of one's own. @default none */
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

const maximumTimeoutMs = 2 ** 31 - 1;

/** No server takes headers of this length, in characters. */
const longestValue = 65_536;

/** Headers; an error about them never repeats a value. */
export function toHeaders(init: HeadersInit | undefined): Headers {
  let headers: Headers;
  try {
    headers = new Headers(init);
  } catch {
    // Its message would repeat the value.
    throw invalid("a header has a name or a value that HTTP does not allow (a line break, perhaps)");
  }
  if ([...headers.values()].some((value) => value.length > longestValue)) {
    throw invalid(`a header has a value of more than ${longestValue} characters`);
  }
  return headers;
}

/** A token without the line break that a file ends with. */
export function checkToken(token: string): string {
  const trimmed = typeof token === "string" ? token.trim() : "";
  if (trimmed === "") throw invalid("`auth.token` is empty: was the environment variable set?");
  if (!/^[\x21-\x7e]+$/.test(trimmed)) throw invalid("`auth.token` has characters that no token has");
  if (trimmed.length > longestValue) throw invalid(`\`auth.token\` is longer than ${longestValue} characters`);
  return trimmed;
}

/** A timeout that a timer can keep. */
export function checkTimeout(timeoutMs: number): number {
  if (timeoutMs > 0 && timeoutMs <= maximumTimeoutMs) return timeoutMs;
  throw invalid(`\`timeoutMs\` must be a number of milliseconds from 1 to ${maximumTimeoutMs}, not ${timeoutMs}`);
}

/** A limit of an answer that can be held. */
export function checkLimit(maxResponseBytes: number): number {
  if (isResponseLimit(maxResponseBytes)) return maxResponseBytes;
  throw invalid(`\`maxResponseBytes\` must be a number of bytes from 1 to 536870888, not ${maxResponseBytes}`);
}

/** The text of a document. */
export function checkDocument(document: { toString(): string }): string {
  const query = String(document);
  if (query.includes("{") && !query.startsWith("[object")) return query;
  throw invalid('the document is not GraphQL text; generate documents with codegen\'s `documentMode: "string"`');
}

function invalid(reason: string): DagsterError {
  return new DagsterError(`The Dagster client cannot be used like this: ${reason}.`, {
    code: "INVALID_OPTIONS",
    retryable: false,
  });
}
