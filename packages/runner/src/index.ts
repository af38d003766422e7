/** Runs jobs on schedules, on one machine or several: cron with time zones, limits per tenant, retries by exit code. */
export { type Clock, systemClock } from "./clock.ts";
export { cronTiming, intervalTiming, nextMoment, type Timing } from "./cron/moments.ts";
export { RunnerError, type RunnerErrorCode } from "./errors.ts";
export type { RunFacts, RunnerEvent } from "./events.ts";
export { type AttemptOptions, type Execute, type ProcessOptions, processExecutor } from "./execute.ts";
export {
  type ForeignJobConfig,
  foreignJobSchema,
  isForeignJob,
  type JobConfig,
  jobSchema,
  type RetryConfig,
} from "./file/job-schema.ts";
export { type RunnerConfig, runnerSchemaFor, type ScheduleConfig } from "./file/runner-schema.ts";
export { type RunOnceOptions, runOnce } from "./once.ts";
export { type Planned, plan } from "./plan.ts";
export { type AttemptEnd, retryAfterMs } from "./retry.ts";
export { type RunnerOptions, run, type ScheduleSet } from "./run.ts";
export {
  type Catchup,
  foreignJobOf,
  type Job,
  type JobCommand,
  jobOf,
  type Schedule,
  scheduleOf,
} from "./schedule.ts";
export type { ClaimedRun } from "./state/claim.ts";
export { countRuns, type PastRun, type RunState, readHistory, readOutput } from "./state/history.ts";
