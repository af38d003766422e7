import { createRedact, type Redact, readBody, secretsIn, through, withDeadline } from "@org/kit";
import { type AirflowAuth, createCredentials, tokenTimeout } from "./auth.ts";
import { credentialsError, loginToken } from "./auth-answers.ts";
import { AirflowError } from "./errors.ts";
import type { AirflowExchange, AirflowMiddleware } from "./middleware.ts";
import { networkError, timeoutError } from "./network-error.ts";
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

/** A function with fetch's signature. It is called with the URL as a string and `redirect: "manual"`. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

/** A request as it will be sent, without the credentials. */
export interface OutgoingRequest extends Call {
  /** Headers of this call; they take precedence over the client's. */
  readonly headers?: Headers | undefined;
  readonly body?: string | undefined;
  /** Sends no credentials, for public URLs. @default false */
  readonly anonymous?: boolean | undefined;
  /** Sends none of the client's headers either. @default false */
  readonly bare?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** In bytes; the client's limit applies too. */
  readonly maxResponseBytes?: number | undefined;
  /** Parses JSON text. @default JSON.parse */
  readonly parseJson?: ((text: string) => unknown) | undefined;
}

export interface Transport {
  /** Sends a request, with credentials renewed once, and reads the response. Throws unless it succeeded. */
  send(request: OutgoingRequest): Promise<{ data: unknown; response: Response; bytes: number }>;
}

