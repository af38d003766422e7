/** Divides time into slices, newest first, each of about as many rows as fit into a response: their length is learned. */
import { timestampOf } from "../timestamp.ts";

/**
 * Half-open: from <= time < to. The first one has no end, since runs may be due ahead of now; the last one no beginning,
 * unless there is a floor.
 */
export interface Slice {
  readonly from?: string;
  readonly to?: string;
  readonly isLast: boolean;
  /** Without a gap at its end. Of the last one: from its end to the oldest row. */
  readonly lengthMs: number;
}

export interface SlicesOptions {
  /** The end of the first slice. @default none */
  readonly before?: string | undefined;
  /** The beginning of the last slice. @default none */
  readonly floor?: string | undefined;
  /** The present, in ms since 1970: where the first slice is measured from if it has no end. */
  readonly nowMs: number;
  /** The age of the oldest row, in ms since 1970. The slice that reaches it is the last, even if the estimate is wrong. */
  readonly oldestMs: number;
  /** Of the first slice. `Infinity`: it is the only one. */
  readonly lengthMs: number;
  /** When the newest run before a gap was due, in ms since 1970. @default there is no gap at the end */
  readonly gapMs?: number;
}

/** Maximum factor by which a slice's length differs from the one before it. */
const MOST_CHANGE = 4;

export class Slices implements Iterable<Slice> {
  #lengthMs: number;
  /** Where a gap begins that reaches to the end of the next slice. That slice includes it. */
  #gapMs: number;
  readonly #options: SlicesOptions;

  constructor(options: SlicesOptions) {
    this.#options = options;
    this.#lengthMs = options.lengthMs;
    this.#gapMs = options.gapMs ?? Number.POSITIVE_INFINITY;
  }

  get gapMs(): number {
    return this.#gapMs;
  }

  /** Each slice is as long as was learned by the time it is requested. */
  *[Symbol.iterator](): Generator<Slice> {
    const { before, floor, nowMs, oldestMs } = this.#options;
    const lastMs = floor === undefined ? oldestMs : Date.parse(floor);
    for (let to = before; floor === undefined || to === undefined || to > floor; ) {
      const toMs = Math.min(to === undefined ? nowMs : Date.parse(to), this.#gapMs);
      const fromMs = toMs - Math.max(1, Math.round(this.#lengthMs));
      const isLast = fromMs <= lastMs;
      const from = isLast ? floor : timestampOf(fromMs);
      const lengthMs = toMs - (isLast ? lastMs : fromMs);
      yield { ...(from !== undefined && { from }), ...(to !== undefined && { to }), isLast, lengthMs };
      if (isLast) return;
      to = from;
    }
  }

  /** @param share how full a slice was, compared with what it should contain */
  learn({ lengthMs, isLast }: Slice, share: number): void {
    if (!isLast) this.#lengthMs = lengthMs * Math.min(MOST_CHANGE, Math.max(1 / MOST_CHANGE, 1 / share));
  }

  /**
   * Call it for an empty slice.
   *
   * @param newestMs when the newest run before it was due, in ms since 1970; undefined if unknown
   */
  learnGap(slice: Slice, newestMs: number | undefined): void {
    const isGap = newestMs !== undefined && newestMs < Date.parse(slice.from ?? "") - slice.lengthMs;
    if (isGap) this.#gapMs = newestMs;
    else this.learn(slice, 0);
  }
}
