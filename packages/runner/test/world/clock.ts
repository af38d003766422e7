import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../src/clock.ts";

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/** A clock that goes when the test says so, and waits until nobody has anything left to do. */
export class ManualClock implements Clock {
  #now: number;
  #passed = 0;
  #sleepers = new Set<Sleeper>();
  /** Called whenever time has passed. */
  readonly onTick = new Set<() => void>();
  /** How many are expected to sleep when there is nothing to do. */
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

  /** Somebody put the clock forward or back. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Lets time pass, a second at a time. */
  async pass(ms: number, step = 1000): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      this.#now += step;
      this.#passed += step;
      for (const tick of this.onTick) tick();
      for (const sleeper of [...this.#sleepers]) if (sleeper.until <= this.#passed) sleeper.wake();
      await this.settled();
    }
  }

  /** Until all sleep, and still do after what they have just begun. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      await turn();
      quiet = this.#sleepers.size >= this.expected ? quiet + 1 : 0;
    }
  }
}
