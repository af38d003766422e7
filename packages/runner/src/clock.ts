/** Time, as the runner knows it. */
export interface Clock {
  /** The time of day in ms since 1970. It may jump, in both directions. */
  now(): number;
  /** Time that passed, in ms since any moment. It never jumps. */
  passed(): number;
  /** Waits; ends early, without an error, when the signal does. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** That of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  passed: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = setTimeout(end, ms);
      function end() {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      }
      signal.addEventListener("abort", end, { once: true });
    }),
};
