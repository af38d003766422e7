import { sleep, toError } from "@org/kit";
import pRetry from "p-retry";
import { slownessOf } from "./answer-size.ts";
import { withDeadline } from "./deadline.ts";
import { isRetryable, SyncError } from "./errors.ts";
import type { SyncEvent } from "./events.ts";
import type { HostLimiter } from "./limiter.ts";
import { isSilence, Outage, PROBE_MS } from "./outage.ts";

/**
 * Sends a request: waits for its turn, gives every attempt a deadline, and retries what may succeed later. `label`
 * names the request in messages.
 */
export type Request = <T>(
  label: string,
  ask: (signal: AbortSignal) => Promise<T>,
  options?: {
    /** Attempts after the first, where fewer than usual make sense. @default the sync's */
    readonly retries?: number;
    /** A response that takes too long is not retried, but thrown as SyncError `TOO_SLOW`. @default false */
    readonly divisible?: boolean;
    /** Attempts after an error 500, where something else can be tried for one that stays. @default retries */
    readonly serverErrorRetries?: number;
  },
) => Promise<T>;

export interface RequestOptions {
  /** Attempts after the first. @default 8 */
  readonly retries?: number | undefined;
  /** The wait before the first repetition, in ms; it doubles each time, with jitter. @default 500 */
  readonly retryWaitMs?: number | undefined;
  /** The longest wait of our own accord, in ms. A server's Retry-After may be longer. @default 30000 */
  readonly retryWaitMaxMs?: number | undefined;
  /** How long one attempt may take, in ms. @default 120000 */
  readonly attemptMs?: number | undefined;
  /**
   * How long all attempts at one request may take, in ms: including the waits between them and pauses requested by the
   * host, but not the wait for the first turn.
   * @default 600000
   */
  readonly totalMs?: number | undefined;
}

const defaults = { retries: 8, retryWaitMs: 500, retryWaitMaxMs: 30_000, attemptMs: 120_000, totalMs: 600_000 };

function withDefaults(given: RequestOptions = {}): Required<{ [Name in keyof RequestOptions]: number }> {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(set) };
}

/**
 * Creates the {@link Request} function of a sync. The error decides: `retryable` whether to retry, `retryAfterMs` how
 * long to pause all requests to the host before. A wait that would exceed `totalMs` is not started: the error is thrown
 * at once, and the sync can be run again later. A sync waits for an unreachable server only once: see `Outage`.
 */
export function createRequest(context: {
  readonly limiter: HostLimiter;
  readonly signal: AbortSignal;
  readonly emit: (event: SyncEvent) => void;
  readonly options?: RequestOptions | undefined;
}): Request {
  const { limiter, signal, emit } = context;
  const options = withDefaults(context.options);
  const outage = new Outage();
  return (label, ask, { retries = options.retries, divisible = false, serverErrorRetries = retries } = {}) => {
    let startedAt: number | undefined;
    let last: unknown;
    const left = () => options.totalMs - (startedAt === undefined ? 0 : performance.now() - startedAt);
    const waitFor = (error: unknown, retryDelay: number) =>
      Math.max(isRetryable(error) ? (error.retryAfterMs ?? 0) : 0, retryDelay);
    const mostRetries = (error: Error) => {
      if (isOdd(error)) return Math.min(retries, ODD_RETRIES);
      return isRetryable(error) ? (isServerError(error) ? serverErrorRetries : retries) : 0;
    };
    const isWorthIt = (error: Error, attempts: number, waitMs: number): error is Error & { retryAfterMs?: number } =>
      attempts <= mostRetries(error) && waitMs < left() && !(outage.cause && isSilence(error));
    /** Whether there was no response for as long as any request of this sync is retried. */
    const isInVain = (error: Error, attempts: number, waitMs: number) =>
      isSilence(error) && options.retries > 0 && (attempts > options.retries || waitMs >= left());
    const attempt = () =>
      limiter.run(async () => {
        startedAt ??= performance.now();
        // Others may have the host left alone again and again.
        for (let pauseMs = limiter.pauseMs; pauseMs > 0; pauseMs = limiter.pauseMs) {
          if (pauseMs >= left()) throw tooLong(label, pauseMs);
          await sleep(pauseMs, signal);
        }
        signal.throwIfAborted();
        const attemptedAt = performance.now();
        const gone = outage.cause;
        const limitMs = Math.max(1, Math.min(gone ? PROBE_MS : options.attemptMs, options.attemptMs, left()));
        try {
          const answer = await withDeadline(label, limitMs, signal, ask);
          outage.answered();
          return answer;
        } catch (thrown) {
          signal.throwIfAborted();
          if (!isSilence(thrown)) outage.answered();
          else if (gone) throw gone;
          // An attempt that had hardly any time left says less than the one before it.
          const error = limitMs < options.attemptMs && isDeadline(thrown) ? (last ?? thrown) : thrown;
          last = error;
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
      shouldRetry: ({ error, attemptNumber, retryDelay }) =>
        isWorthIt(error, attemptNumber, waitFor(error, retryDelay)),
      onFailedAttempt: ({ error, attemptNumber, retryDelay }) => {
        const waitMs = waitFor(error, retryDelay);
        if (isInVain(error, attemptNumber, waitMs)) outage.givenUp(error, startedAt ?? 0);
        if (!isWorthIt(error, attemptNumber, waitMs)) return;
        if (error.retryAfterMs) limiter.pause(error.retryAfterMs);
        emit({ type: "request-retried", label, attempt: attemptNumber, waitMs, error: toError(error) });
      },
    });
  };
}

/**
 * A page that a proxy put in place of an answer may be gone at the next attempt; a server that answers so will again.
 */
const ODD_RETRIES = 2;

function isOdd(error: Error): boolean {
  return "code" in error && error.code === "UNEXPECTED_ANSWER";
}

function isServerError(error: Error): boolean {
  return "status" in error && error.status === 500;
}

function isDeadline(error: unknown): boolean {
  return error instanceof SyncError && error.code === "DEADLINE_EXCEEDED";
}

/** An error that is not retried, because the wait that it requests is longer than the time left. */
function tooLong(label: string, pauseMs: number): SyncError {
  const seconds = Math.ceil(pauseMs / 1000);
  const message = `${label}: the server asked to wait for another ${seconds} s, which is longer than a request may take. Sync again later.`;
  return new SyncError("DEADLINE_EXCEEDED", message, { retryable: true, retryAfterMs: pauseMs });
}
