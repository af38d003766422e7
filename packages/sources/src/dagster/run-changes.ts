import type { DagsterRun } from "@org/dagster-client";

/** How many of the newest runs every sync looks at, however old the times in them are. */
export const HEAD_SIZE = 50;

/** The answer to what a sync asks each time. The parts are read one after the other. */
export interface RunChanges {
  /** How many runs there are; undefined where it was not asked, or not answered. */
  readonly count: number | undefined;
  /** The runs that were asked for again; none where none were. */
  readonly again: readonly DagsterRun[];
  /** Whether these are all that there are after the run that they were to come after, provided that it still exists. */
  readonly isAgainShort: boolean;
  /** The newest page of the runs that the window holds. */
  readonly window: readonly DagsterRun[];
  /** Whether there may be more pages of it. */
  readonly isWindowFull: boolean;
  /** Those of the runs asked for by id that exist. */
  readonly open: readonly DagsterRun[];
  /** The newest runs by insertion, {@link HEAD_SIZE} of them or all there are. */
  readonly head: readonly DagsterRun[];
}
