/** The runner's clock. */
export interface Clock {
  /** Wall-clock time, in ms since 1970. It may jump in either direction. */
  now(): number;
  /** Monotonic time, in ms since an arbitrary point. It never jumps. */
  passed(): number;
  /** Waits. Resolves early if the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** This machine's clock. */
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
