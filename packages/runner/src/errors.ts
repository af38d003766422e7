/** What was wrong. */
export type RunnerErrorCode =
  /** A cron expression that cannot be one, or that no day fits. */
  | "INVALID_CRON"
  /** A time zone that this Node does not know. */
  | "INVALID_TIMEZONE"
  /** The state belongs to a newer release. */
  | "NEWER_VERSION";

/** Something that cannot work until somebody changes it. The message says what to change, and holds no secret. */
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
