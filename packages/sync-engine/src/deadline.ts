import { raceAbort, withDeadline as withKitDeadline } from "@org/kit";
import { SyncError } from "./errors.ts";

/**
 * Waits for work, but not for ever: after `limitMs` its signal is aborted and SyncError `DEADLINE_EXCEEDED`
 * (retryable) is thrown, even if the work does not listen to its signal.
 */
export function withDeadline<T>(
  label: string,
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const message = `${label}: no response within ${Math.round(limitMs / 100) / 10} s`;
  const timeout = () => new SyncError("DEADLINE_EXCEEDED", message, { retryable: true });
  return withKitDeadline(work, { timeoutMs: limitMs, signals: [signal], timeout });
}

/** The items of an iterable until the signal aborts, even if the iterable does not listen to it. */
export async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      signal.throwIfAborted();
      const result = await raceAbort(iterator.next(), signal);
      if (result.done) return;
      yield result.value;
    }
  } finally {
    const ended = Promise.resolve(iterator.return?.());
    // One that hangs is left to itself; otherwise what it holds is let go before anything else happens.
    if (signal.aborted) ended.catch(() => {});
    else await ended;
  }
}
