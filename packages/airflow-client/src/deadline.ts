/** A limit on a piece of work: its time, and the signals of whoever may call it off. */
export interface Deadline {
  /** For everything that the work waits for. */
  readonly signal: AbortSignal;
  /** Whether the time was up, rather than a signal aborted. */
  readonly expired: boolean;
  /** Settles with the work, or rejects when the signal aborts, even where the work does not heed the signal. */
  race<T>(work: Promise<T>): Promise<T>;
  /** To be called when the work has ended: stops the clock and lets go of the signals. */
  end(): void;
}

/**
 * Starts a limit. One timer and listeners that are removed, not AbortSignal.any with AbortSignal.timeout: those would
 * hold on to a caller's long-lived signal for each of thousands of calls.
 *
 * @throws the reason of a signal that has aborted already
 */
export function startDeadline(timeoutMs: number, signals: readonly (AbortSignal | undefined)[]): Deadline {
  const sources = signals.filter((signal) => signal !== undefined);
  for (const source of sources) source.throwIfAborted();
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = !controller.signal.aborted;
    controller.abort(new DOMException(`No complete answer within ${timeoutMs} ms`, "TimeoutError"));
  }, timeoutMs);
  const listeners = sources.map((source) => {
    const listener = () => controller.abort(source.reason);
    source.addEventListener("abort", listener, { once: true });
    return { source, listener };
  });
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    race: (work) => raceAbort(work, controller.signal),
    end() {
      clearTimeout(timer);
      for (const { source, listener } of listeners) source.removeEventListener("abort", listener);
    },
  };
}

/** Aborts as soon as one of the two does. */
export function eitherSignal(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other && one !== other ? AbortSignal.any([one, other]) : (one ?? other);
}

/** Settles with the work, or rejects with the signal's reason once it aborts. */
export function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
