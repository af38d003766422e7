import { ClientError, GraphQLClient } from "graphql-request";
import { type HttpAnswer, readAnswer } from "./answer.ts";
import {
  checkDocument,
  checkTimeout,
  checkToken,
  type DagsterClientOptions,
  type DagsterRequestArguments,
  defaults,
  toHeaders,
} from "./client-options.ts";
import { isLostConnection, toNetworkError, withDeadline } from "./connection.ts";
import type { TypedDocument } from "./document.ts";
import { resolveEndpoint } from "./endpoint.ts";
import { DagsterError, DagsterNetworkError } from "./errors.ts";
import { createRedact, type Redact, redactError } from "./redact.ts";

/** An answer's data, and when the server gave it. */
export interface DagsterAnswer<Data> {
  readonly data: Data;
  /** The server's clock as of the answer (its `Date` header, whole seconds); undefined where there is none. */
  readonly date: Date | undefined;
}

/** Made by `createDagsterClient`. It keeps no state between requests, and never repeats a failed one. */
export interface DagsterClient {
  /** The GraphQL endpoint. */
  readonly url: string;
  /**
   * Sends a document, and returns the answer's data. A union that came as an error member is data too: see `unwrap`.
   *
   * @throws {DagsterResponseError} The server refused the request, or failed.
   * @throws {DagsterNetworkError} No whole answer came in time.
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

/**
 * A client for the GraphQL API of Dagster, open source or Dagster+.
 *
 * ```ts
 * const client = createDagsterClient({ url: "http://localhost:3000" });
 * const { runs } = await client.request(runsPageDocument, { limit: 100 });
 * for (const run of unwrap(runs, "Runs").results) console.log(run.jobName, run.status);
 * ```
 *
 * @throws {DagsterError} `INVALID_OPTIONS`: the URL or another option cannot be used.
 */
export function createDagsterClient(options: DagsterClientOptions): DagsterClient {
  const url = resolveEndpoint(options.url);
  const { auth, fetch = globalThis.fetch, signal: clientSignal } = options;
  const clientTimeoutMs = checkTimeout(options.timeoutMs ?? defaults.timeoutMs);
  const fixedHeaders = toHeaders(options.headers);
  if (typeof auth === "object") fixedHeaders.set("Dagster-Cloud-Api-Token", checkToken(auth.token));
  let answered = false;

  async function headersNow(request: string): Promise<Headers> {
    if (typeof auth !== "function") return fixedHeaders;
    const headers = new Headers(fixedHeaders);
    try {
      for (const [name, value] of toHeaders(await auth())) headers.set(name, value);
    } catch (error) {
      const retryable = (error as { retryable?: unknown } | null)?.retryable === true;
      throw new DagsterError(`The Dagster ${request} was not sent: its \`auth\` function failed (see the cause).`, {
        code: "AUTH_FAILED",
        retryable,
        cause: redactError(error, createRedact(fixedHeaders)),
      });
    }
    return headers;
  }

  async function exchange(
    query: string,
    variables: object | undefined,
    { headers, redact, request, signal }: { headers: Headers; redact: Redact; request: string; signal: AbortSignal },
  ): Promise<HttpAnswer> {
    let received: HttpAnswer | undefined;
    const transport = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      try {
        const response = await fetch(input, init).catch((error: unknown) => {
          // Dagster's server closes a connection after 5 idle seconds, and a request may already be on its way then.
          const repeatable = answered && !/\bmutation\b/.test(query) && !signal.aborted;
          if (repeatable && isLostConnection(error)) return fetch(input, init);
          throw error;
        });
        answered = true;
        received = { status: response.status, headers: response.headers, text: await response.text() };
      } catch (error) {
        throw toNetworkError(error, request, redact);
      }
      const { status, headers, text } = received;
      return { ok: status >= 200 && status < 300, status, headers, text: async () => text } as Response;
    };
    // With its operation name left out, graphql-request does not parse the document; each has one operation only.
    // Redirects are not followed, because they would carry the credentials to wherever they point.
    const graphql = new GraphQLClient(url, {
      fetch: transport,
      headers,
      errorPolicy: "all",
      excludeOperationName: true,
      redirect: "manual",
      signal,
    });
    try {
      const { data, errors } = await graphql.rawRequest<unknown>(query, { ...variables });
      return { ...received!, data, errors };
    } catch (error) {
      if (received === undefined) throw error;
      // Its message is the whole answer with all stack traces in it: nothing of it goes on but these two.
      return error instanceof ClientError
        ? { ...received, data: error.response.data, errors: error.response.errors }
        : received;
    }
  }

  async function rawRequest<Data, Variables>(
    document: TypedDocument<Data, Variables>,
    ...[variables, requestOptions = {}]: DagsterRequestArguments<Variables>
  ): Promise<DagsterAnswer<Data>> {
    const query = checkDocument(document);
    const request = `${/\b(?:query|mutation)\s+\w+/.exec(query)?.[0] ?? "query"} to ${url}`;
    const timeoutMs = checkTimeout(requestOptions.timeoutMs ?? clientTimeoutMs);
    const signals = [clientSignal, requestOptions.signal].filter((signal) => signal !== undefined);
    const timeout = () =>
      new DagsterNetworkError(`The Dagster ${request} had no whole answer after ${timeoutMs} ms (see \`timeoutMs\`).`, {
        code: "TIMEOUT",
        retryable: true,
      });
    const work = async (signal: AbortSignal): Promise<DagsterAnswer<Data>> => {
      const headers = await headersNow(request);
      const redact = createRedact(headers);
      const answer = await exchange(query, variables as object | undefined, { headers, redact, request, signal });
      const date = new Date(answer.headers.get("date") ?? Number.NaN);
      const data = readAnswer(answer, request, redact) as Data;
      return { data, date: Number.isNaN(date.getTime()) ? undefined : date };
    };
    return withDeadline(work, { signals, timeoutMs, timeout });
  }

  return {
    url,
    rawRequest,
    request: async (document, ...rest) => (await rawRequest(document, ...rest)).data,
  };
}
