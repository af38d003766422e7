import { isRetryable } from "./errors.ts";

/** How long a server gets to show that it is back, in ms. */
export const PROBE_MS = 10_000;

/** Statuses of a proxy whose server is down. */
const nobodyBehind: ReadonlySet<unknown> = new Set([502, 503, 504]);

/**
 * Whether a server is down, as one sync sees it. The sync waits for it once: after a request was retried for as long as
 * allowed without any other response in that time, each following request gets one attempt. So the remaining streams
 * fail at once while the server is down, and continue normally once it is back.
 */
export class Outage {
  #cause: Error | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** Why the first request was given up, while the server is taken for gone. */
  get cause(): Error | undefined {
    return this.#cause;
  }

  /** There was a response, though perhaps an error. */
  answered(): void {
    this.#answeredAt = performance.now();
    this.#cause = undefined;
  }

  /** A request was retried without success since a time (of `performance.now()`), for as long as allowed. */
  givenUp(cause: Error, since: number): void {
    if (this.#answeredAt < since) this.#cause ??= cause;
  }
}

/**
 * Whether an error means that there was no response. A 500 is a response, and specific to one URL; so are a malformed
 * response, and a GraphQL error member.
 */
export function isSilence(error: unknown): error is Error {
  if (!isRetryable(error)) return false;
  if ("status" in error) return nobodyBehind.has(error.status);
  return !("typename" in error) && !("code" in error && error.code === "UNEXPECTED_ANSWER");
}
