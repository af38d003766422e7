/** Records how runs end, and their output. */
import { randomUUID } from "node:crypto";
import type { Connection } from "@org/destination/connection";
import type { Schedule } from "../schedule.ts";
import type { ClaimedRun } from "./claim.ts";
import type { Tables } from "./tables.ts";

/** How an attempt ended, and whether it is retried. */
export interface Outcome {
  readonly exitCode: number | null;
  /** Why it failed, if there is no exit code. */
  readonly reason?: string | undefined;
  /** When to retry, in ms since 1970. Undefined: never. */
  readonly retryAt?: number | undefined;
}

/** @returns false, without writing anything, if another process has taken over the run */
export async function recordEnd(
  connection: Connection,
  { runs, output }: Tables,
  { id, attempt }: ClaimedRun,
  {
    process,
    now,
    written,
    ...outcome
  }: Outcome & { readonly process: string; readonly now: number; readonly written: string },
): Promise<boolean> {
  const { exitCode, reason = null, retryAt } = outcome;
  const state = retryAt !== undefined ? "queued" : exitCode === 0 ? "succeeded" : "failed";
  return connection.transaction("Recording the end of a run", async ({ run }) => {
    const changed = await run(
      `UPDATE ${runs} SET state = $1, exit_code = $2, reason = $3, process = NULL, due_at = coalesce($4, due_at),
         retries = retries + $5, ended_at = $6
       WHERE id = $7 AND attempt = $8 AND process = $9 AND state = 'running'`,
      ...[state, exitCode, reason, retryAt ?? null, retryAt === undefined ? 0 : 1, retryAt === undefined ? now : null],
      ...[id, attempt, process],
    );
    if (changed === 0) return false;
    await saveOutputIn(run, output, id, attempt, written);
    return true;
  });
}

/** Saves an attempt's output so far. @param written its end, which replaces what was saved before */
export async function saveOutput(
  connection: Connection,
  { output }: Tables,
  run: ClaimedRun,
  written: string,
): Promise<void> {
  await connection.transaction("Saving output", (statements) =>
    saveOutputIn(statements.run, output, run.id, run.attempt, written),
  );
}

function saveOutputIn(
  run: (sql: string, ...values: readonly (string | number | null)[]) => Promise<number>,
  output: string,
  id: string,
  attempt: number,
  written: string,
): Promise<number> {
  return run(
    `INSERT INTO ${output} VALUES ($1, $2, $3) ON CONFLICT (run, attempt) DO UPDATE SET written = excluded.written`,
    ...[id, attempt, written],
  );
}

/** Queues a manual run. @returns its id */
export async function addManualRun(
  connection: Connection,
  { runs }: Tables,
  { name, job }: Schedule,
  now: number,
): Promise<string> {
  const id = randomUUID();
  await connection.transaction("Queueing a manual run", ({ run }) =>
    run(
      `INSERT INTO ${runs} (id, schedule, tenant, state, due_at, attempt, retries, interruptions)
       VALUES ($1, $2, $3, 'queued', $4, 0, 0, 0)`,
      ...[id, name, job.tenant ?? null, now],
    ),
  );
  return id;
}

/** Deletes runs that ended before `before` (ms since 1970), and remembers that their scheduled times are done. */
export async function prune(
  connection: Connection,
  { runs, output, schedules }: Tables,
  before: number,
): Promise<void> {
  const isOld = `state IN ('succeeded', 'failed', 'skipped') AND ended_at < $1`;
  await connection.transaction("Removing old runs", async ({ run }) => {
    await run(
      `UPDATE ${schedules} SET pruned = coalesce((SELECT max(slot) FROM ${runs} WHERE schedule = name AND ${isOld}), pruned)
       WHERE EXISTS (SELECT 1 FROM ${runs} WHERE schedule = name AND slot > pruned AND ${isOld})`,
      before,
    );
    await run(`DELETE FROM ${output} WHERE run IN (SELECT id FROM ${runs} WHERE ${isOld})`, before);
    await run(`DELETE FROM ${runs} WHERE ${isOld}`, before);
  });
}
