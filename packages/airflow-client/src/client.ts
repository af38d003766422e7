import {
  capitalized,
  checkHeaders,
  checkResponseLimit,
  checkTimeout,
  defaultMaxResponseBytes,
  isRecord,
} from "@org/kit";
import { createQuerySerializer } from "openapi-fetch";
import type { AirflowAuth } from "./auth.ts";
import { parseBaseUrl } from "./base-url.ts";
import { AirflowError } from "./errors.ts";
import { kindOf, unexpected } from "./expect.ts";
import type { AirflowMiddleware } from "./middleware.ts";
import type { CallOptions, ClientMethod, Result } from "./operations.ts";
import { fillPath } from "./path.ts";
import { createTransport, type FetchFunction } from "./transport.ts";

/** Options of {@link createAirflowClient}. */
export interface AirflowClientOptions {
  /**
   * Airflow's URL, as in the browser: `https://example.com` or, under a path, `https://example.com/my/airflow`. A
   * trailing slash or `/api/v2` makes no difference. It must not contain credentials.
   */
  readonly baseUrl: string;
  /** How to authenticate. @default nothing is sent */
  readonly auth?: AirflowAuth | undefined;
  /** Sends the requests, for example through a proxy's agent. @default the global fetch */
  readonly fetch?: FetchFunction | undefined;
  /** Sent with every request, logins included, for proxies that require them. Their values never appear in an error. */
  readonly headers?: HeadersInit | undefined;
  /** Wraps every HTTP request, including logins, for example for tracing; the first is the outermost. @default none */
  readonly middleware?: readonly AirflowMiddleware[] | undefined;
  /**
   * The timeout of a whole call, from the first byte sent to the last byte read, logins included, in milliseconds.
   * @default 60000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * The maximum size of a response, logins and errors included, in bytes after decompression. A longer one is not read
   * any further and is a `RESPONSE_TOO_LARGE`, so that no response exhausts memory. @default 134217728 (128 MiB)
   */
  readonly maxResponseBytes?: number | undefined;
  /** Aborts everything that the client does, with its reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Airflow's REST API v2, every operation typed by its path. A call returns its data, or throws an
 * AirflowError; it is never retried, except once with a renewed token.
 */
export interface AirflowClient {
  /** The base URL in use, without a trailing slash. */
  readonly baseUrl: string;
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
   * @param address a path below the base URL, or a whole URL on its host, with its query
   */
  request(method: string, address: string, options?: RequestOptions): Promise<Result<unknown>>;
}

/** Options of {@link AirflowClient.request}. */
export interface RequestOptions extends CallOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sends no credentials, for public URLs. @default false */
  readonly anonymous?: boolean | undefined;
  /** Does not send the client's `headers` either, for URLs that the user did not name. @default false */
  readonly bare?: boolean | undefined;
}

const defaults = { timeoutMs: 60_000, maxResponseBytes: defaultMaxResponseBytes } as const;

/**
 * Creates a client. Nothing is sent before the first call.
 *
 * @throws AirflowError `INVALID_OPTIONS`
 * @example const airflow = createAirflowClient({ baseUrl: "http://localhost:8080", auth: { username, password } });
 * const { data } = await airflow.GET("/api/v2/dags/{dag_id}", { params: { path: { dag_id: "daily" } } });
 */
export function createAirflowClient(options: AirflowClientOptions): AirflowClient {
  const baseUrl = parseBaseUrl(options.baseUrl);
  const timeoutMs = checkTimeout(options.timeoutMs ?? defaults.timeoutMs, invalid);
  const maxResponseBytes = checkResponseLimit(options.maxResponseBytes ?? defaults.maxResponseBytes, invalid);
  const { auth, fetch, signal, middleware = [] } = options;
  const headers = checkHeaders(options.headers, invalid);
  const transport = createTransport({
    baseUrl,
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
    options: RequestOptions,
    headers?: Headers,
  ): Promise<Result<unknown>> => {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const { anonymous, bare, signal, timeoutMs, maxResponseBytes, parseJson } = options;
    if (timeoutMs !== undefined) checkTimeout(timeoutMs, invalid);
    if (maxResponseBytes !== undefined) checkResponseLimit(maxResponseBytes, invalid);
    return transport.send({ ...call, headers, body, anonymous, bare, signal, timeoutMs, maxResponseBytes, parseJson });
  };

  const method =
    (method: string) =>
    async (path: string, { params = {}, ...options }: UntypedInit = {}): Promise<Result<unknown>> => {
      const query = querySerializer({ ...params.query });
      const url = baseUrl + fillPath(path, { ...params.path }) + (query && `?${query}`);
      const result = await send({ method, path, url }, options, params.header && headersOf(params.header));
      if (mustBeObject(method, result.response) && !isRecord(result.data)) {
        throw unexpected(`${method} ${baseUrl}${path}`, `a response that ${kindOf(result.data)}, expected an object`);
      }
      return result;
    };

  return {
    baseUrl,
    signal,
    GET: method("GET"),
    POST: method("POST"),
    PATCH: method("PATCH"),
    PUT: method("PUT"),
    DELETE: method("DELETE"),
    async request(method, address, options = {}) {
      const url = address.startsWith("/") ? baseUrl + address : address;
      const { origin } = new URL(baseUrl);
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

/** The typed methods' common signature. */
interface UntypedInit extends RequestOptions {
  readonly params?: { readonly path?: object; readonly query?: object; readonly header?: object };
}

function headersOf(header: object): Headers {
  const given = Object.entries(header).filter(([, value]) => value !== undefined && value !== null);
  const entries = given.map(([name, value]): [string, string] => [name, String(value)]);
  return checkHeaders(entries, invalid);
}

const invalid = (reason: string) =>
  new AirflowError({ code: "INVALID_OPTIONS", message: `${capitalized(reason).replaceAll("`", "")}.` });
