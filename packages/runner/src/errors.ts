/** Identifies what went wrong. */
export type RunnerErrorCode =
  /** A cron expression is malformed, or never matches. */
  | "INVALID_CRON"
  /** This Node does not know the time zone. */
  | "INVALID_TIMEZONE"
  /** A newer release wrote the state. */
  | "NEWER_VERSION";

/** A configuration error: retrying does not help. The message says what to change, and contains no secrets. */
export class RunnerError extends Error {
  override readonly name = "RunnerError";
  readonly code: RunnerErrorCode;
  readonly failureType = "config";
  readonly retryable = false;

  constructor(code: RunnerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
