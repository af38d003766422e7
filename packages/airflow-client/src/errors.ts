import { cut } from "@org/kit";

/** What went wrong between this client and an Airflow server. */
export type AirflowErrorCode =
  /** An option of the client has a value that cannot work. */
  | "INVALID_OPTIONS"
  /** An id that no URL of this API can name, such as a run id with a slash. */
  | "UNADDRESSABLE_ID"
  | "TIMEOUT"
  | "CONNECTION_REFUSED"
  /** The connection broke before the answer was complete. */
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
  | "TOKEN_PROVIDER_FAILED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "CONFLICT"
  /** The server is older than the operation: the message says since when it exists. */
  | "SERVER_TOO_OLD"
  | "INVALID_REQUEST"
  | "RATE_LIMITED"
  | "SERVER_ERROR"
  | "REDIRECTED"
  /** An answer that is not JSON: a login page, a proxy, another program. */
  | "NOT_AN_API"
  /** Truncated or garbled JSON. */
  | "INVALID_JSON"
  /** JSON of another shape than the interface promises. */
  | "UNEXPECTED_ANSWER"
  /** An answer longer than `maxResponseBytes`. It was not read any further. */
  | "RESPONSE_TOO_LARGE"
  | "PAGE_TOKEN_REPEATED"
  /** A list whose pages contain nothing new, so that it would never end. */
  | "NO_PROGRESS"
  /** What was waited for did not happen in time. */
  | "DEADLINE_EXCEEDED"
  | "NOT_AIRFLOW"
  | "AIRFLOW_2"
  | "WRONG_BASE_URL";

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
  "TOKEN_PROVIDER_FAILED",
  "FORBIDDEN",
  "REDIRECTED",
  "NOT_AN_API",
  "NOT_AIRFLOW",
  "AIRFLOW_2",
  "WRONG_BASE_URL",
  "SERVER_TOO_OLD",
]);

/** How long a message may be, in characters, whatever a server or a function of the caller's says. */
const LONGEST_MESSAGE = 4000;

/** What every error of this package is made of. */
export interface AirflowErrorInit {
  readonly code: AirflowErrorCode;
  /** What failed, where, what to do. */
  readonly message: string;
  /** @default false */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * Any error of this package. Its message says what failed, where, and what to do; no part of it holds a credential.
 * An aborted call rejects with its signal's reason instead.
 */
export class AirflowError extends Error {
  override readonly name: string = "AirflowError";
  readonly code: AirflowErrorCode;
  readonly failureType: FailureType;
  /** Whether a retry may succeed without any change. The client itself never retries. */
  readonly retryable: boolean;

  constructor(init: AirflowErrorInit) {
    super(cut(init.message, LONGEST_MESSAGE), init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.retryable = init.retryable ?? false;
    this.failureType = this.retryable ? "transient" : configCodes.has(init.code) ? "config" : "system";
  }
}

/** No complete answer came: nothing listens, the connection broke, the time was up, the certificate is not trusted. */
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
   * What the server said: the `detail` or `error` of its JSON (a string, an object, or an array of validation errors),
   * its whole JSON if it has neither, or its text.
   */
  readonly detail: unknown;
  /** The beginning of the answer's body, at most 1,000 characters. */
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

/** The server rejected the credentials for good: the client already tried to log in again, where that could help. */
export class AirflowAuthError extends AirflowResponseError {
  override readonly name = "AirflowAuthError";
}