export interface TransportOptions {
  readonly url: string;
  readonly auth: AirflowAuth | undefined;
  readonly fetch: FetchFunction | undefined;
  readonly headers: Headers;
  readonly middleware: readonly AirflowMiddleware[];
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** The operation whose response is lines of JSON without a content type. */
const streamed = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait";

/** The state of a call in progress. */
interface Sending {
  readonly signal: AbortSignal;
  readonly redact: Redact;
  /** The call's own secrets: they are redacted however many other calls are running. */
  readonly secrets: string[];
}

/** The number of renewed tokens that are remembered. */
const mostRenewed = 32;

const notSurprising = { wasAccepted: false, isHopeless: false };

/** Sends requests: with timeouts, credentials, and errors without secrets. */
export function createTransport(options: TransportOptions): Transport {
  const fetchFunction: FetchFunction = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const lasting = secretsIn(options.headers);
  let renewed: string[] = [];
  const known = () => [...lasting, ...renewed];
  // Created each time, so that no past text is remembered.
  const redact: Redact = (text) => createRedact(known)(text);

  /** One request and its whole response, whatever its status. */
  async function exchange(
    request: OutgoingRequest,
    token: string | undefined,
    { signal, redact, secrets }: Sending,
  ): Promise<Answer> {
    const { method, path, url, body = null } = request;
    if (token !== undefined) secrets.push(token);
    const limit = Math.min(options.maxResponseBytes, request.maxResponseBytes ?? Number.POSITIVE_INFINITY);
    let bytes = 0;
    let isUtf8 = true;
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
        if (!read) throw tooLarge({ call: request, response }, limit, redact);
        bytes = read.bytes;
        isUtf8 = read.isUtf8;
        return { response, body: read.text };
      } catch (error) {
        if (error instanceof AirflowError) throw error;
        if (signal.aborted) throw signal.reason;
        throw networkError(describeCall(request), error, redact);
      }
    };
    const seen = { operation: `${method} ${path}`, method, url, headers: visible };
    const { response, body: text } = await through(options.middleware, seen, send);
    return { call: request, response, body: text, bytes, isUtf8 };
  }

  async function login(username: string, password: string, signal: AbortSignal): Promise<string> {
    const call = { method: "POST", path: "/auth/token", url: `${options.url}/auth/token` };
    const request = { ...call, body: JSON.stringify({ username, password }) };
    const answer = await exchange(request, undefined, { signal, redact, secrets: [] });
    return loginToken(answer, redact, { username, password });
  }

  const remember = (secret: string, kind: "lasting" | "renewed"): void => {
    if (kind === "lasting") lasting.push(secret);
    else renewed = [...renewed, secret].slice(-mostRenewed);
  };
  const credentials = options.auth && createCredentials(options.auth, { ...options, redact, remember, login });
  const history = createTokenHistory();

  /** @param waitFor receives whether the call is waiting for a token, so that a timeout is not blamed on the server */
  async function authenticated(
    request: OutgoingRequest,
    sending: Sending,
    waitFor: (what: "token" | "answer") => void,
  ): Promise<Answer> {
    const { signal, redact } = sending;
    if (!credentials || request.anonymous) {
      const answer = await exchange(request, undefined, sending);
      if (refusesToken(answer)) throw credentialsError(answer, redact);
      return answer;
    }
    const { kind } = credentials;
    const waited = async <T>(token: Promise<T>): Promise<T> => {
      waitFor("token");
      const got = await token;
      waitFor("answer");
      return got;
    };
    const token = await waited(credentials.current(signal));
    const answer = await exchange(request, token, sending);
    if (!refusesToken(answer)) {
      history.accepted(token);
      return answer;
    }
    const { wasAccepted, isHopeless } = isTokenExpired(answer) ? notSurprising : history.refused(token);
    const renewed = isHopeless ? undefined : await waited(credentials.renew(token, signal));
    if (renewed === undefined) throw credentialsError(answer, redact, { kind, wasAccepted });
    const second = await exchange(request, renewed, sending);
    if (refusesToken(second)) throw credentialsError(second, redact, { kind, wasAccepted });
    history.accepted(renewed);
    return second;
  }

  /** The data of a successful response. */
  function decode(answer: Answer, { parseJson = JSON.parse, headers }: OutgoingRequest, redact: Redact): unknown {
    const { response, body } = answer;
    const accept = headers?.get("accept") ?? options.headers.get("accept") ?? "";
    if (!response.ok) throw statusError(answer, redact);
    if (response.status === 204 || response.status === 205) return undefined;
    const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
    if (/\/(.+\+)?json$/.test(type)) {
      try {
        if (answer.isUtf8) return parseJson(body);
        throw new TypeError("not UTF-8");
      } catch {
        const text = `answered ${response.status} with truncated or garbled JSON (${body.length} characters).`;
        throw responseError(answer, redact, { code: "INVALID_JSON", text, retryable: true });
      }
    }
    const wanted = accept.split(",").map((range) => range.split(";")[0]?.trim());
    if (type && type !== "text/html" && (wanted.includes(type) || wanted.includes("*/*"))) return body;
    if (!type && answer.call.path === streamed) return body;
    const because = answer.call.path.startsWith("/auth/fab/")
      ? "this server does not use FAB's auth manager, and has no API for users and roles."
      : "a login page, a proxy, or a server that is not Airflow. Check the URL.";
    const text = `answered ${response.status} with ${type || "no content type"} where JSON was expected: ${because}`;
    throw responseError(answer, redact, { code: "NOT_AN_API", text });
  }

  return {
    async send(request) {
      const secrets = [...secretsIn(new Headers(request.headers)), ...passwordsIn(request.body)];
      const redact = createRedact(() => [...known(), ...secrets]);
      const timeoutMs = request.timeoutMs ?? options.timeoutMs;
      let waitsForToken = false;
      const waitFor = (what: "token" | "answer") => {
        waitsForToken = what === "token";
      };
      const answer = await withDeadline((signal) => authenticated(request, { signal, redact, secrets }, waitFor), {
        timeoutMs,
        signals: [options.signal, request.signal],
        timeout: () =>
          waitsForToken && credentials
            ? tokenTimeout(credentials.kind, timeoutMs)
            : timeoutError(redact(describeCall(request)), timeoutMs),
      });
      return { data: decode(answer, request, redact), response: answer.response, bytes: answer.bytes };
    },
  };
}

/** The passwords in a JSON body: the server's error may repeat them. */
function passwordsIn(body: string | undefined): string[] {
  const passwords: string[] = [];
  if (!body?.includes('"password"')) return passwords;
  JSON.parse(body, (key, child: unknown) => {
    if (key === "password" && typeof child === "string") passwords.push(child);
    return child;
  });
  return passwords;
}
