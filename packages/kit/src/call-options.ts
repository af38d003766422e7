/** The limits of one call, the last argument of every method. In a list they apply to each request. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. @default none */
  readonly signal?: AbortSignal | undefined;
  /** The timeout of each attempt, body and logins included, in milliseconds. @default the client's */
  readonly timeoutMs?: number | undefined;
  /**
   * The maximum size of the response, in bytes after decompression: `RESPONSE_TOO_LARGE`. The client's own limit
   * applies too. @default the client's
   */
  readonly maxResponseBytes?: number | undefined;
  /**
   * How often to repeat a request that only reads, after an error that says that this may help (`retryable`). Waits
   * half a second, then longer each time, and as long as the server asks (`Retry-After`). Requests that change
   * something are never repeated. @default the client's `retries`: 0
   */
  readonly retries?: number | undefined;
}
