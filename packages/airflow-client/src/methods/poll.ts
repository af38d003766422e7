import { AirflowError } from "../errors.ts";
import type { CallOptions } from "../operations.ts";

/** How long to wait for something, and how often to ask. */
export interface PollOptions {
  /** Ends the waiting with `DEADLINE_EXCEEDED`, in ms. @default none: it goes on until the end or an abort */
  readonly deadlineMs?: number | undefined;
  /** The wait before the second question, in ms; it grows by half each time. @default 1000 */
  readonly intervalMs?: number | undefined;
  /** The longest wait between two questions, in ms. @default 30000 */
  readonly maxIntervalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Asks until there is an answer. */
export async function poll<T>(
  what: string,
  { deadlineMs, intervalMs = 1000, maxIntervalMs = 30_000, signal }: PollOptions,
  ask: (call: CallOptions) => Promise<T | undefined>,
): Promise<T> {
  const end = deadlineMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + deadlineMs;
  for (let waitMs = intervalMs; ; waitMs = Math.min(waitMs * 1.5, maxIntervalMs)) {
    signal?.throwIfAborted();
    let pauseMs = waitMs;
    try {
      const found = await ask({ signal });
      if (found !== undefined) return found;
    } catch (error) {
      if (!(error instanceof AirflowError && error.retryable)) throw error;
      pauseMs = Math.max(waitMs, (error as { retryAfterMs?: number }).retryAfterMs ?? 0);
    }
    if (Date.now() + pauseMs > end) {
      const message = `Waited ${Math.round((deadlineMs ?? 0) / 1000)} s for ${what}, in vain. It may still happen.`;
      throw new AirflowError({ code: "DEADLINE_EXCEEDED", message });
    }
    await sleep(pauseMs, signal);
  }
}

/** @throws the signal's reason, at once */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
