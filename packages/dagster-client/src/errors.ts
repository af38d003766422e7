import { cut } from "@org/kit";

/** What went wrong, for a program to tell apart. The message says it to a person. */
export type DagsterErrorCode =
  /** An option, an argument, or the URL, cannot be used. */
  | "INVALID_OPTIONS"
  /** The `auth` function failed. */
  | "AUTH_FAILED"
  /** The pages of a listing do not lead to its end. */
  | "PAGING"
  /** No answer came. */
  | "UNREACHABLE"
  /** No whole answer came in time. */
  | "TIMEOUT"
  /** The server's certificate is not accepted. */
  | "TLS"
  /** The server does not accept the query: an unknown field, a wrong variable. */
  | "REFUSED"
  /** The server's version lacks a field, an argument or a value; the message says since when there is one. */
  | "UNSUPPORTED"
  /** HTTP 401 or 403. */
  | "UNAUTHORIZED"
  /** The address is not a GraphQL endpoint. */
  | "NOT_FOUND"
  /** HTTP 429. */
  | "RATE_LIMITED"
  /** The server failed, or a proxy before it. */
  | "SERVER_FAILED"
  /** The response is not a GraphQL response, or only a part of one. */
  | "INVALID_ANSWER"
  /** An answer longer than `maxResponseBytes`. It was not read any further. */
  | "RESPONSE_TOO_LARGE"
  /** What was waited for did not happen in time. */
  | "DEADLINE_EXCEEDED"
  /** An error member of a union, see `DagsterResultError.typename`. */
  | "RESULT";

/** Codes after which somebody has to change something. */
const configCode = /^(INVALID_OPTIONS|AUTH_FAILED|TLS|UNAUTHORIZED|NOT_FOUND)$/;

/** How long a message may be, in characters, whatever a server or a function of the caller's says. */
const longestMessage = 4000;

/** What an error carries besides its message. */
export interface DagsterErrorDetails {
  readonly code: DagsterErrorCode;
  /** @default false */
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Any error of this package. The message says what failed, where, and what to do; it never holds a credential. */
export class DagsterError extends Error {
  override readonly name: string = "DagsterError";
  readonly code: DagsterErrorCode;
  /**
   * `config`: somebody has to change something. `transient`: the same may work later. `system`: a defect, ours or the
   * server's.
   */
  readonly failureType: "config" | "transient" | "system";
  /** Whether a retry may succeed without any change. */
  readonly retryable: boolean;
  /** How long the server asks to wait before the next attempt, in milliseconds; undefined if it does not say. */
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

/** One of a GraphQL answer's errors, without the stack traces that the server adds. */
export interface DagsterGraphQLError {
  readonly message: string;
  /** Where in the answer it happened, e.g. `["runsOrError", "results"]`. */
  readonly path?: readonly (string | number)[] | undefined;
}

/** The server responded, but not with the requested data. */
export class DagsterResponseError extends DagsterError {
  override readonly name = "DagsterResponseError";
  /** Status of the HTTP answer. A wrong variable is a 500 with Dagster 1.13: judge by `retryable`, not by this. */
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

/** A Python exception of the server's, without its stack trace. */
export interface DagsterPythonError {
  readonly className: string | undefined;
  readonly message: string;
}

/** Something in a run's configuration that its job does not accept. */
export interface DagsterConfigError {
  readonly message: string;
  /** Where in the configuration, e.g. `["ops", "load", "config"]`. */
  readonly path: readonly string[];
  /** Dagster's word for it, e.g. `MISSING_REQUIRED_FIELD`. */
  readonly reason: string | undefined;
}

/** What a `DagsterResultError` says besides its message. */
export interface DagsterResultErrorDetails {
  readonly typename: string;
  /** @default false */
  readonly retryable?: boolean | undefined;
  readonly className?: string | undefined;
  readonly causes?: readonly DagsterPythonError[] | undefined;
  readonly configErrors?: readonly DagsterConfigError[] | undefined;
}

/** The member of a union that came says that it failed, e.g. `PythonError` or `RunNotFoundError`. */
export class DagsterResultError extends DagsterError {
  override readonly name = "DagsterResultError";
  /** The member's type in Dagster's schema: what to tell these errors apart by. */
  readonly typename: string;
  /** Class of the Python exception, for a `PythonError`. */
  readonly className: string | undefined;
  /** The causes of a `PythonError`, nearest first, if the document selects `causes`. */
  readonly causes: readonly DagsterPythonError[];
  /** What a `RunConfigValidationInvalid` complains of. */
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
