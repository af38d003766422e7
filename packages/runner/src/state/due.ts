/** Queues a run for each scheduled time that has come. */
import { randomUUID } from "node:crypto";
import type { Connection, Statements } from "@org/destination/connection";
import type { Schedule } from "../schedule.ts";
import type { Tables } from "./tables.ts";

/** A run that is later than this counts as missed, and is subject to the schedule's `catchup`. In ms. */
const MISSED_AFTER = 60_000;
/** How many missed runs of a schedule to queue at a time. */
const MAX_CATCHUP = 500;

export interface DueSchedules {
  readonly schedules: readonly Schedule[];
  /** Names of schedules that have just been enabled. What they missed while disabled is not caught up. */
  readonly newlyEnabled: ReadonlySet<string>;
  /** Names of disabled schedules. */
  readonly disabled: readonly string[];
}

/** Missed times that get no run. */
export interface Missed {
  readonly schedule: string;
  readonly count: number;
}

/**
 * Queues due runs and advances each schedule's position in one transaction, so no crash can lose or duplicate a run. If
 * the clock went back, times that already have a run do not get a second one.
 *
 * @param now in ms since 1970
 */
export async function addDueRuns(
  connection: Connection,
  tables: Tables,
  { schedules, newlyEnabled, disabled }: DueSchedules,
  now: number,
): Promise<readonly Missed[]> {
  return connection.transaction("Queueing due runs", async (statements) => {
    const missed: Missed[] = [];
    for (const name of [...disabled, ...newlyEnabled]) {
      await statements.run(`UPDATE ${tables.schedules} SET position = $1 WHERE name = $2`, now, name);
    }
    for (const schedule of schedules) {
      const count = await addDueRunsOf(statements, { schedule, tables, now, forUpdate: connection.forUpdate });
      if (count > 0) missed.push({ schedule: schedule.name, count });
    }
    return missed;
  });
}

interface DueOptions {
  readonly schedule: Schedule;
  readonly tables: Tables;
  readonly now: number;
  readonly forUpdate: string;
}

async function addDueRunsOf(
  { run, all }: Statements,
  { schedule, tables: { schedules, runs }, now, forUpdate }: DueOptions,
): Promise<number> {
  const { name, job, timing } = schedule;
  // A new schedule starts now: it has missed nothing.
  await run(`INSERT INTO ${schedules} VALUES ($1, $2, 0) ON CONFLICT (name) DO NOTHING`, name, now);
  const [found] = await all(`SELECT position, pruned FROM ${schedules} WHERE name = $1 ${forUpdate}`, name);
  const position = Math.min(Number(found!.position), now);
  const { due, missed, until } = chosen(schedule, timing.between(Math.max(position, Number(found!.pruned)), now), now);
  for (const slot of due) {
    await run(
      `INSERT INTO ${runs} (id, schedule, slot, tenant, state, due_at, attempt, retries, interruptions)
       VALUES ($1, $2, $3, $4, 'queued', $3, 0, 0, 0) ON CONFLICT (schedule, slot) DO NOTHING`,
      ...[randomUUID(), name, slot, job.tenant ?? null],
    );
  }
  await run(`UPDATE ${schedules} SET position = $1 WHERE name = $2`, until, name);
  return missed;
}

/** Chooses the times that get a run. */
function chosen({ catchup }: Schedule, moments: Iterable<number>, now: number) {
  const onTime: number[] = [];
  const late: number[] = [];
  let lateCount = 0;
  for (const moment of moments) {
    if (now - moment <= MISSED_AFTER) onTime.push(moment);
    else {
      lateCount += 1;
      if (catchup === "one") late[0] = moment;
      if (catchup === "all") late.push(moment);
      if (late.length >= MAX_CATCHUP) return { due: late, missed: 0, until: moment };
    }
  }
  // A run that is due anyway also catches up the missed ones.
  const due = catchup === "one" && onTime.length > 0 ? onTime : [...late, ...onTime];
  return { due, missed: lateCount - (due.length - onTime.length), until: now };
}
