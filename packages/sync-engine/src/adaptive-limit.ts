/**
 * How many requests to send a server at once: as many as make it faster, and fewer once it has too many.
 *
 * A server that can work on n requests at a time answers up to n with the same latency. Further ones add no throughput: they
 * wait, and so does everyone else who uses the server. We do not know n. But while as many requests are running as allowed,
 * throughput is their number divided by their latency, so the latencies at two limits tell whether the higher one is worth
 * it. They are compared by kind of request, since a list takes longer than a lookup, however busy the server is.
 *
 * The rule has no clock. It counts answers, so it adapts as fast as the server answers.
 */

/** A changed limit. */
export interface LimitChange {
  readonly from: number;
  readonly to: number;
  /**
   * `probe`: to compare another limit. `settle`: back to the one that proved better. `slow`: the latency has doubled,
   * without more throughput. `refused`: the server answered 429 or 503, or not in time.
   */
  readonly why: "probe" | "settle" | "slow" | "refused";
}

/** A request that was answered. */
export interface Answered {
  /** Requests that take about the same time have the same kind. */
  readonly kind: string;
  readonly durationMs: number;
  /** {@link AdaptiveLimit.round} when it was sent. */
  readonly round: number;
  /** Whether as many requests as allowed were running all the time. Otherwise its latency says nothing about the limit. */
  readonly isFull: boolean;
}

const START = 2;

/** Answers per round, for each request of the limit, and at least. More make a comparison surer, and growth slower. */
const ANSWERS_EACH = 8;
const LEAST_ANSWERS = 16;

/**
 * The part of the ideal gain that a higher limit must bring: with half of it, a request spends half of its additional time
 * waiting.
 */
const LEAST_GAIN = 0.5;

/** A latency so many times as long as before, without more throughput, is a sign of overload. */
const OVERLOAD = 2;

/** Rounds until the next probe, after one that failed. Doubles each time, since each one costs the server's other users. */
const FIRST_PAUSE = 8;
const LONGEST_PAUSE = 256;

/** Latencies of a kind of request, as sums of logarithms: single slow answers count less. */
type Latencies = Map<string, { count: number; sum: number }>;

interface Measured {
  readonly limit: number;
  readonly latencies: Latencies;
}

/** Decides the limit of one host. */
export class AdaptiveLimit {
  #limit: number;
  #most: number;
  #round = 0;
  #seen: Latencies = new Map();
  #answers = 0;
  /** What the next round is compared with. */
  #reference: Measured | undefined;
  /** Not to be exceeded, since the server refused more. */
  #ceiling = Number.POSITIVE_INFINITY;
  readonly #ceilingPause = new Pause();
  readonly #pause = new Pause();
  /** Whether the current limit has been compared with a lower one. */
  #isProven = false;
  /** Whether something was answered since the last refusal. A server that is down refuses everything, which shows no limit. */
  #isAnswering = true;

  /** @param most the highest limit */
  constructor(most: number) {
    this.#most = most;
    this.#limit = Math.min(START, most);
  }

  get limit(): number {
    return this.#limit;
  }

  /** Changes with the limit. */
  get round(): number {
    return this.#round;
  }

  get most(): number {
    return this.#most;
  }

