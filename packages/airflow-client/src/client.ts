import {
  checkHeaders,
  checkResponseLimit,
  checkTimeout,
  checkWhole,
  defaultMaxResponseBytes,
  eitherSignal,
  type HeaderEntries,
  isRecord,
  retrying,
} from "@org/kit";
import { createQuerySerializer } from "openapi-fetch";
import type { AirflowAuth } from "./auth.ts";
import { AirflowError } from "./errors.ts";
import { kindOf, unexpected } from "./expect.ts";
import { invalidOption } from "./invalid-option.ts";
import type { AirflowMiddleware } from "./middleware.ts";
import type { AirflowCallOptions, ClientMethod, Result } from "./operations.ts";
import { fillPath } from "./path.ts";
import { parseServerUrl } from "./server-url.ts";
import { withZones } from "./times.ts";
import { createTransport, type FetchFunction } from "./transport.ts";

/** Options of {@link createAirflowClient}. */
export interface AirflowClientOptions {
  /**
   * Airflow's URL, as in the browser: `https://example.com` or, under a path, `https://example.com/my/airflow`. A
   * trailing slash or `/api/v2` makes no difference. It must not contain credentials. In a browser, a path (`/airflow`)
   * is one of the page's own server, such as a proxy.
   */
  readonly url: string | URL;
  /** How to authenticate. @default nothing is sent */
  readonly auth?: AirflowAuth | undefined;
  /** Sends the requests, for example through a proxy's agent. @default the global fetch */
  readonly fetch?: FetchFunction | undefined;
  /** Sent with every request, logins included, for proxies that require them. Their values never appear in an error. */
  readonly headers?: HeaderEntries | undefined;
  /** Wraps every HTTP request, including logins, for example for tracing; the first is the outermost. @default none */
  readonly middleware?: readonly AirflowMiddleware[] | undefined;
  /**
   * The timeout of a call, or with `retries` of each attempt, from the first byte sent to the last byte read, logins
   * included, in milliseconds.
   *
   * @default 60000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * The maximum size of a response, logins and errors included, in bytes after decompression. A longer one is not read
   * any further and is a `RESPONSE_TOO_LARGE`, so that no response exhausts memory. @default 134217728 (128 MiB)
   */
  readonly maxResponseBytes?: number | undefined;
  /**
   * How often to repeat a request that only reads, after an error that says that this may help (`retryable`): after half
   * a second, then after twice as long each time, and not before the time that the server asks for (`Retry-After`).
   * Applies to GET and to the lists that are POST. @default 0
   */
  readonly retries?: number | undefined;
  /** Aborts everything that the client does, with its reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Airflow's REST API v2, every operation typed by its path. A call returns its data, or throws an
 * AirflowError; without `retries` it is never repeated, except once with a renewed token.
 */
export interface AirflowClient {
  /** The URL in use, without a trailing slash. */
  readonly url: string;
  /** Aborts everything that is done with it: calls, and waits between calls. */
  readonly signal?: AbortSignal | undefined;
  readonly GET: ClientMethod<"get">;
  readonly POST: ClientMethod<"post">;
  readonly PATCH: ClientMethod<"patch">;
  readonly PUT: ClientMethod<"put">;
  readonly DELETE: ClientMethod<"delete">;
  /**
   * Requests a URL that the interface does not describe, such as `/auth/fab/v1/users`.
   *
   * @param address a path below the URL, or a whole URL on its host, with its query
   */
  request(method: string, address: string, options?: AirflowRequestOptions): Promise<Result<unknown>>;
}

/** Options of {@link AirflowClient.request}. */
export interface AirflowRequestOptions extends AirflowCallOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sends no credentials, for public URLs. @default false */
  readonly anonymous?: boolean | undefined;
  /** Does not send the client's `headers` either, for URLs that the user did not name. @default false */
  readonly bare?: boolean | undefined;
}

const defaults = { timeoutMs: 60_000, maxResponseBytes: defaultMaxResponseBytes, retries: 0 } as const;

/**
 * Creates a client. Nothing is sent before the first call.
 *
 * @throws AirflowError `INVALID_OPTIONS`
 * @example const airflow = createAirflowClient({ url: "http://localhost:8080", auth: { username, password } });
 * const { data } = await airflow.GET("/api/v2/dags/{dag_id}", { params: { path: { dag_id: "daily" } } });
 */
