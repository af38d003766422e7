/**
 * How many rows to request at once.
 *
 * A query over a large database may take longer than a proxy (usually 60 s) or our own deadline allows. Retrying it
 * unchanged would take as long again, so we request fewer rows instead. We do the same if a response is too large for
 * memory, and then size the next requests by recent responses.
 */
import { SyncError } from "./errors.ts";

/** Requesting fewer rows than this hardly makes a response faster. */
const LEAST_ROWS = 50;

/** A 502 or 503 within this time, in ms, means that the server is down. A later one is a proxy's timeout. */
const PROXY_TIMEOUT_MS = 20_000;

/**
 * We abandon a response larger than this, in bytes, if it can be requested in parts. A page of ordinary rows is smaller.
 * Reading, parsing and storing a response takes about ten times its size in memory.
 */
const MOST_BYTES = 8 * 1024 * 1024;

/** Size limits never go below two rows: the second row is what proves that a page is not the last. */
const LEAST_PAIR = 2;

/** How fast requests may grow again once rows are smaller. */
const GROWTH = 4;

/** Options of a request that can be made smaller, for {@link Request} and for the client. */
export interface AnswerOptions {
  readonly divisible: boolean;
  /** Maximum size of this response, in bytes. @default the client's */
  readonly maxResponseBytes?: number;
}

/** The size of a response. */
export interface Weight {
  readonly rows: number;
  readonly bytes: number;
}

/** How many rows to request. Shared by all requests of a kind, so that a size that was too large is not tried again. */
export interface AnswerSize {
  /** The current maximum. Infinite until a response was too slow or too large. */
  readonly most: number;
  /**
   * Requests the wanted number of rows. Whenever that is too slow or too large, it requests a quarter: down to 50 rows
   * if it is too slow, down to one if it is too large. If a single row is still too large, throws the client's error.
   *
   * @param options.weigh measures a response, to size the next requests
   * @param options.isWhole never split: only the client's own size limit applies
   * @param options.least the smallest useful number of rows. @default 1
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
 * @param options mostBytes: the maximum size of a response that can be split. Once one was larger, the next ones aim for
 * half of it. @default 8388608 (8 MiB)
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

/** Whether a response exceeded its size limit. Both clients use this code. */
export function isTooLarge(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "RESPONSE_TOO_LARGE";
}

/** Returns the error, or SyncError `TOO_SLOW` if the response did not arrive in time. */
export function slownessOf(error: unknown, tookMs: number): unknown {
  const { status, code } = (error ?? {}) as { readonly status?: unknown; readonly code?: unknown };
  const isTooSlow =
    status === 504 ||
    status === 524 ||
    code === "TIMEOUT" ||
    code === "DEADLINE_EXCEEDED" ||
    ((status === 502 || status === 503) && tookMs >= PROXY_TIMEOUT_MS);
  if (!isTooSlow || !(error instanceof Error)) return error;
  return new SyncError("TOO_SLOW", error.message, { cause: error });
}
