/** Claims due runs, within their limits. */
import type { Connection, Statements } from "@org/destination/connection";
import type { Schedule } from "../schedule.ts";
import type { Tables } from "./tables.ts";

/** A run claimed by this process. */
export interface ClaimedRun {
  readonly id: string;
  readonly schedule: string;
  readonly tenant: string | null;
  /** The scheduled time, in ms since 1970. Null for a manual run. */
  readonly slot: number | null;
  /** Counts from 1, and includes interrupted attempts. */
  readonly attempt: number;
  /** How often it was retried after a failure. */
  readonly retries: number;
}

/** How many queued runs to consider per schedule. */
const MANY = 100;

export interface ClaimOptions {
  /** The claiming process's id, from {@link registerProcess}. */
  readonly process: string;
  /** The enabled schedules. */
  readonly schedules: readonly Schedule[];
  readonly concurrencyPerTenant: number;
  /** In ms since 1970. */
  readonly now: number;
  /** The id of a manual run: claim only this one. @default scheduled runs */
  readonly only?: string | undefined;
}

/**
 * Claims due runs within the limits, in one transaction that only one process can be in at a time. So limits hold across
 * all processes, and no run is claimed twice.
 *
 * @returns undefined if another process has declared this one dead
 */
export async function claimRuns(
  connection: Connection,
  tables: Tables,
  options: ClaimOptions,
): Promise<readonly ClaimedRun[] | undefined> {
  const { runs } = tables;
  const names = options.schedules.map(({ name }) => name);
  if (names.length === 0) return [];
  const values = [options.now, ...names];
  const isDue = `state = 'queued' AND due_at <= $1 AND schedule IN (${names.map((_, index) => `$${index + 2}`).join(", ")})`;
  const [due] = await connection.read(
    "Looking for due runs",
    `SELECT 1 AS due FROM ${runs} WHERE ${isDue} LIMIT 1`,
    ...values,
  );
  if (!due) return [];
  return connection.transaction("Starting runs", async (statements) => {
    const { run, all } = statements;
    await all(`SELECT version FROM ${tables.format} ${connection.forUpdate}`);
    const isAlive = await run(`UPDATE ${tables.processes} SET beat = beat + 1 WHERE id = $1`, options.process);
    if (isAlive === 0) return undefined;
    if (options.only === undefined) await supersede(statements, tables, options);
    const counts = await countOpen(statements, tables);
    const queued = await all(
      // A few per schedule, so that one long queue does not block the others. Retries come first.
      `SELECT id, schedule, tenant, slot, attempt, retries FROM (
         SELECT id, schedule, tenant, slot, attempt, retries, due_at, row_number() OVER (
           PARTITION BY schedule ORDER BY CASE WHEN attempt > 0 THEN 0 ELSE 1 END, due_at, slot) AS place
         FROM ${runs} WHERE ${isDue}) AS ranked
       WHERE place <= ${MANY} ORDER BY due_at, schedule, slot`,
      ...values,
    );
    const claimed: ClaimedRun[] = [];
    for (const row of queued as unknown as ClaimedRun[]) {
      const schedule = options.schedules.find(({ name }) => name === row.schedule);
      const isWanted = options.only === undefined ? row.slot !== null : row.id === options.only;
      if (!schedule || !isWanted || !counts.hasRoom(row, schedule, options.concurrencyPerTenant)) continue;
      counts.add(row);
      await run(
        `UPDATE ${runs} SET state = 'running', process = $1, attempt = attempt + 1, started_at = coalesce(started_at, $2) WHERE id = $3`,
        ...[options.process, options.now, row.id],
      );
      claimed.push({ ...row, attempt: row.attempt + 1 });
    }
    return claimed;
  });
}

/** Skips queued runs that a later due run of the same schedule makes redundant. */
async function supersede({ run }: Statements, { runs }: Tables, { schedules, now }: ClaimOptions): Promise<void> {
  for (const { name } of schedules.filter(({ catchup }) => catchup !== "all")) {
    await run(
      `UPDATE ${runs} SET state = 'skipped', ended_at = $1, reason = 'a later run was due before this one could start'
       WHERE schedule = $2 AND state = 'queued' AND attempt = 0 AND slot <
         (SELECT max(slot) FROM ${runs} WHERE schedule = $2 AND state = 'queued' AND attempt = 0 AND due_at <= $1)`,
      ...[now, name],
    );
  }
}

/** How many runs are open, by schedule, and how many are running, by tenant. */
async function countOpen({ all }: Statements, { runs }: Tables) {
  const open = await all(
    // A run that waits for its retry counts against its schedule, not against its tenant.
    `SELECT schedule, tenant, state, count(*) AS count FROM ${runs}
     WHERE state = 'running' OR (state = 'queued' AND attempt > 0) GROUP BY schedule, tenant, state`,
  );
  const bySchedule = new Map<string, number>();
  const byTenant = new Map<string, number>();
  const add = (map: Map<string, number>, key: string, count: number) => map.set(key, (map.get(key) ?? 0) + count);
  for (const { schedule, tenant, state, count } of open) {
    add(bySchedule, String(schedule), Number(count));
    if (tenant !== null && state === "running") add(byTenant, String(tenant), Number(count));
  }
  return {
    hasRoom({ attempt, tenant }: ClaimedRun, { name, maxConcurrentRuns }: Schedule, perTenant: number): boolean {
      if (tenant !== null && (byTenant.get(tenant) ?? 0) >= perTenant) return false;
      // A retry is already counted.
      return attempt > 0 || (bySchedule.get(name) ?? 0) < maxConcurrentRuns;
    },
    add({ attempt, schedule, tenant }: ClaimedRun): void {
      if (attempt === 0) add(bySchedule, schedule, 1);
      if (tenant !== null) add(byTenant, tenant, 1);
    },
  };
}
