import pLimit, { type LimitFunction } from "p-limit";

/** How many requests one host gets at once, whoever asks: all syncs of a process share it. */
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

  /** Runs the work when there is room and the host did not ask for a pause. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#limit(async () => {
      for (let wait = this.#wait(); wait > 0; wait = this.#wait()) await sleep(wait, signal);
      signal.throwIfAborted();
      return work();
    });
  }

  /** One answer "too many requests" holds for everybody: nobody asks this host until then. */
  pause(durationMs: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, performance.now() + durationMs);
  }

  #wait(): number {
    return this.#closedUntil - performance.now();
  }
}

const limiters = new Map<string, HostLimiter>();

/** The limiter of a URL's host. A later, different concurrency holds for everybody from then on. */
export function limiterOf(url: string, concurrency: number): HostLimiter {
  const host = URL.canParse(url) ? new URL(url).host : url;
  const limiter = limiters.get(host) ?? new HostLimiter(concurrency);
  limiter.concurrency = concurrency;
  limiters.set(host, limiter);
  return limiter;
}

function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(done, durationMs);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
