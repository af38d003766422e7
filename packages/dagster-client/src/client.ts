import {
  checkHeaders,
  checkResponseLimit,
  checkTimeout,
  createRedact,
  type Redact,
  redactError,
  secretsIn,
  withDeadline,
} from "@org/kit";
import { isRefused, readAnswer } from "./answer.ts";
import {
  checkDocument,
  checkToken,
  type DagsterAuthContext,
  type DagsterClientOptions,
  type DagsterRequestArguments,
  defaults,
  invalid,
} from "./client-options.ts";
import type { TypedDocument } from "./document.ts";
import { resolveEndpoint } from "./endpoint.ts";
import { DagsterError, DagsterNetworkError } from "./errors.ts";
import { createTransport } from "./transport.ts";
import { exchange } from "./wire.ts";

/** A response's data, and its time. */
export interface DagsterAnswer<Data> {
  readonly data: Data;
  /** The server's clock as of the response (its `Date` header, in whole seconds); undefined if there is none. */
  readonly date: Date | undefined;
  /** The `Date` header's text, if it is not a valid HTTP date. */
  readonly invalidDate?: string | undefined;
  /** The length of the response, in bytes after decompression; 0 if a middleware responded instead of the server. */
  readonly bytes: number;
}

/** Created by `createDagsterClient`. It keeps no state between requests, and never retries. */
export interface DagsterClient {
  /** The GraphQL endpoint. */
  readonly url: string;
  /**
   * The URL for subscriptions. Undefined if a WebSocket cannot do what the client does: send headers, or use a custom
   * `fetch`.
   */
  readonly webSocketUrl?: string | undefined;
  /** The maximum size of a response or a message, in bytes. */
  readonly maxResponseBytes?: number | undefined;
  /** Aborts everything that is done with it: requests, subscriptions, and waits between requests. */
  readonly signal?: AbortSignal | undefined;
  /** A client for another URL, without this one's credentials and headers. */
  bareAt?(url: string): DagsterClient;
  /**
   * Sends a document, and returns the response's data. An error member of a union is data too: see `unwrap`.
   *
   * @throws DagsterResponseError: the server rejected the request, or failed. @throws DagsterNetworkError: no complete
   * response in time.
   */
  request<Data, Variables>(
    document: TypedDocument<Data, Variables>,
    ...rest: DagsterRequestArguments<Variables>
  ): Promise<Data>;
  /** The same, with the server's clock. */
  rawRequest<Data, Variables>(
    document: TypedDocument<Data, Variables>,
    ...rest: DagsterRequestArguments<Variables>
  ): Promise<DagsterAnswer<Data>>;
}

/** The number of secrets from an `auth` function's earlier headers that are remembered. */
const mostRecent = 32;

/**
 * A client for the GraphQL API of Dagster, open source or Dagster+.
 *
 * ```ts
 * const client = createDagsterClient({ url: "http://localhost:3000" });
 * const { runs } = await client.request(runsPageDocument, { limit: 100 });
 * for (const run of unwrap(runs, "Runs").results) console.log(run.jobName, run.status);
 * ```
 *
 * @throws DagsterError `INVALID_OPTIONS`: the URL or another option cannot be used.
 */
