/** The command was called in a way that cannot work. The message says what to change, and never contains a secret. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly failureType = "config";
  readonly retryable = false;
}

/** A person or the system asked the command to end. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly by: "SIGINT" | "SIGTERM";

  constructor(by: "SIGINT" | "SIGTERM") {
    super(`stopped by ${by}`);
    this.by = by;
  }
}
