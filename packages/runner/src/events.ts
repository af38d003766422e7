/** The runner's events. Types are named as in the original runner's log where it has an equivalent. */

import type { Schedule } from "./schedule.ts";
import type { ClaimedRun } from "./state/claim.ts";

/** A run and its schedule. */
export interface RunFacts {
  readonly run: ClaimedRun;
  readonly schedule: Schedule;
}

export type RunnerEvent =
  | (RunFacts & { readonly type: "job_running" })
  | (RunFacts & { readonly type: "job_output"; readonly stream: "stdout" | "stderr"; readonly line: string })
  | (RunFacts & { readonly type: "job_finished"; readonly durationMs: number })
  | (RunFacts & {
      readonly type: "job_error";
      readonly exitCode: number | null;
      readonly durationMs: number;
      readonly reason?: string | undefined;
    })
  | (RunFacts & {
      readonly type: "retry_attempt";
      readonly exitCode: number | null;
      readonly delayMs: number;
      readonly durationMs: number;
    })
  /** The runner was stopped, or lost the run to another one. The run starts again; this does not count as a retry. */
  | (RunFacts & { readonly type: "job_interrupted"; readonly durationMs: number })
  | { readonly type: "schedule_skipped"; readonly schedule: string; readonly count: number }
  | { readonly type: "runs_taken_over"; readonly count: number }
  /** A transient failure that the runner retries, such as an unreachable state or an unreadable file. */
  | { readonly type: "runner_error"; readonly error: unknown };
