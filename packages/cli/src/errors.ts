/** The command was called in a way that cannot work. The message says what to change, and never holds a secret. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly failureType = "config";
  readonly retryable = false;
}
