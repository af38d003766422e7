import { readBody, withDeadline } from "@org/kit";
import { type AirflowAuth, createCredentials, tokenTimeout } from "./auth.ts";
import { credentialsError, loginToken } from "./auth-answers.ts";
import { AirflowError } from "./errors.ts";
import { type AirflowExchange, type AirflowMiddleware, through } from "./middleware.ts";
import { networkError, timeoutError } from "./network-error.ts";
import { createRedactor } from "./redact.ts";
import {
  type Answer,
  type Call,
  describeCall,
  isTokenExpired,
  refusesToken,
  responseError,
  statusError,
  tooLarge,
} from "./response-error.ts";
import { createTokenHistory } from "./token-history.ts";

/** A function with fetch's signature. It is called with the address as a string and `redirect: "manual"`. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

/** A request as it is to be sent, but for the credentials. */
export interface OutgoingRequest extends Call {
  /** Headers of this call; they win over the client's. */
  readonly headers?: Headers | undefined;
  readonly body?: string | undefined;
  /** Sends no credentials, for addresses that are open. @default false */
  readonly anonymous?: boolean | undefined;
  /** Sends none of the client's headers either. @default false */
  readonly bare?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** In bytes; the client's limit holds too. */
  readonly maxResponseBytes?: number | undefined;
  /** What makes data of a text of JSON. @default JSON.parse */
  readonly parseJson?: ((text: string) => unknown) | undefined;
}

export interface Transport {
  /** Sends a request, with credentials renewed once, and reads the answer. Throws for everything but success. */
  send(request: OutgoingRequest): Promise<{ data: unknown; response: Response; bytes: number }>;
}

export interface TransportOptions {
  readonly baseUrl: string;
  readonly auth: AirflowAuth | undefined;
  readonly fetch: FetchFunction | undefined;
  readonly headers: Headers;
  readonly middleware: readonly AirflowMiddleware[];
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** The operation whose answer is lines of JSON without a content type. */
const streamed = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait";

/** What a call waits for, so that its deadline is not blamed on the server. */
interface Wait {
  forToken: boolean;
}

const notSurprising = { wasAccepted: false, isHopeless: false };

/** What carries requests: deadlines, credentials, and errors without secrets. */
export function createTransport(options: TransportOptions): Transport {
  const fetchFunction: FetchFunction = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const redactor = createRedactor();
  redactor.addHeaders(options.headers, "lasting");

  /** One request and its whole answer, whatever its status. */
  async function exchange(request: OutgoingRequest, token: string | undefined, signal: AbortSignal): Promise<Answer> {
    const { method, path, url, body = null } = request;
    const limit = Math.min(options.maxResponseBytes, request.maxResponseBytes ?? Number.POSITIVE_INFINITY);
    let bytes = 0;
    const visible = new Headers({ accept: "application/json" });
    if (body !== null) visible.set("content-type", "application/json");
    const send = async (): Promise<AirflowExchange> => {
      const headers = new Headers(visible);
      if (!request.bare) for (const [name, value] of options.headers) headers.set(name, value);
      for (const [name, value] of request.headers ?? []) headers.set(name, value);
      if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
      try {
        const response = await fetchFunction(url, { method, headers, body, redirect: "manual", signal });
        const read = await readBody(response, limit);
        if (!read) throw tooLarge({ call: request, response }, limit, redactor);
        bytes = read.bytes;
        return { response, body: read.text };
      } catch (error) {
        if (error instanceof AirflowError) throw error;
        if (signal.aborted) throw signal.reason;
        throw networkError(redactor.text(describeCall(request)), error, redactor.cause(error));
      }
    };
    const seen = { operation: `${method} ${path}`, method, url, headers: visible };
    const { response, body: text } = await through(options.middleware, seen, send);
    return { call: request, response, body: text, bytes };
  }

  async function login(username: string, password: string, signal: AbortSignal): Promise<string> {
    const call = { method: "POST", path: "/auth/token", url: `${options.baseUrl}/auth/token` };
    const answer = await exchange({ ...call, body: JSON.stringify({ username, password }) }, undefined, signal);
    return loginToken(answer, redactor, { username, password });
  }

  const credentials = options.auth && createCredentials(options.auth, { ...options, redactor, login });
  const history = createTokenHistory();

  /** @param wait is told whether it is a token that is waited for */
  async function authenticated(request: OutgoingRequest, signal: AbortSignal, wait: Wait): Promise<Answer> {
    if (!credentials || request.anonymous) {
      const answer = await exchange(request, undefined, signal);
      if (refusesToken(answer)) throw credentialsError(answer, redactor);
      return answer;
    }
    const { kind } = credentials;
    const waited = async <T>(token: Promise<T>): Promise<T> => {
      wait.forToken = true;
      const got = await token;
      wait.forToken = false;
      return got;
    };
    const token = await waited(credentials.current(signal));
    const answer = await exchange(request, token, signal);
    if (!refusesToken(answer)) {
      history.accepted(token);
      return answer;
    }
    const { wasAccepted, isHopeless } = isTokenExpired(answer) ? notSurprising : history.refused(token);
    const renewed = isHopeless ? undefined : await waited(credentials.renew(token, signal));
    if (renewed === undefined) throw credentialsError(answer, redactor, { kind, wasAccepted });
    const second = await exchange(request, renewed, signal);
    if (refusesToken(second)) throw credentialsError(second, redactor, { kind, wasAccepted });
    history.accepted(renewed);
    return second;
  }

  /** The data of a successful answer. */
  function decode(answer: Answer, { parseJson = JSON.parse, headers }: OutgoingRequest): unknown {
    const { response, body } = answer;
    const accept = headers?.get("accept") ?? options.headers.get("accept") ?? "";
    if (!response.ok) throw statusError(answer, redactor);
    if (response.status === 204 || response.status === 205) return undefined;
    const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
    if (/\/(.+\+)?json$/.test(type)) {
      try {
        return parseJson(body);
      } catch {
        const text = `answered ${response.status} with JSON that was cut short or is garbled (${body.length} characters).`;
        throw responseError(answer, redactor, { code: "INVALID_JSON", text, retryable: true });
      }
    }
    const wanted = accept.split(",").map((range) => range.split(";")[0]?.trim());
    if (type && type !== "text/html" && (wanted.includes(type) || wanted.includes("*/*"))) return body;
    if (!type && answer.call.path === streamed) return body;
    const because = answer.call.path.startsWith("/auth/fab/")
      ? "this server's auth manager is another than FAB's, and has no users and roles to be asked for."
      : "a login page, a proxy, or a server that is not Airflow. Check the base URL.";
    const text = `answered ${response.status} with ${type || "no content type"} where JSON was expected: ${because}`;
    throw responseError(answer, redactor, { code: "NOT_AN_API", text });
  }

  return {
    async send(request) {
      if (request.headers) redactor.addHeaders(request.headers, "call");
      if (request.body) redactor.addPasswords(request.body);
      const timeoutMs = request.timeoutMs ?? options.timeoutMs;
      const wait: Wait = { forToken: false };
      const answer = await withDeadline((signal) => authenticated(request, signal, wait), {
        timeoutMs,
        signals: [options.signal, request.signal],
        timeout: () =>
          wait.forToken && credentials
            ? tokenTimeout(credentials.kind, timeoutMs)
            : timeoutError(redactor.text(describeCall(request)), timeoutMs),
      });
      return { data: decode(answer, request), response: answer.response, bytes: answer.bytes };
    },
  };
}
