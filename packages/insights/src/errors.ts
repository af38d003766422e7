export type InsightsErrorCode =
  /** A parameter that the question does not have, or a value that it cannot take. */
  | "INVALID_PARAMETER"
  | "UNKNOWN_QUESTION"
  /** The destination answers no SQL. */
  | "NO_SQL"
  /** Nothing is stored that the question is about. */
  | "NO_TABLES"
  /** The question is about promises, and none is given. */
  | "NO_PROMISES";

/** Why a question could not be answered. The message says what to change. */
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
