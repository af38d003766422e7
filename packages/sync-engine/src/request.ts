import pRetry from "p-retry";
import { slownessOf } from "./answer-size.ts";
import { withDeadline } from "./deadline.ts";
import { isRetryable, toError } from "./errors.ts";
import type { SyncEvent } from "./events.ts";
import type { HostLimiter } from "./limiter.ts";

/**
 * Asks a server for something: waits for room, gives every attempt a deadline, repeats what may work later. `label`
 * says what was asked, for messages.
 */
export type Request = <T>(
  label: string,
  ask: (signal: AbortSignal) => Promise<T>,
  options?: {
    /** Attempts after the first, where fewer than usual make sense. @default the sync's */
    readonly retries?: number;
    /** An answer that takes too long is not asked for again, but thrown as SyncError `TOO_SLOW`. @default false */
    readonly divisible?: boolean;
  },
) => Promise<T>;

export interface RequestOptions {
  /** Attempts after the first. @default 8 */
  readonly retries?: number;
  /** The wait before the first repetition, in ms; it doubles each time, with jitter. @default 500 */
  readonly retryWaitMs?: number;
  /** The longest wait of our own accord, in ms. A server's Retry-After may be longer. @default 30000 */
  readonly retryWaitMaxMs?: number;
  /** How long one attempt may take, in ms. @default 120000 */
  readonly attemptMs?: number;
  /** How long all attempts at one request may take, waits included, in ms. @default 600000 */
  readonly totalMs?: number;
}

const defaults = { retries: 8, retryWaitMs: 500, retryWaitMaxMs: 30_000, attemptMs: 120_000, totalMs: 600_000 };

/**
 * Makes the {@link Request} function of a sync. What an error says about itself decides: `retryable` whether to ask
 * again, `retryAfterMs` how long the whole host is left alone before. A wait that would outlast `totalMs` is not begun:
 * the error is thrown at once, and the sync can come back later.
 */
export function createRequest(context: {
  readonly limiter: HostLimiter;
  readonly signal: AbortSignal;
  readonly emit: (event: SyncEvent) => void;
  readonly options?: RequestOptions;
}): Request {
  const { limiter, signal, emit } = context;
  const options = { ...defaults, ...context.options };
  return (label, ask, { retries = options.retries, divisible = false } = {}) => {
    const startedAt = performance.now();
    const left = () => options.totalMs - (performance.now() - startedAt);
    const attempt = () =>
      limiter.run(signal, async () => {
        const attemptedAt = performance.now();
        try {
          return await withDeadline(label, Math.max(1, Math.min(options.attemptMs, left())), signal, ask);
        } catch (error) {
          throw divisible ? slownessOf(error, performance.now() - attemptedAt) : error;
        } finally {
          emit({ type: "request-finished", label, durationMs: performance.now() - attemptedAt });
        }
      });
    return pRetry(attempt, {
      signal,
      retries,
      minTimeout: options.retryWaitMs,
      maxTimeout: options.retryWaitMaxMs,
      randomize: true,
      shouldRetry: ({ error, retriesLeft }) =>
        isRetryable(error) && retriesLeft > 0 && (error.retryAfterMs ?? 0) < left(),
      onFailedAttempt: ({ error, attemptNumber, retriesLeft, retryDelay }) => {
        const retryAfterMs = isRetryable(error) ? (error.retryAfterMs ?? 0) : 0;
        if (!isRetryable(error) || retriesLeft === 0 || retryAfterMs >= left()) return;
        if (retryAfterMs > 0) limiter.pause(retryAfterMs);
        const waitMs = Math.max(retryAfterMs, retryDelay);
        emit({ type: "request-retried", label, attempt: attemptNumber, waitMs, error: toError(error) });
      },
    });
  };
}