  set most(value: number) {
    this.#most = value;
    if (this.#limit > value) this.#move(value, "settle");
  }

  /** Call on each answer. */
  answered({ kind, durationMs, round, isFull }: Answered): LimitChange | undefined {
    if (round !== this.#round) return undefined;
    this.#isAnswering = true;
    if (!isFull) return undefined;
    const seen = this.#seen.get(kind) ?? { count: 0, sum: 0 };
    this.#seen.set(kind, { count: seen.count + 1, sum: seen.sum + Math.log(Math.max(durationMs, 0.01)) });
    this.#answers += 1;
    return this.#answers < Math.max(LEAST_ANSWERS, ANSWERS_EACH * this.#limit) ? undefined : this.#judge();
  }

  /** Call if the server rejects a request as one too many, or does not answer in time. @param round when it was sent */
  refused(round: number): LimitChange | undefined {
    // Requests that were sent together are refused together: that is one sign.
    if (round !== this.#round) return undefined;
    if (this.#isAnswering && this.#limit > 1) {
      this.#ceiling = this.#limit - 1;
      this.#ceilingPause.start();
    }
    this.#isAnswering = false;
    return this.#halve("refused");
  }

  /** Compares the finished round with the reference. */
  #judge(): LimitChange | undefined {
    const now: Measured = { limit: this.#limit, latencies: this.#seen };
    this.#startRound();
    if (!this.#ceilingPause.isOn()) this.#ceiling = Number.POSITIVE_INFINITY;
    const reference = this.#reference;
    const slowdown = reference && slowdownBetween(reference, now);
    if (!reference || slowdown === undefined) {
      this.#reference = now;
      return this.#probe();
    }
    if (reference.limit === now.limit) return this.#watch(now, slowdown);
    const [lower, higher] = reference.limit < now.limit ? [reference, now] : [now, reference];
    const ideal = higher.limit / lower.limit;
    const gain = ideal / (lower === now ? 1 / slowdown : slowdown);
    const isBetter = gain >= 1 + LEAST_GAIN * (ideal - 1);
    const better = isBetter ? higher : lower;
    // Whichever is better: if it is the higher one, it has now been compared with a lower one.
    this.#isProven ||= isBetter || lower.limit === 1;
    this.#reference = better;
    if (isBetter && higher === now) {
      this.#pause.reset();
      return this.#probe();
    }
    this.#pause.start();
    return this.#isProven ? this.#move(better.limit, "settle") : this.#probeBelow(better.limit);
  }

  /** The limit has not changed since the reference: is the server still as fast, and is it time for a probe? */
  #watch(now: Measured, slowdown: number): LimitChange | undefined {
    if (slowdown >= OVERLOAD) return this.#halve("slow");
    if (this.#pause.isOn()) return undefined;
    this.#reference = now;
    return this.#probe();
  }

  #probe(): LimitChange | undefined {
    const step = Math.max(1, Math.floor(this.#limit / 2));
    const next = Math.min(this.#limit + step, this.#most, this.#ceiling);
    if (next > this.#limit) return this.#move(next, "probe");
    return this.#isProven ? undefined : this.#probeBelow(this.#limit);
  }

  #probeBelow(limit: number): LimitChange | undefined {
    if (limit === 1) this.#isProven = true;
    return this.#move(Math.max(1, Math.floor(limit / 2)), "probe");
  }

  #halve(why: "slow" | "refused"): LimitChange | undefined {
    this.#reference = undefined;
    this.#isProven = false;
    return this.#move(Math.max(1, Math.floor(this.#limit / 2)), why);
  }

  #move(to: number, why: LimitChange["why"]): LimitChange | undefined {
    const from = this.#limit;
    this.#limit = to;
    this.#round += 1;
    this.#startRound();
    return from === to ? undefined : { from, to, why };
  }

  #startRound(): void {
    this.#seen = new Map();
    this.#answers = 0;
  }
}

/** Rounds to wait, twice as many each time. */
class Pause {
  #next = FIRST_PAUSE;
  #left = 0;

  start(): void {
    this.#left = this.#next;
    this.#next = Math.min(this.#next * 2, LONGEST_PAUSE);
  }

  reset(): void {
    this.#next = FIRST_PAUSE;
    this.#left = 0;
  }

  /** Call once per round. */
  isOn(): boolean {
    this.#left -= 1;
    return this.#left > 0;
  }
}

/**
 * How many times as long the same requests take. Kinds count as often as both sides have seen them. Undefined if they have
 * not seen the same kinds, or too rarely.
 */
function slowdownBetween(before: Measured, after: Measured): number | undefined {
  let weights = 0;
  let sum = 0;
  for (const [kind, now] of after.latencies) {
    const then = before.latencies.get(kind);
    if (!then) continue;
    const weight = Math.min(then.count, now.count);
    weights += weight;
    sum += weight * (now.sum / now.count - then.sum / then.count);
  }
  return weights < ANSWERS_EACH ? undefined : Math.exp(sum / weights);
}
