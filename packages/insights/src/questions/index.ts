/** All questions, in the order in which they are listed. */
import type { Question } from "../question.ts";
import { coverage } from "./coverage.ts";
import { failingNow } from "./failing-now.ts";
import { flakyTasks } from "./flaky-tasks.ts";
import { missedRuns } from "./missed-runs.ts";
import { runningTooLong } from "./running-too-long.ts";
import { stuckWaiting } from "./stuck-waiting.ts";
import { successRate } from "./success-rate.ts";

export { coverage, failingNow, flakyTasks, missedRuns, runningTooLong, stuckWaiting, successRate };

// biome-ignore lint/suspicious/noExplicitAny: each has its own parameters and columns, and none of them matters to who lists them
export const questions: readonly Question<any, any>[] = [
  coverage,
  failingNow,
  runningTooLong,
  stuckWaiting,
  missedRuns,
  successRate,
  flakyTasks,
];
