import pLimit, { type LimitFunction } from "p-limit";

/** How many requests one host gets at once: all syncs of a process share it. */
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

  /** Runs the work when there is room. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#limit(work);
  }

  /** How long the host still has to be left alone, in ms; 0 if requests are allowed. */
  get pauseMs(): number {
    return Math.max(0, this.#closedUntil - performance.now());
  }

  /** A "too many requests" response applies to everyone: no request goes to this host until then. */
  pause(durationMs: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, performance.now() + durationMs);
  }
}

const limiters = new Map<string, HostLimiter>();

/** The limiter of a URL's host. A later, different concurrency applies to all from then on. */
export function limiterOf(url: string, concurrency: number): HostLimiter {
  const host = URL.canParse(url) ? new URL(url).host : url;
  const limiter = limiters.get(host) ?? new HostLimiter(concurrency);
  limiter.concurrency = concurrency;
  limiters.set(host, limiter);
  return limiter;
}
