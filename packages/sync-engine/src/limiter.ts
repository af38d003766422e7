import pLimit, { type LimitFunction } from "p-limit";

/** Limits concurrent requests to one host. All syncs of a process share it. */
export class HostLimiter {
  readonly #limit: LimitFunction;
  #closedUntil = 0;

  constructor(concurrency: number) {
    this.#limit = pLimit(concurrency);
  }

  get concurrency(): number {
    return this.#limit.concurrency;
  }

  set concurrency(value: number) {
    this.#limit.concurrency = value;
  }

  /** Runs the work once a slot is free. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#limit(work);
  }

  /** Remaining pause, in ms. 0 if requests are allowed. */
  get pauseMs(): number {
    return Math.max(0, this.#closedUntil - performance.now());
  }

  /** Pauses all requests to this host, after a "too many requests" response. */
  pause(durationMs: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, performance.now() + durationMs);
  }
}

const limiters = new Map<string, HostLimiter>();

/** The limiter of a URL's host. The concurrency applies to everyone who shares it, from now on. */
export function limiterOf(url: string, concurrency: number): HostLimiter {
  const host = URL.canParse(url) ? new URL(url).host : url;
  const limiter = limiters.get(host) ?? new HostLimiter(concurrency);
  limiter.concurrency = concurrency;
  limiters.set(host, limiter);
  return limiter;
}
