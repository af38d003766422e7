import { cut } from "@org/kit";

/** What went wrong between this client and an Airflow server. */
export type AirflowErrorCode =
  /** An invalid option of the client. */
  | "INVALID_OPTIONS"
  /** An id that no URL of this API can contain, such as a run id with a slash. */
  | "UNADDRESSABLE_ID"
  | "TIMEOUT"
  | "CONNECTION_REFUSED"
  /** The connection broke before the response was complete. */
  | "CONNECTION_LOST"
  | "HOST_NOT_FOUND"
  | "HOST_UNREACHABLE"
  /** The server's certificate is not signed by an authority that this process trusts. */
  | "TLS_UNTRUSTED"
  /** The certificate has expired or names another host, or the port does not speak TLS. */
  | "TLS_FAILED"
  | "NETWORK_FAILED"
  /** The server requires credentials and the client has none. */
  | "UNAUTHENTICATED"
  | "INVALID_CREDENTIALS"
  | "TOKEN_EXPIRED"
  | "TOKEN_REFUSED"
  /** The function given as `auth` threw, or returned no token. */
  | "AUTH_FAILED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "CONFLICT"
  /** The server is older than the operation: the message says which version introduced it. */
  | "SERVER_TOO_OLD"
  | "INVALID_REQUEST"
  | "RATE_LIMITED"
  | "SERVER_ERROR"
  | "REDIRECTED"
  /** A response that is not JSON: a login page, a proxy, another program. */
  | "NOT_AN_API"
  /** Truncated or garbled JSON. */
  | "INVALID_JSON"
  /** JSON of another shape than the interface promises. */
  | "UNEXPECTED_ANSWER"
  /** A response longer than `maxResponseBytes`. It was not read any further. */
  | "RESPONSE_TOO_LARGE"
  /** A list that would never end: its page tokens form a cycle, or its pages contain nothing new. */
  | "PAGING"
  /** The awaited event did not happen in time. */
  | "DEADLINE_EXCEEDED"
  | "NOT_AIRFLOW"
  | "AIRFLOW_2"
  | "WRONG_URL";

/**
 * `config`: an option, a credential or the server must be changed. `transient`: a retry may succeed. `system`: neither;
 * a bug in a request, a server or this client.
 */
export type FailureType = "config" | "transient" | "system";

const configCodes: ReadonlySet<AirflowErrorCode> = new Set([
  "INVALID_OPTIONS",
  "TLS_UNTRUSTED",
  "TLS_FAILED",
  "UNAUTHENTICATED",
  "INVALID_CREDENTIALS",
  "TOKEN_EXPIRED",
  "TOKEN_REFUSED",
  "AUTH_FAILED",
  "FORBIDDEN",
  "REDIRECTED",
  "NOT_AN_API",
  "NOT_AIRFLOW",
  "AIRFLOW_2",
  "WRONG_URL",
  "SERVER_TOO_OLD",
]);

/** The maximum length of a message, in characters, whatever a server or a caller's function says. */
const LONGEST_MESSAGE = 4000;

/** The parts of every error of this package. */
export interface AirflowErrorInit {
  readonly code: AirflowErrorCode;
  /** What failed, where, what to do. */
  readonly message: string;
  /** @default false */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * Any error of this package. Its message says what failed, where, and what to do; no part of it contains a credential.
 * An aborted call rejects with its signal's reason instead.
 */
export class AirflowError extends Error {
  override readonly name: string = "AirflowError";
  readonly code: AirflowErrorCode;
  readonly failureType: FailureType;
  /** Whether a retry may succeed without any change. The client itself only retries with the option `retries`. */
  readonly retryable: boolean;
  /** Where a list failed: pass it as the list's `pageToken` to continue. Undefined on its first page. */
  declare readonly pageToken?: string;

  constructor(init: AirflowErrorInit) {
    super(cut(init.message, LONGEST_MESSAGE), init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.retryable = init.retryable ?? false;
    this.failureType = this.retryable ? "transient" : configCodes.has(init.code) ? "config" : "system";
  }
}

/** No complete response: the connection was refused or broke, the call timed out, or the certificate is not trusted. */
export class AirflowNetworkError extends AirflowError {
  override readonly name = "AirflowNetworkError";
}

/** What a response adds to an error. */
export interface AirflowResponseErrorInit extends AirflowErrorInit {
  readonly status: number;
  readonly method: string;
  readonly path: string;
  readonly url: string;
  readonly detail: unknown;
  readonly body: string;
  readonly retryAfterMs?: number | undefined;
}

/** The server responded, but not with the requested data. */
export class AirflowResponseError extends AirflowError {
  override readonly name: string = "AirflowResponseError";
  readonly status: number;
  readonly method: string;
  /** The path as the interface names it: `/api/v2/dags/{dag_id}`. */
  readonly path: string;
  /** The request's URL, without its query. */
  readonly url: string;
  /**
   * The server's message: the `detail` or `error` of its JSON (a string, an object, or an array of validation errors),
   * its whole JSON if it has neither, or its text.
   */
  readonly detail: unknown;
  /** The beginning of the response's body, at most 1,000 characters. */
  readonly body: string;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(init: AirflowResponseErrorInit) {
    super(init);
    this.status = init.status;
    this.method = init.method;
    this.path = init.path;
    this.url = init.url;
    this.detail = init.detail;
    this.body = init.body;
    this.retryAfterMs = init.retryAfterMs;
  }
}

/** The server rejected the credentials for good: the client already tried to log in again, if that could help. */
export class AirflowAuthError extends AirflowResponseError {
  override readonly name = "AirflowAuthError";
}
