/** Runs a job now, because somebody asked for it. */
import { systemClock } from "./clock.ts";
import { type RunnerOptions, run, type Work } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { type PastRun, readRun } from "./state/history.ts";
import { addAskedRun } from "./state/record.ts";
import { openTables } from "./state/tables.ts";

export interface RunOnceOptions extends Omit<RunnerOptions, "only" | "work"> {
  readonly schedule: Schedule;
  readonly concurrencyPerTenant: number;
}

/**
 * Runs a schedule's job now, whether or not it is due, within the limits that hold for its other runs, and repeats it as
 * its file says. If the process ends meanwhile, the run has failed: nobody else goes on with it.
 *
 * @returns the run as it ended; `queued` or `running` never, unless it was stopped
 */
export async function runOnce({ schedule, concurrencyPerTenant, ...options }: RunOnceOptions): Promise<PastRun> {
  const { connection, clock = systemClock, signal, onEvent } = options;
  const tables = await openTables(connection);
  const id = await addAskedRun(connection, tables, schedule, clock.now());
  const ended = new AbortController();
  const work: Work = { schedules: [schedule], concurrencyPerTenant };
  await run({
    ...options,
    work: () => work,
    only: id,
    signal: AbortSignal.any([signal, ended.signal]),
    onEvent(event) {
      onEvent?.(event);
      const isEnd = event.type === "job_finished" || event.type === "job_error" || event.type === "job_interrupted";
      if (isEnd && event.run.id === id) ended.abort();
    },
  });
  return (await readRun(connection, tables, id))!;
}
