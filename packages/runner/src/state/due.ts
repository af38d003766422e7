/** Makes runs of the moments that have come. */
import { randomUUID } from "node:crypto";
import type { Connection, Statements } from "@org/destination/connection";
import type { Schedule } from "../schedule.ts";
import type { Tables } from "./tables.ts";

/** A moment that is longer ago was missed, and the schedule's `catchup` says what becomes of it, in ms. */
const LATE = 60_000;
/** So many missed moments of a schedule are made up for at once, the others next time. */
const MANY = 500;

export interface DueSchedules {
  readonly schedules: readonly Schedule[];
  /** Names of those that have just been enabled, which have missed nothing. */
  readonly fresh: ReadonlySet<string>;
  /** Names of those that are not enabled. */
  readonly disabled: readonly string[];
}

/** Moments that no run is made of. */
export interface Missed {
  readonly schedule: string;
  readonly count: number;
}

/**
 * Writes a run for each moment that has come, and up to when it looked, in one transaction: a moment is neither lost nor
 * doubled wherever the process ends. The clock may have been put back since: a moment that has a run gets no other.
 *
 * @param now in ms since 1970
 */
export async function addDueRuns(
  connection: Connection,
  tables: Tables,
  { schedules, fresh, disabled }: DueSchedules,
  now: number,
): Promise<readonly Missed[]> {
  return connection.transaction("Looking for what is due", async (statements) => {
    const missed: Missed[] = [];
    for (const name of [...disabled, ...fresh]) {
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
  // A schedule that is new has missed nothing.
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

/** Which of the moments get a run. */
function chosen({ catchup }: Schedule, moments: Iterable<number>, now: number) {
  const onTime: number[] = [];
  const late: number[] = [];
  let lateCount = 0;
  for (const moment of moments) {
    if (now - moment <= LATE) onTime.push(moment);
    else {
      lateCount += 1;
      if (catchup === "one") late[0] = moment;
      if (catchup === "all") late.push(moment);
      if (late.length >= MANY) return { due: late, missed: 0, until: moment };
    }
  }
  // What runs now anyway makes up for what was missed.
  const due = catchup === "one" && onTime.length > 0 ? onTime : [...late, ...onTime];
  return { due, missed: lateCount - (due.length - onTime.length), until: now };
}
