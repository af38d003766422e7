import type { Run } from "@org/dagster-client";

/** How many of the newest runs every sync reads, however old their times are. */
export const HEAD_SIZE = 50;

/** The response to a sync's regular request. The parts are read one after the other. */
export interface RunChanges {
  /** The number of runs; undefined if it was not requested, or not answered. */
  readonly count: number | undefined;
  /** The re-read runs, if any were requested. */
  readonly again: readonly Run[];
  /** Whether these are all runs after the given one, provided that it still exists. */
  readonly isAgainShort: boolean;
  /** The newest page of the window's runs. */
  readonly window: readonly Run[];
  /** Whether there may be more pages of it. */
  readonly isWindowFull: boolean;
  /** The existing ones of the runs requested by id. */
  readonly open: readonly Run[];
  /** The newest runs by insertion, {@link HEAD_SIZE} of them or all there are. */
  readonly head: readonly Run[];
}
