import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../src/clock.ts";

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/** A clock that the test advances. Each step waits until all runners are idle. */
export class ManualClock implements Clock {
  #now: number;
  #passed = 0;
  #sleepers = new Set<Sleeper>();
  /** Called after each step. */
  readonly onTick = new Set<() => void>();
  /** How many runners sleep when all are idle. */
  expected = 0;

  constructor(now: string) {
    this.#now = Date.parse(now);
  }

  now = () => this.#now;
  passed = () => this.#passed;

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = {
        until: this.#passed + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal.removeEventListener("abort", sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", sleeper.wake, { once: true });
    });
  }

  /** Sets the wall clock forward or back. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Advances both clocks, one step at a time. Both values are in ms. */
  async pass(ms: number, step = 1000): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      this.#now += step;
      this.#passed += step;
      for (const tick of this.onTick) tick();
      for (const sleeper of [...this.#sleepers]) if (sleeper.until <= this.#passed) sleeper.wake();
      await this.settled();
    }
  }

  /** Resolves once all runners sleep, and still do a few turns later. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      await turn();
      quiet = this.#sleepers.size >= this.expected ? quiet + 1 : 0;
    }
  }
}
