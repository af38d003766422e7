/**
 * The frame: by how much the times that the server shows in `updateTime` and `creationTime` differ from UTC, in
 * seconds.
 *
 * It is not 0 if Dagster's PostgreSQL has its own time zone. When a run ends, its `updateTime` is its `endTime`, which
 * is always true: their difference is the frame. A later tag only increases the difference, so the smallest one ever
 * seen counts; that is also the safe side of a switch to daylight-saving time.
 */
import type { Run } from "@org/dagster-client";
import type { Position } from "@org/sync-engine/source";

export type Frame = {
  /** Subtracted from a displayed time to get the true one, in seconds. */
  readonly shown: number;
  /** Added to a true time for the filter `updatedAfter`, in seconds. */
  readonly filter: number;
};

/** What the filter `updatedAfter` finds with a time just before a run's `updateTime`, and with one just after it. */
export interface Filtered {
  readonly before?: Pick<Run, "updateTime">;
  readonly after?: Pick<Run, "updateTime">;
}

const QUARTER = 15 * 60;
const EARLIEST = -12 * 3600;
/** The latest time zone, in seconds ahead of UTC. */
export const LATEST = 14 * 3600;
const TOLERANCE = 2;

/** Added to a true time for the filter. Unknown until a run has ended, so as low as possible. */
export function filterOffset(frame: Frame | undefined): number {
  return frame?.filter ?? EARLIEST;
}

/** The frame that a run shows, in seconds; undefined if it has not ended or was changed after its end. */
export function frameOf({ updateTime, endTime }: Pick<Run, "updateTime" | "endTime">): number | undefined {
  if (updateTime === null || endTime === null) return undefined;
  const difference = updateTime - endTime;
  // Adding 0 turns -0 into 0.
  const frame = Math.round(difference / QUARTER) * QUARTER + 0;
  return Math.abs(difference - frame) <= TOLERANCE && frame >= EARLIEST && frame <= LATEST ? frame : undefined;
}

/**
 * How the filter interprets its times: as the server shows them, or as true times whatever it shows. That differs by
 * version. If the run is inconclusive because it changed, it is the lower one, which only returns more rows.
 *
 * @param shown the frame that the run shows
 * @param run as it was when it showed that
 */
export function filterFrame(shown: number, run: Pick<Run, "updateTime">, found: Filtered): number {
  if (found.before && !found.after) return shown;
  if (found.before?.updateTime === run.updateTime) return 0;
  return Math.min(shown, 0);
}

/** Collects what a sync's runs show about the frame. */
export class FrameWatch {
  /** Undefined until a run that has ended was seen. */
  frame: Frame | undefined;
  /** The latest end that showed a frame, ms since 1970: until then the frame is known to have been valid. */
  lastEnd: number | undefined;
  readonly #until: number;
  readonly #filtered: (run: Run) => Promise<Filtered>;
  /** Whether the next run that shows the frame has to reveal how the filter interprets its times. */
  #isFilterOpen = false;

  /**
   * @param until the server's clock, ms since 1970; ends after it show nothing
   * @param filtered requests a run by times around its `updateTime`
   * @param isSameServer whether the frame was measured with this version of the server. Another one's filter may
   * interpret times differently: until that is known, the lower one only returns more rows.
   */
  constructor(frame: Frame | undefined, until: number, filtered: (run: Run) => Promise<Filtered>, isSameServer = true) {
    this.#isFilterOpen = !isSameServer && frame !== undefined && frame.shown !== 0;
    this.frame = frame && this.#isFilterOpen ? { shown: frame.shown, filter: Math.min(frame.shown, 0) } : frame;
    this.#until = until;
    this.#filtered = filtered;
  }

  /** Looks at runs. Sends a request only if they show a frame that is lower than all before, and not 0. */
  async see(runs: readonly Run[]): Promise<void> {
    let lowest: { readonly shown: number; readonly run: Run } | undefined;
    for (const run of runs) {
      const shown = frameOf(run);
      if (shown === undefined) continue;
      if (!lowest || shown < lowest.shown) lowest = { shown, run };
      const end = (run.endTime ?? 0) * 1000;
      // The server's clock has whole seconds.
      if (end < this.#until + 1000) this.lastEnd = Math.max(this.lastEnd ?? end, end);
    }
    if (!lowest || (this.frame && lowest.shown > this.frame.shown)) return;
    if (lowest.shown === this.frame?.shown && !this.#isFilterOpen) return;
    const { shown, run } = lowest;
    this.#isFilterOpen = false;
    this.frame = { shown, filter: shown === 0 ? 0 : filterFrame(shown, run, await this.#filtered(run)) };
  }
}

/**
 * The position after a sync: the server's clock before it, but never so late that the next window, which starts an
 * overlap earlier, would exclude anything after the last end that showed the frame. If the database's time zone was
 * changed after that end, this sync's window missed what has changed since.
 *
 * If no run ends, nothing moves, and the same few rows are requested again. Only a clock that was set back is followed,
 * since it may be set forward again.
 *
 * @param from the start of this sync's window, ms since 1970
 */
export function nextPosition(
  stored: Position,
  now: Position,
  {
    from,
    lastEnd,
    overlapMs,
  }: { readonly from: number; readonly lastEnd: number | undefined; readonly overlapMs: number },
): Position {
  if (lastEnd === undefined || lastEnd <= from) {
    return { server: Math.min(stored.server, from + overlapMs), local: stored.local };
  }
  const server = Math.min(now.server, Math.floor(lastEnd) + overlapMs);
  return { server, local: now.local - (now.server - server) };
}