export function createDagsterClient(options: DagsterClientOptions): DagsterClient {
  const url = resolveEndpoint(options.url);
  const { auth, fetch = globalThis.fetch, middleware = [], signal: clientSignal } = options;
  const clientTimeoutMs = checkTimeout(options.timeoutMs ?? defaults.timeoutMs, invalid);
  const maxResponseBytes = checkResponseLimit(options.maxResponseBytes ?? defaults.maxResponseBytes, invalid);
  const fixedHeaders = checkHeaders(options.headers, invalid);
  if (typeof auth === "object") fixedHeaders.set("Dagster-Cloud-Api-Token", checkToken(auth.token));
  const plain = options.fetch === undefined && auth === undefined && [...fixedHeaders].length === 0;
  const transport = createTransport(url, fetch, middleware);
  const lasting = secretsIn(fixedHeaders);
  let recent: string[] = [];

  async function headersNow(request: string, context: DagsterAuthContext, redact: Redact): Promise<Headers> {
    if (typeof auth !== "function") return fixedHeaders;
    const headers = new Headers(fixedHeaders);
    try {
      for (const [name, value] of checkHeaders(await auth(context), invalid)) headers.set(name, value);
    } catch (error) {
      context.signal.throwIfAborted();
      const retryable = (error as { retryable?: unknown } | null)?.retryable === true;
      const cause = redactError(error, redact);
      const message = `The Dagster ${request} was not sent: its \`auth\` function failed: ${cause.message}`;
      throw new DagsterError(message, { code: "AUTH_FAILED", retryable, cause });
    }
    return headers;
  }

  async function rawRequest<Data, Variables>(
    document: TypedDocument<Data, Variables>,
    ...[variables, requestOptions = {}]: DagsterRequestArguments<Variables>
  ): Promise<DagsterAnswer<Data>> {
    const query = checkDocument(document);
    const operation = operationOf(query);
    const request = `${operation} to ${url}`;
    const timeoutMs = checkTimeout(requestOptions.timeoutMs ?? clientTimeoutMs, invalid);
    const limit = Math.min(
      maxResponseBytes,
      checkResponseLimit(requestOptions.maxResponseBytes ?? maxResponseBytes, invalid),
    );
    // Its own list, however many other requests are running.
    const secrets: string[] = [];
    const redact = createRedact(() => [...lasting, ...recent, ...secrets]);
    let waitsForAuth = false;
    const timeout = () => {
      const message = waitsForAuth
        ? `The Dagster ${request} was not sent: its \`auth\` function took over ${timeoutMs} ms.`
        : `The Dagster ${request} had no complete response after ${timeoutMs} ms (see \`timeoutMs\`).`;
      return new DagsterNetworkError(message, { code: "TIMEOUT", retryable: true });
    };
    const send = async (signal: AbortSignal, refused?: Headers): Promise<DagsterAnswer<Data>> => {
      waitsForAuth = true;
      const credentials = await headersNow(request, { refused, signal }, redact);
      if (credentials !== fixedHeaders) {
        const found = secretsIn(credentials);
        secrets.push(...found);
        recent = [...new Set([...recent, ...found])].slice(-mostRecent);
      }
      waitsForAuth = false;
      let bytes = 0;
      const onRead = (read: number) => {
        bytes = read;
      };
      const sending = { credentials, redact, operation, request, signal, limit, onRead };
      const sendOne = (init: RequestInit) => transport(init, sending);
      const answer = await exchange(url, { query, variables, signal, send: sendOne });
      // Nothing has been done yet, so even a mutation can be sent again.
      if (isRefused(answer) && typeof auth === "function" && !refused) return send(signal, credentials);
      const data = readAnswer(answer, request, redact) as Data;
      return { data, ...dateOf(answer.headers), bytes };
    };
    return withDeadline(send, { timeoutMs, signals: [clientSignal, requestOptions.signal], timeout });
  }

  return {
    url,
    webSocketUrl: plain ? url.replace(/^http/, "ws") : undefined,
    maxResponseBytes,
    signal: clientSignal,
    bareAt: (url) => createDagsterClient({ ...options, url, auth: undefined, headers: undefined }),
    rawRequest,
    request: async (document, ...rest) => (await rawRequest(document, ...rest)).data,
  };
}

/** The time of a response. An impossible date, or a format that HTTP does not know, shows no clock. */
function dateOf(headers: Headers): Pick<DagsterAnswer<unknown>, "date" | "invalidDate"> {
  const text = headers.get("date");
  if (text === null) return { date: undefined };
  const date = new Date(text);
  const isReal = date.getTime() >= 0 && date.toUTCString() === text;
  return isReal ? { date } : { date: undefined, invalidDate: text };
}

/** `query RunsPage`; for an unnamed document, its kind. Comments and strings in it are ignored. */
function operationOf(document: string): string {
  const code = document.replace(/"""[\s\S]*?"""|"(?:\\.|[^"\\])*"|#.*/g, " ");
  return /\b(query|mutation)\s+\w+/.exec(code)?.[0] ?? (/\bmutation\b/.test(code) ? "mutation" : "query");
}
