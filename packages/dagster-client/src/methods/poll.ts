import type { DagsterClient } from "../client.ts";
import type { DagsterRequestOptions } from "../client-options.ts";
import { eitherSignal } from "../connection.ts";
import { DagsterError } from "../errors.ts";

/** How long to wait for something, and how often to ask. */
export interface PollOptions {
  /**
   * After so long, in ms, it asks for the last time, and ends with `DEADLINE_EXCEEDED`.
   * @default none: it goes on until the end or an abort
   */
  readonly deadlineMs?: number | undefined;
  /** The wait before the second question, in ms; it grows by half each time. @default 1000 */
  readonly intervalMs?: number | undefined;
  /** The longest wait between two questions, in ms. @default 30000 */
  readonly maxIntervalMs?: number | undefined;
  /** Limit of each question, in ms. @default the client's */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting with its reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** Asks until there is an answer. Errors that may pass only make it wait. */
export async function poll<Found>(
  client: DagsterClient,
  what: string,
  options: PollOptions,
  ask: (call: DagsterRequestOptions) => Promise<Found | undefined>,
): Promise<Found> {
  const { deadlineMs = Number.POSITIVE_INFINITY, intervalMs = 1000, maxIntervalMs = 30_000, timeoutMs } = options;
  const signal = eitherSignal(client.signal, options.signal);
  const end = Date.now() + deadlineMs;
  for (let growingMs = intervalMs; ; growingMs = Math.min(growingMs * 1.5, maxIntervalMs)) {
    let pauseMs = growingMs;
    let cause: unknown;
    try {
      const found = await ask({ signal, timeoutMs });
      if (found !== undefined) return found;
    } catch (error) {
      if (!(error instanceof DagsterError && error.retryable)) throw error;
      cause = error;
      pauseMs = Math.max(growingMs, error.retryAfterMs ?? 0);
    }
    const leftMs = end - Date.now();
    if (leftMs <= 0) throw tooLate(what, deadlineMs, cause);
    await sleep(Math.min(pauseMs, leftMs), signal);
  }
}

function tooLate(what: string, deadlineMs: number, cause: unknown): DagsterError {
  return new DagsterError(`Waited ${deadlineMs / 1000} s for ${what}, in vain. It may still happen.`, {
    code: "DEADLINE_EXCEEDED",
    retryable: false,
    cause,
  });
}

/** @throws the signal's reason, at once */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  let wake = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  await new Promise<void>((resolve) => {
    wake = resolve;
    timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", wake, { once: true });
  });
  clearTimeout(timer);
  signal?.removeEventListener("abort", wake);
  signal?.throwIfAborted();
}
