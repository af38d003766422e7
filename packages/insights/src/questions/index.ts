/** All questions, in the order in which they are listed. */
import type { Question } from "../question.ts";
import { coverage } from "./coverage.ts";
import { durationAnomalies } from "./duration-anomalies.ts";
import { failingNow } from "./failing-now.ts";
import { flakyTasks } from "./flaky-tasks.ts";
import { gotFaster, gotSlower } from "./got-slower.ts";
import { missedRuns } from "./missed-runs.ts";
import { runDurations } from "./run-durations.ts";
import { runningTooLong } from "./running-too-long.ts";
import { staleAssets } from "./stale-assets.ts";
import { stuckWaiting } from "./stuck-waiting.ts";
import { successRate } from "./success-rate.ts";

export {
  coverage,
  durationAnomalies,
  failingNow,
  flakyTasks,
  gotFaster,
  gotSlower,
  missedRuns,
  runDurations,
  runningTooLong,
  staleAssets,
  stuckWaiting,
  successRate,
};

// biome-ignore lint/suspicious/noExplicitAny: each has its own parameters and columns, and none of them matters to who lists them
export const questions: readonly Question<any, any>[] = [
  coverage,
  failingNow,
  runningTooLong,
  stuckWaiting,
  missedRuns,
  successRate,
  flakyTasks,
  runDurations,
  gotSlower,
  gotFaster,
  durationAnomalies,
  staleAssets,
];
