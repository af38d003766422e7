/** What went wrong, for a program to tell apart. The message says it to a person. */
export type DagsterErrorCode =
  /** An option, or the URL, cannot be used. */
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
  /** HTTP 401 or 403. */
  | "UNAUTHORIZED"
  /** The address is not a GraphQL endpoint. */
  | "NOT_FOUND"
  /** HTTP 429. */
  | "RATE_LIMITED"
  /** The server failed, or a proxy before it. */
  | "SERVER_FAILED"
  /** The answer is no GraphQL answer, or only a part of one. */
  | "INVALID_ANSWER"
  /** An error member of a union, see `DagsterResultError.typename`. */
  | "RESULT";

/** What an error carries besides its message. */
export interface DagsterErrorDetails {
  readonly code: DagsterErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Any error of this package. The message says what failed, where, and what to do; it never holds a credential. */
export class DagsterError extends Error {
  override readonly name: string = "DagsterError";
  readonly code: DagsterErrorCode;
  /** Whether the same request may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** How long the server asks to wait before the next try, in milliseconds; undefined where it does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: DagsterErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.retryable = details.retryable;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** No whole answer came: retryable, unless the server's certificate is what is wrong. */
export class DagsterNetworkError extends DagsterError {
  override readonly name = "DagsterNetworkError";
}

/** One of a GraphQL answer's errors, without the stack traces that the server adds. */
export interface DagsterGraphQLError {
  readonly message: string;
  /** Where in the answer it happened, e.g. `["runsOrError", "results"]`. */
  readonly path?: readonly (string | number)[] | undefined;
}

/** The server answered, but not with the data that was asked for. */
export class DagsterResponseError extends DagsterError {
  override readonly name = "DagsterResponseError";
  /** Status of the HTTP answer. A wrong variable is a 500 with Dagster 1.13: judge by `retryable`, not by this. */
  readonly status: number;
  /** What the GraphQL answer says went wrong; empty where it was no GraphQL answer. */
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

/** The member of a union that came says that it failed, e.g. `PythonError` or `RunNotFoundError`. */
export class DagsterResultError extends DagsterError {
  override readonly name = "DagsterResultError";
  /** The member's type in Dagster's schema. */
  readonly typename: string;
  /** Class of the Python exception, for a `PythonError`. */
  readonly className: string | undefined;

  constructor(
    message: string,
    details: { readonly typename: string; readonly className?: string | undefined; readonly retryable: boolean },
  ) {
    super(message, { code: "RESULT", retryable: details.retryable });
    this.typename = details.typename;
    this.className = details.className;
  }
}
