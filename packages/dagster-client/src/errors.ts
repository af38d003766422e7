import { cut } from "@org/kit";

/** What went wrong, for programs. The message says it in words. */
export type DagsterErrorCode =
  /** An invalid option, argument or URL. */
  | "INVALID_OPTIONS"
  /** The `auth` function failed. */
  | "AUTH_FAILED"
  /** The pages of a listing do not lead to its end. */
  | "PAGING"
  /** No response. */
  | "UNREACHABLE"
  /** No complete response in time. */
  | "TIMEOUT"
  /** The server's certificate was rejected. */
  | "TLS"
  /** The server rejects the query: an unknown field, a wrong variable. */
  | "REFUSED"
  /** The server's version lacks a field, an argument or a value; the message says which version introduced it. */
  | "UNSUPPORTED"
  /** HTTP 401 or 403. */
  | "UNAUTHORIZED"
  /** The URL is not a GraphQL endpoint. */
  | "NOT_FOUND"
  /** HTTP 429. */
  | "RATE_LIMITED"
  /** The server failed, or a proxy in front of it. */
  | "SERVER_FAILED"
  /** The response is not a GraphQL response, or only a part of one. */
  | "INVALID_ANSWER"
  /** A response longer than `maxResponseBytes`. It was not read any further. */
  | "RESPONSE_TOO_LARGE"
  /** The awaited event did not happen in time. */
  | "DEADLINE_EXCEEDED"
  /** An error member of a union, see `DagsterResultError.typename`. */
  | "RESULT";

/** Codes that require a change by the user. */
const configCode = /^(INVALID_OPTIONS|AUTH_FAILED|TLS|UNAUTHORIZED|NOT_FOUND)$/;

/** The maximum length of a message, in characters, whatever a server or a caller's function says. */
const longestMessage = 4000;

/** An error's properties besides its message. */
export interface DagsterErrorDetails {
  readonly code: DagsterErrorCode;
  /** @default false */
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Any error of this package. The message says what failed, where, and what to do; it never contains a credential. */
export class DagsterError extends Error {
  override readonly name: string = "DagsterError";
  readonly code: DagsterErrorCode;
  /** `config`: needs a change by the user. `transient`: may succeed later. `system`: a defect, ours or the server's. */
  readonly failureType: "config" | "transient" | "system";
  /** Whether a retry may succeed without any change. */
  readonly retryable: boolean;
  /** How long the server asked to wait before the next attempt, in milliseconds; undefined if it did not. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: DagsterErrorDetails) {
    super(cut(message, longestMessage), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.retryable = details.retryable ?? false;
    this.failureType = this.retryable ? "transient" : configCode.test(details.code) ? "config" : "system";
    this.retryAfterMs = details.retryAfterMs;
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

/** The server responded, but not with the requested data. */
export class DagsterResponseError extends DagsterError {
  override readonly name = "DagsterResponseError";
  /** The status of the HTTP response. A wrong variable is a 500 with Dagster 1.13: use `retryable` instead. */
  readonly status: number;
  /** The errors of the GraphQL response; empty if it was not a GraphQL response. */
  readonly errors: readonly DagsterGraphQLError[];

  constructor(
    message: string,
    details: DagsterErrorDetails & { readonly status: number; readonly errors: readonly DagsterGraphQLError[] },
  ) {
    super(message, details);
    this.status = details.status;
    this.errors = details.errors;
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

/** A `DagsterResultError`'s properties besides its message. */
export interface DagsterResultErrorDetails {
  readonly typename: string;
  /** @default false */
  readonly retryable?: boolean | undefined;
  readonly className?: string | undefined;
  readonly causes?: readonly DagsterPythonError[] | undefined;
  readonly configErrors?: readonly DagsterConfigError[] | undefined;
}

/** The returned member of a union is an error, e.g. `PythonError` or `RunNotFoundError`. */
export class DagsterResultError extends DagsterError {
  override readonly name = "DagsterResultError";
  /** The member's type in Dagster's schema, which distinguishes these errors. */
  readonly typename: string;
  /** Class of the Python exception, for a `PythonError`. */
  readonly className: string | undefined;
  /** The causes of a `PythonError`, nearest first, if the document selects `causes`. */
  readonly causes: readonly DagsterPythonError[];
  /** The problems that a `RunConfigValidationInvalid` reports. */
  readonly configErrors: readonly DagsterConfigError[];

  constructor(
    message: string,
    { typename, className, causes = [], configErrors = [], retryable }: DagsterResultErrorDetails,
  ) {
    super(message, { code: "RESULT", retryable });
    this.typename = typename;
    this.className = className;
    this.causes = causes;
    this.configErrors = configErrors;
  }
}
