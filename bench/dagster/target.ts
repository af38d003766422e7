import type { Target } from "../contender.ts";

export interface DagsterTarget extends Target {
  /** How many of the newest runs include all of the last seven days. */
  readonly recentRuns: number;
}
