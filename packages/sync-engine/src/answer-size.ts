/**
 * How much to request at once.
 *
 * A query over a large database may take longer than a proxy (usually 60 s) or our own deadline allows. A retry would
 * take as long again; with fewer rows, the time may suffice. A response may also be too large for memory: then fewer
 * rows are requested too, and the size of recent responses decides how many.
 */
import { SyncError } from "./errors.ts";

/** Fewer rows than this hardly make an answer quicker. */
const LEAST_ROWS = 50;

/** A 502 or 503 that came sooner, in ms, is a server that is down; later, a proxy that lost patience. */
const PATIENCE_MS = 20_000;

/**
 * An answer that turns out to be larger, in bytes, is not read to its end, as long as it can be had in parts. A page of
 * ordinary rows is smaller. While it is read, parsed and stored, an answer takes some ten times as much memory.
 */
const MOST_BYTES = 8 * 1024 * 1024;

/** Where rows are as large as this many bytes no longer decides: two of them are what proves that there are no more. */
const LEAST_PAIR = 2;

/** By so much more than last time is asked for at most, once rows are smaller again. */
const GROWTH = 4;

/** How an answer that may be smaller is asked for: for {@link Request}, and for the client. */
export interface AnswerOptions {
  readonly divisible: boolean;
  /** The limit of this answer, in bytes. @default the client's */
  readonly maxResponseBytes?: number;
}

/** What an answer held. */
export interface Weight {
  readonly rows: number;
  readonly bytes: number;
}

/** How many rows one answer may have. One for all questions of a kind: what was too much once is not tried again. */
export interface AnswerSize {
  /** As far as is known; infinite until an answer took too long, or was too large. */
  readonly most: number;
  /**
   * Asks for as many rows as are wanted, and for a quarter of them as often as that takes too long or is too large:
   * down to fifty for time, and down to a single one for size. What is still too large then is thrown, as the client's
   * error.
   *
   * @param options.weigh what an answer held: it decides how much is asked for next
   * @param options.isWhole in parts the answer would be of no use: only the client's own limit holds
   * @param options.least fewer rows are of no use. @default 1
   */
  fit<T>(
    wanted: number,
    ask: (size: number, options: AnswerOptions) => Promise<T>,
    options?: {
      readonly weigh?: (answer: T) => Weight;
      readonly isWhole?: boolean;
      readonly least?: number;
    },
  ): Promise<T>;
}

/**
 * @param options mostBytes: what an answer may have that can be had in parts. Where some were larger, the next ones are
 * to have half of it. @default 8388608 (8 MiB)
 */
export function createAnswerSize({ mostBytes = MOST_BYTES }: { readonly mostBytes?: number } = {}): AnswerSize {
  let inTime = Number.POSITIVE_INFINITY;
  let inBytes = Number.POSITIVE_INFINITY;
  const learn = ({ rows, bytes }: Weight) => {
    if (rows === 0 || bytes === 0 || (bytes <= mostBytes && inBytes === Number.POSITIVE_INFINITY)) return;
    const fitting = Math.floor(((mostBytes / 2) * rows) / bytes);
    inBytes = Math.max(LEAST_PAIR, Math.min(fitting, inBytes * GROWTH));
  };
  return {
    get most() {
      return Math.min(inTime, inBytes);
    },
    async fit(wanted, ask, { weigh, isWhole = false, least = 1 } = {}) {
      for (let most = wanted; ; ) {
        const size = Math.min(most, inTime, isWhole ? wanted : inBytes);
        const isDivisible = !isWhole && size > LEAST_PAIR;
        try {
          const limit = isDivisible ? { maxResponseBytes: mostBytes } : {};
          const answer = await ask(size, { divisible: size > LEAST_ROWS, ...limit });
          if (weigh) learn(weigh(answer));
          return answer;
        } catch (error) {
          if (isTooLarge(error) && !isWhole && size > least) {
            if (size > LEAST_PAIR) inBytes = Math.max(LEAST_PAIR, Math.min(inBytes, Math.floor(size / 4)));
            else most = 1;
          } else if (size > LEAST_ROWS && error instanceof SyncError && error.code === "TOO_SLOW") {
            inTime = Math.min(inTime, Math.max(LEAST_ROWS, Math.floor(size / 4)));
          } else {
            throw error;
          }
        }
      }
    },
  };
}

/** Whether an answer was longer than its limit: the clients agree on this code. */
export function isTooLarge(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "RESPONSE_TOO_LARGE";
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
