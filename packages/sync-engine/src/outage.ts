import { isRetryable } from "./errors.ts";

/** Deadline of a request to a server that was down, in ms. */
export const PROBE_MS = 10_000;

/** Statuses that a proxy returns if its server is down. */
const gatewayErrors: ReadonlySet<unknown> = new Set([502, 503, 504]);

/**
 * Tracks whether the server is down, for one sync. The sync waits for it only once: after one request has used up its
 * retries, and nothing else got a response in that time, each further request gets a single attempt. So the other streams
 * fail fast while the server is down, and work normally once it is back.
 */
export class Outage {
  #cause: Error | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** Why the first request failed. Undefined unless the server counts as down. */
  get cause(): Error | undefined {
    return this.#cause;
  }

  /** Call on any response, including errors. */
  answered(): void {
    this.#answeredAt = performance.now();
    this.#cause = undefined;
  }

  /** Call when a request has used up its retries. @param since when it started, by `performance.now()` */
  givenUp(cause: Error, since: number): void {
    if (this.#answeredAt < since) this.#cause ??= cause;
  }
}

/**
 * Whether an error means that the server did not respond. A 500 is a response, and specific to one URL. So is a malformed
 * response, or a GraphQL error.
 */
export function isSilence(error: unknown): error is Error {
  if (!isRetryable(error)) return false;
  if ("status" in error) return gatewayErrors.has(error.status);
  return !("typename" in error) && !("code" in error && error.code === "UNEXPECTED_ANSWER");
}
