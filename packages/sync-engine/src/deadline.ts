import { raceAbort, withDeadline as withKitDeadline } from "@org/kit";
import { SyncError } from "./errors.ts";

/**
 * Runs work with a deadline. After `limitMs`, aborts its signal and throws SyncError `DEADLINE_EXCEEDED` (retryable), even
 * if the work ignores the signal.
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

/** Yields an iterable's items until the signal aborts, even if the iterable ignores it. */
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
    // Normally, wait until it has released its resources. After an abort it may hang, so do not wait.
    if (signal.aborted) ended.catch(() => {});
    else await ended;
  }
}
