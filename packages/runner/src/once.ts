/** Manual runs: runs a job now, whatever its schedule says. */
import { systemClock } from "./clock.ts";
import { type RunnerOptions, run, type ScheduleSet } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { type PastRun, readRun } from "./state/history.ts";
import { addManualRun } from "./state/record.ts";
import { openTables } from "./state/tables.ts";

export interface RunOnceOptions extends Omit<RunnerOptions, "only" | "loadSchedules"> {
  readonly schedule: Schedule;
  readonly concurrencyPerTenant: number;
}

/**
 * Runs a schedule's job now, due or not, within the limits of its scheduled runs, and retries it as its file says. If
 * the process dies, the run counts as failed: no other runner takes over a manual run.
 *
 * @returns the finished run. It is still `queued` or `running` only if the signal aborted.
 */
export async function runOnce({ schedule, concurrencyPerTenant, ...options }: RunOnceOptions): Promise<PastRun> {
  const { connection, clock = systemClock, signal, onEvent } = options;
  const tables = await openTables(connection);
  const id = await addManualRun(connection, tables, schedule, clock.now());
  const ended = new AbortController();
  const schedules: ScheduleSet = { schedules: [schedule], concurrencyPerTenant };
  await run({
    ...options,
    loadSchedules: () => schedules,
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
