import { sleep } from "./sleep.ts";

/** How long to wait for something, and how often to poll. */
export interface WaitOptions {
  /**
   * After this time, in ms, it polls one last time and throws `DEADLINE_EXCEEDED`. @default none: it continues until
   * the end or an abort
   */
  readonly deadlineMs?: number | undefined;
  /** The wait before the second poll, in ms; it grows by half each time. @default 1000 */
  readonly intervalMs?: number | undefined;
  /** The longest wait between two polls, in ms. @default 30000 */
  readonly maxIntervalMs?: number | undefined;
}

/** What to wait for, and how. */
export interface Poll<Found> {
  /** What is awaited, for the message. */
  readonly what: string;
  readonly options: WaitOptions;
  /** Ends the waits between polls. */
  readonly signal: AbortSignal | undefined;
  /** Polls once: undefined if there is no result yet. */
  readonly ask: () => Promise<Found | undefined>;
  /** The error after the deadline. @param cause why the last poll failed, if it did */
  readonly tooLate: (message: string, cause: unknown) => Error;
}

/** Polls until there is a result. Transient errors (`retryable`) only make it wait, for as long as they request. */
export async function poll<Found>({ what, options, signal, ask, tooLate }: Poll<Found>): Promise<Found> {
  const { deadlineMs = Number.POSITIVE_INFINITY, intervalMs = 1000, maxIntervalMs = 30_000 } = options;
  const end = Date.now() + deadlineMs;
  for (let growingMs = intervalMs; ; growingMs = Math.min(growingMs * 1.5, maxIntervalMs)) {
    let pauseMs = growingMs;
    let cause: unknown;
    try {
      const found = await ask();
      if (found !== undefined) return found;
    } catch (error) {
      const { retryable, retryAfterMs = 0 } = (error ?? {}) as { retryable?: unknown; retryAfterMs?: number };
      if (retryable !== true) throw error;
      cause = error;
      pauseMs = Math.max(growingMs, retryAfterMs);
    }
    const leftMs = end - Date.now();
    if (leftMs <= 0) throw tooLate(lateMessage(deadlineMs, what, cause), cause);
    await sleep(Math.min(pauseMs, leftMs), signal);
  }
}

function lateMessage(deadlineMs: number, what: string, cause: unknown): string {
  const message = `Timed out after ${deadlineMs / 1000} s waiting for ${what}; it may still finish.`;
  return cause instanceof Error ? `${message} The last poll failed: ${cause.message}` : message;
}
