export type InsightsErrorCode =
  /** An unknown parameter, or an invalid value. */
  | "INVALID_PARAMETER"
  | "UNKNOWN_QUESTION"
  /** The destination does not support SQL. */
  | "NO_SQL"
  /** No table of the question exists. */
  | "NO_TABLES"
  /** The question is about deadlines, and none is given. */
  | "NO_DEADLINES";

/** A question that could not be answered. The message says what to change. */
export class InsightsError extends Error {
  override readonly name = "InsightsError";
  readonly code: InsightsErrorCode;
  readonly failureType = "config";
  readonly retryable = false;

  constructor(code: InsightsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
