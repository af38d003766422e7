/**
 * The frame: by how much the times that the server shows in `updateTime` and `creationTime` differ from UTC, in seconds.
 *
 * It is not 0 where Dagster's PostgreSQL has a time zone of its own. When a run ends, its `updateTime` is its `endTime`,
 * which is always true: their difference is the frame. A later tag only makes the difference larger, so the smallest
 * one that was ever seen counts; that is also the safe side of a switch to daylight-saving time.
 */
import type { DagsterRun } from "@org/dagster-client";
import type { Position } from "@org/sync-engine/source";

export type Frame = {
  /** What is taken off a shown time to get the true one, in seconds. */
  readonly shown: number;
  /** What is put onto a true time to get the one that the filter `updatedAfter` wants, in seconds. */
  readonly filter: number;
};

/** What the filter `updatedAfter` finds by a time just before a run's `updateTime`, and by one just after it. */
export interface Filtered {
  readonly before?: Pick<DagsterRun, "updateTime">;
  readonly after?: Pick<DagsterRun, "updateTime">;
}

const QUARTER = 15 * 60;
const EARLIEST = -12 * 3600;
const LATEST = 14 * 3600;
const TOLERANCE = 2;

/** What is put onto a true time for the filter. As long as no run has ended it is not known, so as low as it can be. */
export function filterOffset(frame: Frame | undefined): number {
  return frame?.filter ?? EARLIEST;
}

/** The frame that a run shows, in seconds; undefined where it has not ended or was changed after its end. */
export function frameOf({ updateTime, endTime }: Pick<DagsterRun, "updateTime" | "endTime">): number | undefined {
  if (updateTime === null || endTime === null) return undefined;
  const difference = updateTime - endTime;
  // Adding 0 makes the 0 of a small negative difference a plain one.
  const frame = Math.round(difference / QUARTER) * QUARTER + 0;
  return Math.abs(difference - frame) <= TOLERANCE && frame >= EARLIEST && frame <= LATEST ? frame : undefined;
}

/**
 * How the filter takes its times: as the server shows them, or in true time whatever it shows. It differs by version.
 * Where the run does not tell, because somebody changed it meanwhile, the lower one: it only brings more rows.
 *
 * @param shown the frame that the run shows
 * @param run as it was when it showed that
 */
export function filterFrame(shown: number, run: Pick<DagsterRun, "updateTime">, found: Filtered): number {
  if (found.before && !found.after) return shown;
  if (found.before?.updateTime === run.updateTime) return 0;
  return Math.min(shown, 0);
}

/** Keeps what the runs of one sync tell of the frame. */
export class FrameWatch {
  /** Undefined until a run that has ended was seen. */
  frame: Frame | undefined;
  /** The latest end that showed a frame, ms since 1970: until then the frame is known to have held. */
  lastEnd: number | undefined;
  readonly #until: number;
  readonly #filtered: (run: DagsterRun) => Promise<Filtered>;
  /** Whether the next run that shows the frame is to tell how the filter takes its times. */
  #isFilterOpen = false;

  /**
   * @param until the server's clock, ms since 1970; ends that lie ahead of it show nothing
   * @param filtered asks the server for a run by times around its `updateTime`
   * @param isSameServer whether the frame was measured with this version of the server. Another one may take the times
   * of its filter in another way: until that is known, the lower one only brings more rows.
   */
  constructor(
    frame: Frame | undefined,
    until: number,
    filtered: (run: DagsterRun) => Promise<Filtered>,
    isSameServer = true,
  ) {
    this.#isFilterOpen = !isSameServer && frame !== undefined && frame.shown !== 0;
    this.frame = frame && this.#isFilterOpen ? { shown: frame.shown, filter: Math.min(frame.shown, 0) } : frame;
    this.#until = until;
    this.#filtered = filtered;
  }

  /** Looks at runs. Asks the server only when they show a lower frame than all before, and one that is not 0. */
  async see(runs: readonly DagsterRun[]): Promise<void> {
    let lowest: { readonly shown: number; readonly run: DagsterRun } | undefined;
    for (const run of runs) {
      const shown = frameOf(run);
      if (shown === undefined) continue;
      if (!lowest || shown < lowest.shown) lowest = { shown, run };
      const end = (run.endTime ?? 0) * 1000;
      // The server's clock comes in whole seconds.
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
 * The position that a sync leaves behind: the server's clock before it, but never so late that the next window, which
 * begins an overlap before it, would leave out anything that came after the last end that showed the frame. Were the
 * database's time zone changed after that end, the window of this sync would have missed what changed since.
 *
 * Where nothing ends, nothing moves, and the same few rows are asked for again. Only a clock that was set back is
 * followed, since it may be set forward again.
 *
 * @param from where this sync's window began, ms since 1970
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
