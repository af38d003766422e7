/**
 * A query over a large database may outlast the time that a proxy (60 s, usually) or our own deadline allows. Asked again
 * it takes as long again; asked for fewer rows, the time may do.
 */
import { SyncError } from "./errors.ts";

/** Fewer rows than this hardly make an answer quicker. */
const LEAST_ROWS = 50;

/** A 502 or 503 that came sooner, in ms, is a server that is down; later, a proxy that lost patience. */
const PATIENCE_MS = 20_000;

/** What {@link Request} is told for an answer that may be smaller. */
export interface AnswerOptions {
  readonly divisible: boolean;
}

/** How many rows one answer may have. One for all questions of a kind: what was too slow once is not tried again. */
export interface AnswerSize {
  /** As far as is known; infinite until an answer took too long. */
  readonly most: number;
  /** Asks for as many rows as are wanted, and for a quarter of them as often as that takes too long. */
  fit<T>(wanted: number, ask: (size: number, options: AnswerOptions) => Promise<T>): Promise<T>;
}

export function createAnswerSize(): AnswerSize {
  let most = Number.POSITIVE_INFINITY;
  return {
    get most() {
      return most;
    },
    async fit(wanted, ask) {
      for (;;) {
        const size = Math.min(wanted, most);
        try {
          return await ask(size, { divisible: size > LEAST_ROWS });
        } catch (error) {
          if (size <= LEAST_ROWS || !(error instanceof SyncError) || error.code !== "TOO_SLOW") throw error;
          most = Math.min(most, Math.max(LEAST_ROWS, Math.floor(size / 4)));
        }
      }
    },
  };
}

/** The same error, or SyncError `TOO_SLOW` where no answer came in the time that there is. */
export function slownessOf(error: unknown, tookMs: number): unknown {
  const { status, code } = (error ?? {}) as { readonly status?: unknown; readonly code?: unknown };
  const isTooSlow =
    status === 504 ||
    status === 524 ||
    code === "TIMEOUT" ||
    code === "DEADLINE_EXCEEDED" ||
    ((status === 502 || status === 503) && tookMs >= PATIENCE_MS);
  if (!isTooSlow || !(error instanceof Error)) return error;
  return new SyncError("TOO_SLOW", error.message, { cause: error });
}