export function createAirflowClient(options: AirflowClientOptions): AirflowClient {
  const serverUrl = parseServerUrl(String(options.url));
  const timeoutMs = checkTimeout(options.timeoutMs ?? defaults.timeoutMs, invalidOption);
  const maxResponseBytes = checkResponseLimit(options.maxResponseBytes ?? defaults.maxResponseBytes, invalidOption);
  const retries = checkWhole("retries", options.retries ?? defaults.retries, 0, invalidOption);
  const { auth, fetch, signal, middleware = [] } = options;
  const headers = checkHeaders(options.headers, invalidOption);
  const transport = createTransport({
    url: serverUrl,
    auth,
    fetch,
    signal,
    timeoutMs,
    maxResponseBytes,
    headers,
    middleware,
  });
  const querySerializer = createQuerySerializer();

  const send = async (
    call: { method: string; path: string; url: string },
    options: AirflowRequestOptions,
    headers?: Headers,
  ): Promise<Result<unknown>> => {
    const body = options.body === undefined ? undefined : jsonOf(options.body);
    const { retries: mostRetries = retries, ...limits } = options;
    if (limits.timeoutMs !== undefined) checkTimeout(limits.timeoutMs, invalidOption);
    if (limits.maxResponseBytes !== undefined) checkResponseLimit(limits.maxResponseBytes, invalidOption);
    checkWhole("retries", mostRetries, 0, invalidOption);
    const sendOnce = () => transport.send({ ...limits, ...call, headers, body });
    if (mostRetries === 0 || !onlyReads(call)) return sendOnce();
    return retrying(sendOnce, { retries: mostRetries, signal: eitherSignal(signal, limits.signal) });
  };

  const method =
    (method: string) =>
    async (path: string, { params = {}, ...options }: UntypedInit = {}): Promise<Result<unknown>> => {
      const query = querySerializer(withZones({ ...params.query }));
      const url = serverUrl + fillPath(path, { ...params.path }) + (query && `?${query}`);
      const body = isRecord(options.body) ? withZones(options.body) : options.body;
      const headers = params.header && headersOf(params.header);
      const result = await send({ method, path, url }, { ...options, body }, headers);
      if (mustBeObject(method, result.response) && !isRecord(result.data)) {
        throw unexpected(`${method} ${serverUrl}${path}`, `a response that ${kindOf(result.data)}, expected an object`);
      }
      return result;
    };

  return {
    url: serverUrl,
    signal,
    GET: method("GET"),
    POST: method("POST"),
    PATCH: method("PATCH"),
    PUT: method("PUT"),
    DELETE: method("DELETE"),
    async request(method, address, options = {}) {
      const url = address.startsWith("/") ? serverUrl + address : address;
      const { origin } = new URL(serverUrl);
      if (URL.parse(url)?.origin !== origin) {
        const message = `request() takes a path that starts with /, or a URL on ${origin}, to which its credentials belong.`;
        throw new AirflowError({ code: "INVALID_OPTIONS", message });
      }
      return send({ method, path: address.split("?", 1)[0] ?? address, url }, options);
    },
  } as AirflowClient;
}

/** Every JSON response to these methods is an object; after a change it may be null. */
function mustBeObject(method: string, { status, headers }: Response): boolean {
  const isJson = /\bjson\b/.test(headers.get("content-type") ?? "") && status !== 204 && status !== 205;
  return isJson && (method === "GET" || method === "POST");
}

function jsonOf(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    // A bigint, or an object that contains itself.
    throw invalidOption(`the body cannot be sent as JSON: ${(error as Error).message.split("\n", 1)[0]}`);
  }
}

/** Whether a request changes nothing, so that it may be repeated. */
function onlyReads({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return method === "GET" || (method === "POST" && path.endsWith("/list"));
}

/** The typed methods' common signature. */
interface UntypedInit extends AirflowRequestOptions {
  readonly params?: { readonly path?: object; readonly query?: object; readonly header?: object };
}

function headersOf(header: object): Headers {
  const given = Object.entries(header).filter(([, value]) => value !== undefined && value !== null);
  const entries = given.map(([name, value]): [string, string] => [name, String(value)]);
  return checkHeaders(entries, invalidOption);
}
