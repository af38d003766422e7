import { DestinationError } from "../errors.ts";

/** Carries out work one piece at a time, and turns failures into our own errors. */
export class WorkQueue {
  readonly #place: string;
  readonly #signal: AbortSignal | undefined;
  readonly #toError: (thrown: unknown, doing: string) => DestinationError;
  #last: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** @param toError converts a driver's error */
  constructor(
    place: string,
    signal: AbortSignal | undefined,
    toError: (thrown: unknown, doing: string) => DestinationError,
  ) {
    this.#place = place;
    this.#signal = signal;
    this.#toError = toError;
  }

  /**
   * Queues work behind everything queued before it.
   *
   * @param doing the beginning of a sentence for errors: `Storing airflow_dags`
   */
  add<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const closed = this.#closed !== undefined;
    const result = this.#last.then(async () => {
      this.#signal?.throwIfAborted();
      if (closed) throw new DestinationError("FAILED", `${doing} in ${this.#place} failed: the session is closed.`);
      try {
        return await work();
      } catch (error) {
        this.#signal?.throwIfAborted();
        throw this.#toError(error, doing);
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Waits for queued work, then does the last work, once. Anything queued later is rejected. */
  close(last: () => Promise<void>): Promise<void> {
    this.#closed ??= this.#last.then(last);
    return this.#closed;
  }
}
