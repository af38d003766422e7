/** Runs jobs on schedules: cron with time zones, tenants, retries by exit code, on one machine or several. */
export { cronTiming, intervalTiming, nextMoment, type Timing } from "./cron/moments.ts";
export { RunnerError, type RunnerErrorCode } from "./errors.ts";
export {
  type ForeignJobConfig,
  foreignJobSchema,
  isForeignJob,
  type JobConfig,
  jobSchema,
  type RetryConfig,
} from "./file/job-schema.ts";
export { type RunnerConfig, runnerSchemaFor, type ScheduleConfig } from "./file/runner-schema.ts";
export { type Planned, plan } from "./plan.ts";
export { type AttemptEnd, retryAfterMs } from "./retry.ts";
export {
  type Catchup,
  foreignJobOf,
  type Job,
  type JobCommand,
  jobOf,
  type Schedule,
  scheduleOf,
} from "./schedule.ts";
