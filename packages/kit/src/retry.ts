import { sleep } from "./sleep.ts";

/** How a request is repeated. */
export interface Retrying {
  /** Attempts after the first. */
  readonly retries: number;
  /** Ends the waits between attempts with its reason. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Repeats work while its errors say that a retry may help (`retryable`): after half a second, then after twice as long
 * each time up to 30 s, with jitter, and never before the time that a server asked for (`retryAfterMs`).
 */
export async function retrying<T>(work: () => Promise<T>, { retries, signal }: Retrying): Promise<T> {
  if (retries === 0) return work();
  // Loaded at need: most programs do not retry here.
  const { default: pRetry } = await import("p-retry");
  return pRetry(work, {
    retries,
    minTimeout: 500,
    maxTimeout: 30_000,
    randomize: true,
    ...(signal && { signal }),
    async shouldRetry({ error, retryDelay }) {
      const { retryable, retryAfterMs = 0 } = error as { retryable?: unknown; retryAfterMs?: number };
      if (retryable !== true) return false;
      if (retryAfterMs > retryDelay) await sleep(retryAfterMs - retryDelay, signal);
      return true;
    },
  });
}
