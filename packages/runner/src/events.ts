/** What happens while jobs are run. The names of kinds are those of the original runner's log, as far as it has them. */

import type { Schedule } from "./schedule.ts";
import type { ClaimedRun } from "./state/claim.ts";

/** A run, and of which schedule it is. */
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
  /** The runner was stopped, or another one took the run over: it is run again, and this does not count as a retry. */
  | (RunFacts & { readonly type: "job_interrupted"; readonly durationMs: number })
  | { readonly type: "schedule_skipped"; readonly schedule: string; readonly count: number }
  | { readonly type: "runs_taken_over"; readonly count: number }
  /** Something failed that is tried again: the state could not be reached, a file could not be read. */
  | { readonly type: "runner_error"; readonly error: unknown };
