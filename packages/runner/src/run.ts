/** The runner's loop: queue due runs, claim them, execute them, record how they end. */
import type { Connection } from "@org/destination/connection";
import { type Clock, systemClock } from "./clock.ts";
import { nextMoment, type Timing } from "./cron/moments.ts";
import type { RunnerEvent } from "./events.ts";
import type { Execute } from "./execute.ts";
import { Jobs } from "./jobs.ts";
import { Membership } from "./membership.ts";
import type { Schedule } from "./schedule.ts";
import { claimRuns } from "./state/claim.ts";
import { addDueRuns } from "./state/due.ts";
import { prune } from "./state/record.ts";
import { openTables } from "./state/tables.ts";

/** The schedules as they are now. */
export interface ScheduleSet {
  /** The enabled schedules. */
  readonly schedules: readonly Schedule[];
  /** Names of the disabled ones. Runs missed while disabled are never caught up. @default none */
  readonly disabled?: readonly string[];
  /** Maximum number of concurrent jobs per tenant, across all machines that share the state. */
  readonly concurrencyPerTenant: number;
}

export interface RunnerOptions {
  /** The database that holds the state. Runners that share it share the work. */
  readonly connection: Connection;
  /** Called in every round, so changes take effect while jobs run. */
  readonly loadSchedules: () => Promise<ScheduleSet> | ScheduleSet;
  readonly execute: Execute;
  /** Stops the runner. Jobs get SIGTERM; those that do not succeed run again under the next runner. */
  readonly signal: AbortSignal;
  /** @default none */
  readonly onEvent?: (event: RunnerEvent) => void;
  /** Time between two rounds, in ms. @default 1000 */
  readonly pollIntervalMs?: number;
  /** How long finished runs are kept, in ms. @default 90 days */
  readonly retentionMs?: number;
  /** The id of a manual run: run this one and nothing else. @default scheduled runs */
  readonly only?: string;
  /** @default this machine's clock */
  readonly clock?: Clock;
}

/** Maximum time between two checks for due runs, in ms. A schedule that changes may run for times this far in the past. */
const MAX_CHECK_INTERVAL = 30_000;
const HOUR = 3_600_000;
const RETENTION = 90 * 24 * HOUR;

/**
 * Runs jobs when they are due, until stopped. Transient failures, such as an unreachable database, are reported as
 * events and retried.
 *
 * @throws RunnerError, DestinationError if the state cannot be opened
 */
export async function run(options: RunnerOptions): Promise<void> {
  const { connection, signal, clock = systemClock, onEvent = () => {} } = options;
  const { pollIntervalMs = 1000, retentionMs = RETENTION } = options;
  const tables = await openTables(connection);
  const jobs = new Jobs({ ...options, tables, clock, onEvent });
  const membership = await Membership.join({ connection, tables, clock });
  const dueCheck = new DueCheck();

  const round = async (): Promise<void> => {
    const { schedules, disabled = [], concurrencyPerTenant } = await options.loadSchedules();
    const now = clock.now();
    if (options.only === undefined && dueCheck.isNeeded(schedules, now)) {
      const newlyEnabled = dueCheck.newlyEnabled(schedules);
      const missed = await addDueRuns(connection, tables, { schedules, newlyEnabled, disabled }, now);
      dueCheck.done(schedules, now);
      for (const { schedule, count } of missed) onEvent({ type: "schedule_skipped", schedule, count });
    }
    if (await membership.mustStopJobs()) await jobs.stop();
    const taken = await membership.renew();
    if (taken > 0) onEvent({ type: "runs_taken_over", count: taken });
    const limits = { schedules, concurrencyPerTenant, process: membership.id, now: clock.now(), only: options.only };
    const claimed = await claimRuns(connection, tables, limits);
    if (claimed === undefined) membership.markLost();
    for (const each of claimed ?? [])
      jobs.start(each, schedules.find(({ name }) => name === each.schedule)!, membership.id);
    await jobs.saveOutput();
    if (dueCheck.isTimeToPrune(clock)) await prune(connection, tables, clock.now() - retentionMs);
  };

  try {
    while (!signal.aborted) {
      await round().catch((error: unknown) => onEvent({ type: "runner_error", error }));
      await jobs.waitForOne(pollIntervalMs, signal);
    }
  } finally {
    await jobs.stop();
    await membership.leave();
  }
}

/** Decides when to check for due runs, so that idle rounds cost nothing. */
class DueCheck {
  #checkedAt = Number.NEGATIVE_INFINITY;
  #prunedAt = Number.NEGATIVE_INFINITY;
  #enabled: ReadonlySet<string> | undefined;
  readonly #next = new Map<Timing, number>();

  /** True if a run is due, a schedule was enabled, the clock went back, or the last check was too long ago. */
  isNeeded(schedules: readonly Schedule[], now: number): boolean {
    const since = this.#checkedAt;
    if (now < since || now - since >= MAX_CHECK_INTERVAL) return true;
    return this.newlyEnabled(schedules).size > 0 || schedules.some(({ timing }) => this.#nextOf(timing) <= now);
  }

  /** The first due time since the last check. Cached: cron computes whole days, even for a single minute. */
  #nextOf(timing: Timing): number {
    const known = this.#next.get(timing);
    if (known !== undefined) return known;
    const next = nextMoment(timing, this.#checkedAt) ?? Number.POSITIVE_INFINITY;
    this.#next.set(timing, next);
    return next;
  }

  /** Names of the schedules that were not enabled at the last check. */
  newlyEnabled(schedules: readonly Schedule[]): ReadonlySet<string> {
    const names = schedules.map(({ name }) => name);
    return new Set(this.#enabled ? names.filter((name) => !this.#enabled?.has(name)) : []);
  }

  /** Call after each check. */
  done(schedules: readonly Schedule[], now: number): void {
    // Times that are still ahead stay valid, unless the clock went back.
    const isOver = (next: number) => next <= now || now < this.#checkedAt;
    for (const [timing, next] of this.#next) if (isOver(next)) this.#next.delete(timing);
    this.#checkedAt = now;
    this.#enabled = new Set(schedules.map(({ name }) => name));
    const timings = new Set(schedules.map(({ timing }) => timing));
    for (const timing of this.#next.keys()) if (!timings.has(timing)) this.#next.delete(timing);
  }

  isTimeToPrune(clock: Clock): boolean {
    const isTime = clock.passed() - this.#prunedAt >= HOUR;
    if (isTime) this.#prunedAt = clock.passed();
    return isTime;
  }
}
