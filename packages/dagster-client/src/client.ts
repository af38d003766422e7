import {
  type CallOptions,
  checkResponseLimit,
  checkTimeout,
  checkWhole,
  eitherSignal,
  retrying,
  withDeadline,
} from "@org/kit";
import { readAnswer, withVersion } from "./answer.ts";
import {
  checkDocument,
  type DagsterClientOptions,
  type DagsterRequestArguments,
  defaults,
  invalid,
} from "./client-options.ts";
import { createCredentials } from "./credentials.ts";
import type { AnyDocument, DataOf, VariablesOf } from "./document.ts";
import { resolveEndpoint } from "./endpoint.ts";
import { DagsterNetworkError } from "./errors.ts";
import { type DagsterFetchOptions, fetchPath } from "./fetch-path.ts";
import type { Exchange } from "./graphql.ts";
import { createTransport } from "./transport.ts";

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

/** Created by `createDagsterClient`. It keeps no state between requests but its token. */
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
   * Sends a document, and returns the response's data, which is `unknown` if the document is a plain string. An error
   * member of a union is data too: see `unwrap`.
   *
   * @throws DagsterResponseError: the server rejected the request, or failed. @throws DagsterNetworkError: no complete
   * response in time.
   */
  request<Document extends AnyDocument>(
    document: Document,
    ...rest: DagsterRequestArguments<VariablesOf<Document>>
  ): Promise<DataOf<Document>>;
  /** The same, with the server's clock. */
  rawRequest<Document extends AnyDocument>(
    document: Document,
    ...rest: DagsterRequestArguments<VariablesOf<Document>>
  ): Promise<DagsterAnswer<DataOf<Document>>>;
  /**
   * Requests anything else that Dagster's webserver has, with the client's credentials: `/download_debug/<run id>`,
   * `/server_info`. Returns the response whatever its status, its body unread; `timeoutMs` ends with its headers.
   * Middleware does not see it.
   *
   * @param path below Dagster's URL, or a whole URL on its origin
   * @throws DagsterNetworkError: no response in time. @throws DagsterError `INVALID_OPTIONS`: a URL of another origin.
   */
  fetch(path: string, options?: DagsterFetchOptions, call?: CallOptions): Promise<Response>;
}

/**
 * A client for the GraphQL API of Dagster, open source or Dagster+.
 *
 * ```ts
 * const dagster = createDagsterClient({ url: "http://localhost:3000" });
 * for (const run of await runs.list(dagster, { statuses: ["FAILURE"], first: 20 }).toArray()) console.log(run.jobName);
 * ```
 *
 * @throws DagsterError `INVALID_OPTIONS`: the URL or another option cannot be used.
 */
export function createDagsterClient(options: DagsterClientOptions): DagsterClient {
  const url = resolveEndpoint(options.url);
  const {
    fetch = globalThis.fetch as NonNullable<typeof options.fetch>,
    middleware = [],
    signal: clientSignal,
  } = options;
  const clientTimeoutMs = checkTimeout(options.timeoutMs ?? defaults.timeoutMs, invalid);
  const maxResponseBytes = checkResponseLimit(options.maxResponseBytes ?? defaults.maxResponseBytes, invalid);
  const clientRetries = checkWhole("retries", options.retries ?? defaults.retries, 0, invalid);
  const credentials = createCredentials(options, clientTimeoutMs);
  const transport = createTransport({ url, fetch, middleware, credentials });
  let exchange: Promise<Exchange> | undefined;

  async function once(
    query: string,
    variables: object | undefined,
    call: CallOptions,
  ): Promise<DagsterAnswer<unknown>> {
    const operation = operationOf(query);
    const request = `${operation} to ${url}`;
    const timeoutMs = checkTimeout(call.timeoutMs ?? clientTimeoutMs, invalid);
    const limit = checkResponseLimit(call.maxResponseBytes ?? maxResponseBytes, invalid);
    const timeout = () => {
      const message = `The Dagster ${request} had no complete response after ${timeoutMs} ms (see \`timeoutMs\`).`;
      return new DagsterNetworkError({ code: "TIMEOUT", message, retryable: true });
    };
    const send = async (signal: AbortSignal): Promise<DagsterAnswer<unknown>> => {
      exchange ??= import("./graphql.ts").then(({ createExchange }) => createExchange(url, transport));
      let bytes = 0;
      const onRead = (read: number) => {
        bytes = read;
      };
      const sending = { operation, request, signal, limit: Math.min(limit, maxResponseBytes), onRead };
      const answer = await (await exchange)(query, variables, sending);
      return { data: readAnswer(answer, request, credentials), ...dateOf(answer.headers), bytes };
    };
    return withDeadline(send, { timeoutMs, signals: [clientSignal, call.signal], timeout });
  }

  async function rawRequest<Document extends AnyDocument>(
    document: Document,
    ...[variables, call = {}]: DagsterRequestArguments<VariablesOf<Document>>
  ): Promise<DagsterAnswer<DataOf<Document>>> {
    const query = checkDocument(document);
    const wanted = checkWhole("retries", call.retries ?? clientRetries, 0, invalid);
    const retries = operationOf(query).startsWith("mutation") ? 0 : wanted;
    const signal = eitherSignal(clientSignal, call.signal);
    const work = () => once(query, variables as object | undefined, call);
    const answer = await retrying(work, { retries, signal }).catch(async (error: unknown) => {
      throw await withVersion(error, () => versionOf(call));
    });
    return answer as DagsterAnswer<DataOf<Document>>;
  }

  /** Undefined if it cannot be known. */
  const versionOf = (call: CallOptions): Promise<string | undefined> =>
    once("{ version }", {}, call).then(
      ({ data }) => (data as { readonly version?: string }).version,
      () => undefined,
    );

  return {
    url,
    webSocketUrl: options.fetch === undefined && credentials.kind === "none" ? url.replace(/^http/, "ws") : undefined,
    maxResponseBytes,
    signal: clientSignal,
    bareAt: (url) => createDagsterClient({ ...options, url, auth: undefined, headers: undefined }),
    rawRequest,
    request: async (document, ...rest) => (await rawRequest(document, ...rest)).data,
    fetch: (path, init, call = {}) =>
      fetchPath({ url, fetch, credentials, signal: clientSignal }, path, init, {
        ...call,
        timeoutMs: checkTimeout(call.timeoutMs ?? clientTimeoutMs, invalid),
      }),
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
