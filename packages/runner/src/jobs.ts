/** The jobs that this process carries out. */
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

/** How often what a job writes is stored while it runs, in ms. */
const SAVE = 2000;

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

  /** Begins an attempt, and goes on. */
  start(run: ClaimedRun, schedule: Schedule, process: string): void {
    const startedAt = this.#options.clock.passed();
    const attempt: Attempt = {
      ...{ run, schedule, process, startedAt, written: new Tail(), stderr: new Tail() },
      savedAt: startedAt,
      saved: 0,
    };
    const done = this.#carryOut(attempt)
      .catch((error: unknown) => this.#options.onEvent({ type: "runner_error", error }))
      .finally(() => {
        this.#running.delete(attempt);
        this.#wake.abort();
      });
    this.#running.set(attempt, done);
  }

  /** Waits until it is time for the next round: until a job has ended, or some time has passed. */
  async orSoon(ms: number, signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(ms, AbortSignal.any([signal, this.#wake.signal]));
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }

  /** Ends all of them, and waits for that. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running.values());
    this.#stopping = new AbortController();
  }

  /** Stores what the jobs have written since the last time. */
  async saveOutput(): Promise<void> {
    const { connection, tables, clock } = this.#options;
    for (const attempt of this.#running.keys()) {
      const { written, run } = attempt;
      if (written.length === attempt.saved || clock.passed() - attempt.savedAt < SAVE) continue;
      attempt.savedAt = clock.passed();
      attempt.saved = written.length;
      await saveOutput(connection, tables, run, written.text);
    }
  }

  async #carryOut(attempt: Attempt): Promise<void> {
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
    // What was stopped goes on later. But one that came to its end all the same is done.
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

  /** Tries until it succeeds: a job that has ended would be run again else. */
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

/** What a job is told. */
function environmentOf({ run, schedule }: RunFacts): Record<string, string> {
  return {
    DAGSYNC_JOB: schedule.name,
    DAGSYNC_ATTEMPT: String(run.attempt),
    ...(run.slot !== null && { DAGSYNC_SLOT: new Date(run.slot).toISOString() }),
    ...(run.tenant !== null && { DAGSYNC_TENANT: run.tenant }),
  };
}
