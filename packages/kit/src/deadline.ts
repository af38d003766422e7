/** The limits of a piece of work. */
export interface DeadlineOptions {
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** The signals that may abort it; undefined ones are ignored. */
  readonly signals: readonly (AbortSignal | undefined)[];
  /** The error for work that timed out. */
  readonly timeout: () => Error;
}

/**
 * Runs work that has to end: within `timeoutMs`, and as soon as one of the signals aborts, even if the work itself
 * ignores its signal.
 *
 * Uses one timer and removable listeners, not AbortSignal.any with AbortSignal.timeout: the latter's timers cannot be
 * stopped, and with the former a long-lived signal takes ever longer for each of thousands of calls on Node 22, and
 * holds several times the memory on 24 and 26.
 *
 * @throws the reason of the signal that aborted; `timeout()` after the timeout
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, signals, timeout }: DeadlineOptions,
): Promise<T> {
  const sources = signals.filter((signal) => signal !== undefined);
  for (const source of sources) source.throwIfAborted();
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => controller.abort(timeout()), timeoutMs);
  const listeners = sources.map((source) => {
    const listener = () => controller.abort(source.reason);
    source.addEventListener("abort", listener);
    return () => source.removeEventListener("abort", listener);
  });
  try {
    return await raceAbort(work(signal), signal);
  } catch (error) {
    // Aborted work may throw its own error.
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    for (const remove of listeners) remove();
  }
}

/**
 * Settles with the work, or rejects with the signal's reason once it aborts. A Promise.race against one promise for
 * many pieces of work would be shorter, but that promise would retain the result of each.
 */
export function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    // Work may have aborted the signal itself before it waited for anything.
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** Aborts as soon as one of the two does. */
export function eitherSignal(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other && one !== other ? AbortSignal.any([one, other]) : (one ?? other);
}
