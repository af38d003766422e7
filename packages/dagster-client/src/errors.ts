import { cut } from "@org/kit";
import type { KnownErrorTypename } from "./generated/error-typenames.ts";
import type { Open } from "./open.ts";

/** What went wrong, for programs. The message says it in words. The Airflow client uses the same words. */
export type DagsterErrorCode =
  /** An option, an argument or a URL that cannot be used. */
  | "INVALID_OPTIONS"
  /** The `auth` function threw, or returned no token. */
  | "AUTH_FAILED"
  /** The pages of a list do not lead to its end. */
  | "PAGING"
  /** No complete response in time. */
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
  /** The server, or a proxy in front of it, requires credentials, and the client has none. */
  | "UNAUTHENTICATED"
  /** The credentials in the client's `headers` were rejected. */
  | "INVALID_CREDENTIALS"
  /** The token was rejected, and so was the one that replaced it, if there was one. */
  | "TOKEN_REFUSED"
  /** HTTP 403, or a permission that the user lacks. */
  | "FORBIDDEN"
  /** What was asked for does not exist: a run, a job, an asset, … */
  | "NOT_FOUND"
  /** The server's version lacks a field, an argument or a value; the message says which version introduced it. */
  | "SERVER_TOO_OLD"
  /** The server rejects the query: an unknown field, a wrong variable. */
  | "INVALID_REQUEST"
  /** HTTP 429. */
  | "RATE_LIMITED"
  /** The server failed, at all or only a part of the data, or a proxy in front of it. */
  | "SERVER_ERROR"
  /** A redirect. It is not followed, so that no credential goes to another server. */
  | "REDIRECTED"
  /** The URL is not that of Dagster's GraphQL endpoint. */
  | "WRONG_URL"
  /** A response that is not JSON: a login page, a proxy, another program. */
  | "NOT_AN_API"
  /** Truncated or garbled JSON. */
  | "INVALID_JSON"
  /** JSON of another shape than the schema promises. */
  | "UNEXPECTED_ANSWER"
  /** A response longer than `maxResponseBytes`. It was not read any further. */
  | "RESPONSE_TOO_LARGE"
  /** The awaited event did not happen in time. */
  | "DEADLINE_EXCEEDED"
  /** Another error member of a union, see `DagsterResultError.typename`. */
  | "RESULT";

/**
 * `config`: an option, a credential or the server must be changed. `transient`: a retry may succeed. `system`: neither;
 * a bug in a request, a server or this client.
 */
export type FailureType = "config" | "transient" | "system";

const configCodes: ReadonlySet<DagsterErrorCode> = new Set([
  "INVALID_OPTIONS",
  "AUTH_FAILED",
  "TLS_UNTRUSTED",
  "TLS_FAILED",
  "UNAUTHENTICATED",
  "INVALID_CREDENTIALS",
  "TOKEN_REFUSED",
  "FORBIDDEN",
  "SERVER_TOO_OLD",
  "REDIRECTED",
  "WRONG_URL",
  "NOT_AN_API",
]);

/** The maximum length of a message, in characters, whatever a server or a caller's function says. */
const longestMessage = 4000;

/** The parts of every error of this package. */
export interface DagsterErrorInit {
  readonly code: DagsterErrorCode;
  /** What failed, where, and what to do. */
  readonly message: string;
  /** @default false */
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Any error of this package. Its message says what failed, where, and what to do; no part of it contains a credential.
 * An aborted call rejects with its signal's reason instead.
 */
export class DagsterError extends Error {
  override readonly name: string = "DagsterError";
  readonly code: DagsterErrorCode;
  readonly failureType: FailureType;
  /** Whether a retry may succeed without any change. */
  readonly retryable: boolean;
  /** How long the server asked to wait before the next attempt, in milliseconds; undefined if it did not. */
  readonly retryAfterMs: number | undefined;
  /** Where a list failed: pass it as the list's `pageToken` to continue. Undefined on its first page. */
  declare readonly pageToken?: string;

  constructor(init: DagsterErrorInit) {
    super(cut(init.message, longestMessage), init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.retryable = init.retryable ?? false;
    this.failureType = this.retryable ? "transient" : configCodes.has(init.code) ? "config" : "system";
    this.retryAfterMs = init.retryAfterMs;
  }
}

/** No complete response: retryable, unless the server's certificate was rejected. */
export class DagsterNetworkError extends DagsterError {
  override readonly name = "DagsterNetworkError";
}

/** An error of a GraphQL response, without the stack traces that the server adds. */
export interface DagsterGraphQLError {
  readonly message: string;
  /** Its path in the response, e.g. `["runsOrError", "results"]`. */
  readonly path?: readonly (string | number)[] | undefined;
}

/** What a response adds to an error. */
export interface DagsterResponseErrorInit extends DagsterErrorInit {
  readonly status: number;
  readonly errors: readonly DagsterGraphQLError[];
}

/** The server responded, but not with the requested data. */
export class DagsterResponseError extends DagsterError {
  override readonly name = "DagsterResponseError";
  /** The status of the HTTP response. A wrong variable is a 500 with Dagster 1.13: use `retryable` instead. */
  readonly status: number;
  /** The errors of the GraphQL response; empty if it was not a GraphQL response. */
  readonly errors: readonly DagsterGraphQLError[];

  constructor(init: DagsterResponseErrorInit) {
    super(init);
    this.status = init.status;
    this.errors = init.errors;
  }
}

/** A Python exception on the server, without its stack trace. */
export interface DagsterPythonError {
  readonly className: string | undefined;
  readonly message: string;
}

/** Something in a run's configuration that its job does not accept. */
export interface DagsterConfigError {
  readonly message: string;
  /** Its path in the configuration, e.g. `["ops", "load", "config"]`. */
  readonly path: readonly string[];
  /** Dagster's name for the problem, e.g. `MISSING_REQUIRED_FIELD`. */
  readonly reason: string | undefined;
}

/** What an error member of a union adds to an error. */
export interface DagsterResultErrorInit extends Omit<DagsterErrorInit, "code"> {
  readonly typename: string;
  readonly className?: string | undefined;
  readonly causes?: readonly DagsterPythonError[] | undefined;
  readonly configErrors?: readonly DagsterConfigError[] | undefined;
}

/** The returned member of a union is an error, e.g. `PythonError` or `RunNotFoundError`. See `isErrorOf`. */
export class DagsterResultError extends DagsterError {
  override readonly name = "DagsterResultError";
  /** The member's type in Dagster's schema, which distinguishes these errors. */
  readonly typename: Open<KnownErrorTypename>;
  /** Class of the Python exception, for a `PythonError`. */
  readonly className: string | undefined;
  /** The causes of a `PythonError`, nearest first, if the document selects `causes`. */
  readonly causes: readonly DagsterPythonError[];
  /** The problems that a `RunConfigValidationInvalid` reports. */
  readonly configErrors: readonly DagsterConfigError[];

  constructor({ typename, className, causes = [], configErrors = [], ...init }: DagsterResultErrorInit) {
    super({ ...init, code: resultCode(typename) });
    this.typename = typename;
    this.className = className;
    this.causes = causes;
    this.configErrors = configErrors;
  }
}

function resultCode(typename: string): DagsterErrorCode {
  if (/NotFound(Error)?$/.test(typename)) return "NOT_FOUND";
  return typename === "UnauthorizedError" ? "FORBIDDEN" : "RESULT";
}
