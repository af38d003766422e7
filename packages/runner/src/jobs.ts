/** The jobs that this process is running. */
import type { Connection } from "@org/destination/connection";
import type { Clock } from "./clock.ts";
import type { RunFacts, RunnerEvent } from "./events.ts";
import type { Execute } from "./execute.ts";
import { Tail } from "./lines.ts";
import { retryAfterMs } from "./retry.ts";
import type { Schedule } from "./schedule.ts";
import type { ClaimedRun } from "./state/claim.ts";
import { type Outcome, recordEnd, saveOutput } from "./state/record.ts";
import type { Tables } from "./state/tables.ts";

interface JobsOptions {
  readonly connection: Connection;
  readonly tables: Tables;
  readonly execute: Execute;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunnerEvent) => void;
}

/** Minimum interval between two saves of a running job's output, in ms. */
const SAVE_INTERVAL = 2000;

interface Attempt extends RunFacts {
  readonly process: string;
  readonly startedAt: number;
  readonly written: Tail;
  readonly stderr: Tail;
  savedAt: number;
  saved: number;
}

export class Jobs {
  readonly #options: JobsOptions;
  readonly #running = new Map<Attempt, Promise<void>>();
  #stopping = new AbortController();
  #wake = new AbortController();

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** Starts an attempt without waiting for it. */
  start(run: ClaimedRun, schedule: Schedule, process: string): void {
    const startedAt = this.#options.clock.passed();
    const attempt: Attempt = {
      ...{ run, schedule, process, startedAt, written: new Tail(), stderr: new Tail() },
      savedAt: startedAt,
      saved: 0,
    };
    const done = this.#runAttempt(attempt)
      .catch((error: unknown) => this.#options.onEvent({ type: "runner_error", error }))
      .finally(() => {
        this.#running.delete(attempt);
        this.#wake.abort();
      });
    this.#running.set(attempt, done);
  }

  /** Waits for the next round: until a job ends, the time is up, or the signal aborts. */
  async waitForOne(ms: number, signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(ms, AbortSignal.any([signal, this.#wake.signal]));
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }

  /** Stops all jobs and waits for them to end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running.values());
    this.#stopping = new AbortController();
  }

  /** Saves output written since the last call. */
  async saveOutput(): Promise<void> {
    const { connection, tables, clock } = this.#options;
    for (const attempt of this.#running.keys()) {
      const { written, run } = attempt;
      if (written.length === attempt.saved || clock.passed() - attempt.savedAt < SAVE_INTERVAL) continue;
      attempt.savedAt = clock.passed();
      attempt.saved = written.length;
      await saveOutput(connection, tables, run, written.text);
    }
  }

  async #runAttempt(attempt: Attempt): Promise<void> {
    const { execute, onEvent, clock, signal } = this.#options;
    const { run, schedule, written, stderr, startedAt } = attempt;
    const stopped = AbortSignal.any([this.#stopping.signal, signal]);
    const facts = { run, schedule };
    onEvent({ type: "job_running", ...facts });
    const exitCode = await execute({
      command: schedule.job.command,
      env: environmentOf(attempt),
      signal: stopped,
      onLine(stream, line) {
        written.add(line);
        if (stream === "stderr") stderr.add(line);
        onEvent({ type: "job_output", ...facts, stream, line });
      },
    });
    const durationMs = clock.passed() - startedAt;
    // A stopped job runs again later, unless it succeeded before the signal reached it.
    if (stopped.aborted && exitCode !== 0) return onEvent({ type: "job_interrupted", ...facts, durationMs });
    const delayMs =
      exitCode === 0 ? undefined : retryAfterMs(schedule.job.retry, { exitCode, stderr: stderr.text }, run.retries);
    const retryAt = delayMs === undefined ? undefined : clock.now() + delayMs;
    const isOurs = await this.#record(attempt, { exitCode, retryAt }, stopped);
    if (!isOurs) onEvent({ type: "job_interrupted", ...facts, durationMs });
    else if (exitCode === 0) onEvent({ type: "job_finished", ...facts, durationMs });
    else if (delayMs !== undefined) onEvent({ type: "retry_attempt", ...facts, exitCode, delayMs, durationMs });
    else onEvent({ type: "job_error", ...facts, exitCode, durationMs });
  }

  /** Retries until it succeeds: without this record, a finished job would run again. */
  async #record({ run, process, written }: Attempt, outcome: Outcome, stopped: AbortSignal): Promise<boolean> {
    const { connection, tables, clock, onEvent } = this.#options;
    for (;;) {
      try {
        const facts = { ...outcome, process, now: clock.now(), written: written.text };
        return await recordEnd(connection, tables, run, facts);
      } catch (error) {
        onEvent({ type: "runner_error", error });
        if (stopped.aborted) throw error;
        await clock.sleep(1000, stopped);
      }
    }
  }
}

/** Environment variables that describe the run to its job. */
function environmentOf({ run, schedule }: RunFacts): Record<string, string> {
  return {
    DAGSYNC_JOB: schedule.name,
    DAGSYNC_ATTEMPT: String(run.attempt),
    ...(run.slot !== null && { DAGSYNC_SLOT: new Date(run.slot).toISOString() }),
    ...(run.tenant !== null && { DAGSYNC_TENANT: run.tenant }),
  };
}
