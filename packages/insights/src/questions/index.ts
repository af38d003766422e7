/** All questions, in the order in which they are listed. */
import type { Question } from "../question.ts";
import { assetFlow } from "./asset-flow.ts";
import { backfillProgress } from "./backfill-progress.ts";
import { checkResults } from "./check-results.ts";
import { concurrency } from "./concurrency.ts";
import { costByOwner } from "./cost-by-owner.ts";
import { coverage } from "./coverage.ts";
import { criticalPath } from "./critical-path.ts";
import { dagChanges } from "./dag-changes.ts";
import { dagComplexity } from "./dag-complexity.ts";
import { deadlineMisses } from "./deadline-misses.ts";
import { didNothing } from "./did-nothing.ts";
import { durationAnomalies } from "./duration-anomalies.ts";
import { durationSpread } from "./duration-spread.ts";
import { failingNow } from "./failing-now.ts";
import { failureBlastRadius } from "./failure-blast-radius.ts";
import { failureBursts } from "./failure-bursts.ts";
import { failureTimes } from "./failure-times.ts";
import { failuresAfterChange } from "./failures-after-change.ts";
import { failuresByHost } from "./failures-by-host.ts";
import { failuresByTask } from "./failures-by-task.ts";
import { firstPassRate } from "./first-pass-rate.ts";
import { flakyTasks } from "./flaky-tasks.ts";
import { freshnessAndMaterializations } from "./freshness-and-materializations.ts";
import { gotFaster, gotSlower } from "./got-slower.ts";
import { hygiene } from "./hygiene.ts";
import { importErrors } from "./import-errors.ts";
import { jobDays } from "./job-days.ts";
import { keyNumbers } from "./key-numbers.ts";
import { landingTimes } from "./landing-times.ts";
import { loadByHour } from "./load-by-hour.ts";
import { loadForecast } from "./load-forecast.ts";
import { manualInterventions } from "./manual-interventions.ts";
import { mappedFanout } from "./mapped-fanout.ts";
import { missedRuns } from "./missed-runs.ts";
import { needsAttention } from "./needs-attention.ts";
import { poolPressure } from "./pool-pressure.ts";
import { queueWait } from "./queue-wait.ts";
import { retryCost } from "./retry-cost.ts";
import { runDurations } from "./run-durations.ts";
import { runOrigins } from "./run-origins.ts";
import { runningTooLong } from "./running-too-long.ts";
import { scheduleDelay } from "./schedule-delay.ts";
import { schedulerHealth } from "./scheduler-health.ts";
import { sideBySide } from "./side-by-side.ts";
import { staleAssets } from "./stale-assets.ts";
import { stepTimes } from "./step-times.ts";
import { stuckWaiting } from "./stuck-waiting.ts";
import { successRate } from "./success-rate.ts";
import { taskTimeShare } from "./task-time-share.ts";
import { tickHealth } from "./tick-health.ts";
import { timeToRecovery } from "./time-to-recovery.ts";
import { waitingForPeople } from "./waiting-for-people.ts";

export {
  assetFlow,
  backfillProgress,
  checkResults,
  concurrency,
  costByOwner,
  coverage,
  criticalPath,
  dagChanges,
  dagComplexity,
  deadlineMisses,
  didNothing,
  durationAnomalies,
  durationSpread,
  failingNow,
  failureBlastRadius,
  failureBursts,
  failuresAfterChange,
  failuresByHost,
  failuresByTask,
  failureTimes,
  firstPassRate,
  flakyTasks,
  freshnessAndMaterializations,
  gotFaster,
  gotSlower,
  hygiene,
  importErrors,
  jobDays,
  keyNumbers,
  landingTimes,
  loadByHour,
  loadForecast,
  manualInterventions,
  mappedFanout,
  missedRuns,
  needsAttention,
  poolPressure,
  queueWait,
  retryCost,
  runDurations,
  runningTooLong,
  runOrigins,
  scheduleDelay,
  schedulerHealth,
  sideBySide,
  staleAssets,
  stepTimes,
  stuckWaiting,
  successRate,
  taskTimeShare,
  tickHealth,
  timeToRecovery,
  waitingForPeople,
};

// biome-ignore lint/suspicious/noExplicitAny: each has its own parameters and columns, and none of them matters to who lists them
export const questions: readonly Question<any, any>[] = [
  needsAttention,
  coverage,
  failingNow,
  runningTooLong,
  stuckWaiting,
  missedRuns,
  deadlineMisses,
  successRate,
  failuresByTask,
  flakyTasks,
  retryCost,
  timeToRecovery,
  firstPassRate,
  failureBlastRadius,
  failureBursts,
  failureTimes,
  failuresByHost,
  failuresAfterChange,
  didNothing,
  runDurations,
  gotSlower,
  gotFaster,
  taskTimeShare,
  criticalPath,
  landingTimes,
  durationSpread,
  durationAnomalies,
  mappedFanout,
  scheduleDelay,
  queueWait,
  loadByHour,
  concurrency,
  poolPressure,
  loadForecast,
  hygiene,
  runOrigins,
  manualInterventions,
  backfillProgress,
  costByOwner,
  staleAssets,
  sideBySide,
  dagComplexity,
  tickHealth,
  schedulerHealth,
  freshnessAndMaterializations,
  assetFlow,
  dagChanges,
  stepTimes,
  checkResults,
  importErrors,
  waitingForPeople,
  jobDays,
  keyNumbers,
];
