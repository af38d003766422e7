import { sleep, toError } from "@org/kit";
import pRetry from "p-retry";
import type { LimitChange } from "./adaptive-limit.ts";
import { slownessOf } from "./answer-size.ts";
import { withDeadline } from "./deadline.ts";
import { isRetryable, SyncError } from "./errors.ts";
import type { SyncEvent } from "./events.ts";
import type { HostLimiter } from "./limiter.ts";
import { isSilence, Outage, PROBE_MS } from "./outage.ts";

/**
 * Sends a request: waits for its turn, gives every attempt a deadline, and retries if the error is retryable. `label`
 * names the request in messages. Requests whose labels are the same up to " of " should take about the same time: their
 * latencies are compared to find out how many requests at once the server can handle.
 */
export type Request = <T>(
  label: string,
  ask: (signal: AbortSignal) => Promise<T>,
  options?: {
    /** Maximum number of retries. @default the sync's */
    readonly retries?: number;
    /** Throws SyncError `TOO_SLOW` if the response takes too long, instead of retrying. @default false */
    readonly divisible?: boolean;
    /** Maximum number of retries after a 500, for callers that have an alternative. @default retries */
    readonly serverErrorRetries?: number;
  },
) => Promise<T>;

export interface RequestOptions {
  /** Maximum number of retries. @default 8 */
  readonly retries?: number | undefined;
  /** Wait before the first retry, in ms. Doubles each time, with jitter. @default 500 */
  readonly retryWaitMs?: number | undefined;
  /** Maximum wait between retries, in ms. A server's Retry-After may be longer. @default 30000 */
  readonly retryWaitMaxMs?: number | undefined;
  /** Deadline of one attempt, in ms. @default 120000 */
  readonly attemptMs?: number | undefined;
  /**
   * Deadline of all attempts together, in ms. Includes waits between them and pauses requested by the host, but not the
   * wait for the first turn.
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
 * Creates the {@link Request} function of a sync. It retries if the error says `retryable`, after pausing all requests to
 * the host for the error's `retryAfterMs`. If a wait would exceed `totalMs`, it throws the error right away; run the sync
 * again later. A sync waits for an unreachable server only once: see `Outage`.
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
  const changed = (change: LimitChange | undefined) => change && emit({ type: "concurrency-changed", ...change });
  return (label, ask, { retries = options.retries, divisible = false, serverErrorRetries = retries } = {}) => {
    let startedAt: number | undefined;
    let last: unknown;
    const left = () => options.totalMs - (startedAt === undefined ? 0 : performance.now() - startedAt);
    const waitFor = (error: unknown, retryDelay: number) =>
      Math.max(isRetryable(error) ? (error.retryAfterMs ?? 0) : 0, retryDelay);
    let odd = 0;
    const mayRetry = (error: Error, attempts: number) => {
      if (isOdd(error)) return attempts <= retries && odd <= ODD_RETRIES;
      return isRetryable(error) && attempts <= (isServerError(error) ? serverErrorRetries : retries);
    };
    const isWorthIt = (error: Error, attempts: number, waitMs: number): error is Error & { retryAfterMs?: number } =>
      mayRetry(error, attempts) && waitMs < left() && !(outage.cause && isSilence(error));
    /** Whether this request got no response and has no retries left. */
    const isExhausted = (error: Error, attempts: number, waitMs: number) =>
      isSilence(error) && options.retries > 0 && (attempts > options.retries || waitMs >= left());
    const attempt = () =>
      limiter.run(async (turn) => {
        startedAt ??= performance.now();
        // Loops, because other requests may extend the pause.
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
          changed(turn.answered(kindOf(label), performance.now() - attemptedAt));
          outage.answered();
          return answer;
        } catch (thrown) {
          signal.throwIfAborted();
          if (isRefusal(thrown)) changed(turn.refused());
          if (!isSilence(thrown)) outage.answered();
          else if (gone) throw gone;
          // If the last attempt was cut short by the total deadline, the previous error says more.
          const error = limitMs < options.attemptMs && isDeadline(thrown) ? (last ?? thrown) : thrown;
          last = error;
          if (isOdd(error)) odd += 1;
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
        if (isExhausted(error, attemptNumber, waitMs)) outage.givenUp(error, startedAt ?? 0);
        if (!isWorthIt(error, attemptNumber, waitMs)) return;
        if (error.retryAfterMs) limiter.pause(error.retryAfterMs);
        emit({ type: "request-retried", label, attempt: attemptNumber, waitMs, error: toError(error) });
      },
    });
  };
}

/**
 * Retries after a malformed response. A proxy's error page may be gone at the next attempt; the wrong server will stay
 * wrong.
 */
const ODD_RETRIES = 2;

function isOdd(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "UNEXPECTED_ANSWER";
}

function isServerError(error: Error): boolean {
  return "status" in error && error.status === 500;
}

/** Statuses of a server that has too much to do, or of a proxy that did not get its answer in time. */
const refusals: ReadonlySet<unknown> = new Set([429, 503, 504, 524]);

function isRefusal(error: unknown): boolean {
  const { status, code } = (error ?? {}) as { readonly status?: unknown; readonly code?: unknown };
  return refusals.has(status) || code === "TIMEOUT" || isDeadline(error);
}

function kindOf(label: string): string {
  return label.split(" of ", 1)[0]!;
}

function isDeadline(error: unknown): boolean {
  return error instanceof SyncError && error.code === "DEADLINE_EXCEEDED";
}

/** The error if the host's pause is longer than the time left. */
function tooLong(label: string, pauseMs: number): SyncError {
  const seconds = Math.ceil(pauseMs / 1000);
  const message = `${label}: the server asked to wait for another ${seconds} s, which is longer than a request may take. Sync again later.`;
  return new SyncError("DEADLINE_EXCEEDED", message, { retryable: true, retryAfterMs: pauseMs });
}
