import pLimit, { type LimitFunction } from "p-limit";
import { AdaptiveLimit, type LimitChange } from "./adaptive-limit.ts";

/** The default maximum of concurrent requests to one host. */
const MOST = 8;

/** A request that may be sent now. Call one of its methods when it has ended, unless it says nothing about the server. */
export interface Turn {
  /** @param kind requests that take about the same time have the same kind */
  answered(kind: string, durationMs: number): LimitChange | undefined;
  /** The server rejected the request as one too many, or did not answer in time. */
  refused(): LimitChange | undefined;
}

/**
 * Limits concurrent requests to one host. All syncs of a process share it. The limit follows what the server can handle,
 * as `adaptive-limit.ts` explains.
 */
export class HostLimiter {
  readonly #adaptive: AdaptiveLimit;
  readonly #limit: LimitFunction;
  #closedUntil = 0;

  /** @param most the highest limit */
  constructor(most = MOST) {
    this.#adaptive = new AdaptiveLimit(most);
    this.#limit = pLimit(this.#adaptive.limit);
  }

  /** The current limit. */
  get concurrency(): number {
    return this.#adaptive.limit;
  }

  /** The highest limit. */
  get most(): number {
    return this.#adaptive.most;
  }

  set most(value: number) {
    this.#adaptive.most = value;
    this.#limit.concurrency = this.#adaptive.limit;
  }

  /** Runs the work once a slot is free. */
  run<T>(work: (turn: Turn) => Promise<T>): Promise<T> {
    return this.#limit(() => work(this.#turn()));
  }

  #turn(): Turn {
    const { round } = this.#adaptive;
    const isFull = () => this.#limit.activeCount >= this.#adaptive.limit;
    const wasFull = isFull();
    const applied = (change: LimitChange | undefined) => {
      this.#limit.concurrency = this.#adaptive.limit;
      return change;
    };
    return {
      answered: (kind, durationMs) =>
        applied(this.#adaptive.answered({ kind, durationMs, round, isFull: wasFull && isFull() })),
      refused: () => applied(this.#adaptive.refused(round)),
    };
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

/** By host, for as long as the process lives. */
export const limiters = new Map<string, HostLimiter>();

/**
 * The limiter of a URL's host.
 *
 * @param most the highest limit, which applies to everyone who shares it, from now on. @default as it is; 8 for a new one
 */
export function limiterOf(url: string, most?: number): HostLimiter {
  const host = URL.canParse(url) ? new URL(url).host : url;
  const limiter = limiters.get(host) ?? new HostLimiter(most);
  if (most !== undefined) limiter.most = most;
  limiters.set(host, limiter);
  return limiter;
}
