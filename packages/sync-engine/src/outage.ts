import { isRetryable } from "./errors.ts";

/** How long a server gets to show that it is back, in ms. */
export const PROBE_MS = 10_000;

/** What a proxy says while nobody is behind it. */
const nobodyBehind: ReadonlySet<unknown> = new Set([502, 503, 504]);

/**
 * Whether a server is gone, as one sync sees it. Waiting for it is done once: when a request was repeated for as long as
 * that is allowed, and nobody answered any other meanwhile, the requests that follow are tried once each. So the streams
 * that are left fail at once while it is gone, and go on as if nothing had been once it is back.
 */
export class Outage {
  #cause: Error | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** Why the first request was given up, while the server is taken for gone. */
  get cause(): Error | undefined {
    return this.#cause;
  }

  /** Somebody answered, though perhaps with an error. */
  answered(): void {
    this.#answeredAt = performance.now();
    this.#cause = undefined;
  }

  /** A request was repeated in vain since a time (of `performance.now()`), for as long as that is allowed. */
  givenUp(cause: Error, since: number): void {
    if (this.#answeredAt < since) this.#cause ??= cause;
  }
}

/**
 * Whether an error says that nobody answered. An error 500 is an answer, and one address's own; so are an answer of another
 * shape, and a member of GraphQL's unions that says what failed.
 */
export function isSilence(error: unknown): error is Error {
  if (!isRetryable(error)) return false;
  if ("status" in error) return nobodyBehind.has(error.status);
  return !("typename" in error) && !("code" in error && error.code === "UNEXPECTED_ANSWER");
}
