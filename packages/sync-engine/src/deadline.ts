import { SyncError } from "./errors.ts";

/**
 * Waits for work, but not for ever: after `limitMs` its signal is aborted and SyncError `DEADLINE_EXCEEDED`
 * (retryable) is thrown, even if the work does not listen to its signal.
 */
export async function withDeadline<T>(
  label: string,
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    const abort = (reason: unknown) => {
      controller.abort(reason);
      reject(reason);
    };
    const seconds = Math.round(limitMs / 100) / 10;
    const error = () =>
      new SyncError("DEADLINE_EXCEEDED", `${label}: no answer within ${seconds} s`, { retryable: true });
    const timer = setTimeout(() => abort(error()), limitMs);
    const onAbort = () => abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
  });
  try {
    return await Promise.race([work(controller.signal), stopped]);
  } finally {
    stop();
  }
}

/** The items of an iterable until the signal aborts, even if the iterable does not listen to it. */
export async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      signal.throwIfAborted();
      const result = await orAborted(iterator.next(), signal);
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

/**
 * Settles with the work, or rejects with the signal's reason. A Promise.race against one promise for the whole sync would
 * be shorter, and that promise would hold on to every item until the sync ends.
 */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    // Work may abort the signal itself before it waits for anything.
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
