/** The runner: what is due becomes a run, a run is claimed, executed, and recorded. */
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

/** What is to be run, as of now. */
export interface Work {
  /** Those that are enabled. */
  readonly schedules: readonly Schedule[];
  /** Names of those that are not: what they miss meanwhile is not made up for. @default none */
  readonly disabled?: readonly string[];
  /** How many jobs of a tenant may run at once, on all machines that share the state. */
  readonly concurrencyPerTenant: number;
}

export interface RunnerOptions {
  /** Where the state is. All runners with the same state share the work. */
  readonly connection: Connection;
  /** Asked in every round, so that a change takes effect while jobs run. */
  readonly work: () => Promise<Work> | Work;
  readonly execute: Execute;
  /** Stops: jobs get SIGTERM, and what does not end by itself is run again by the next runner. */
  readonly signal: AbortSignal;
  /** @default nobody is told */
  readonly onEvent?: (event: RunnerEvent) => void;
  /** How often to look for work, in ms. @default 1000 */
  readonly everyMs?: number;
  /** How long what ended is remembered, in ms. @default 90 days */
  readonly keepMs?: number;
  /** Only this run, which was asked for. @default what is due */
  readonly only?: string;
  /** @default that of this machine */
  readonly clock?: Clock;
}

/** From one look at what is due to the next, at most, in ms: so long ago a schedule that changes is looked back. */
const LOOK = 30_000;
const HOUR = 3_600_000;
const KEEP = 90 * 24 * HOUR;

/**
 * Runs jobs when they are due, until it is stopped. What fails in between, such as a database that is away, is told and
 * tried again.
 *
 * @throws RunnerError, DestinationError where the state cannot be opened
 */
export async function run(options: RunnerOptions): Promise<void> {
  const { connection, signal, everyMs = 1000, keepMs = KEEP, clock = systemClock, onEvent = () => {} } = options;
  const tables = await openTables(connection);
  const jobs = new Jobs({ ...options, tables, clock, onEvent });
  const membership = await Membership.join({ connection, tables, clock });
  const lookout = new Lookout();

  const round = async (): Promise<void> => {
    const { schedules, disabled = [], concurrencyPerTenant } = await options.work();
    const now = clock.now();
    if (options.only === undefined && lookout.isTime(schedules, now)) {
      const fresh = lookout.freshOf(schedules);
      const missed = await addDueRuns(connection, tables, { schedules, fresh, disabled }, now);
      lookout.looked(schedules, now);
      for (const { schedule, count } of missed) onEvent({ type: "schedule_skipped", schedule, count });
    }
    if (await membership.mustLeave()) await jobs.stop();
    const taken = await membership.renew();
    if (taken > 0) onEvent({ type: "runs_taken_over", count: taken });
    const limits = { schedules, concurrencyPerTenant, process: membership.id, now: clock.now(), only: options.only };
    const claimed = await claimRuns(connection, tables, limits);
    if (claimed === undefined) membership.lose();
    for (const each of claimed ?? [])
      jobs.start(each, schedules.find(({ name }) => name === each.schedule)!, membership.id);
    await jobs.saveOutput();
    if (lookout.isTimeToPrune(clock)) await prune(connection, tables, clock.now() - keepMs);
  };

  try {
    while (!signal.aborted) {
      await round().catch((error: unknown) => onEvent({ type: "runner_error", error }));
      await jobs.orSoon(everyMs, signal);
    }
  } finally {
    await jobs.stop();
    await membership.leave();
  }
}

/** Knows when there is something to look for, so that rounds in which nothing is due cost nothing. */
class Lookout {
  #lookedAt = Number.NEGATIVE_INFINITY;
  #prunedAt = Number.NEGATIVE_INFINITY;
  #enabled: ReadonlySet<string> | undefined;
  readonly #next = new Map<Timing, number>();

  /** Whether something has come or was enabled, or the clock was put back, or the last look is long ago. */
  isTime(schedules: readonly Schedule[], now: number): boolean {
    const since = this.#lookedAt;
    const hasCome = ({ timing }: Schedule) => this.#nextOf(timing) <= now;
    return now < since || now - since >= LOOK || this.freshOf(schedules).size > 0 || schedules.some(hasCome);
  }

  /** The first moment since the last look: computed once, since a minute of cron is a day's work. */
  #nextOf(timing: Timing): number {
    const known = this.#next.get(timing);
    if (known !== undefined) return known;
    const next = nextMoment(timing, this.#lookedAt) ?? Number.POSITIVE_INFINITY;
    this.#next.set(timing, next);
    return next;
  }

  /** Those that were not enabled at the last look. */
  freshOf(schedules: readonly Schedule[]): ReadonlySet<string> {
    const names = schedules.map(({ name }) => name);
    return new Set(this.#enabled ? names.filter((name) => !this.#enabled?.has(name)) : []);
  }

  looked(schedules: readonly Schedule[], now: number): void {
    // Of those that have not come by now, nothing changes.
    const isOver = (next: number) => next <= now || now < this.#lookedAt;
    for (const [timing, next] of this.#next) if (isOver(next)) this.#next.delete(timing);
    this.#lookedAt = now;
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
