/** Starts runs within their limits. */
import type { Connection, Statements } from "@org/destination/connection";
import type { Schedule } from "../schedule.ts";
import type { Tables } from "./tables.ts";

/** A run that this process carries out. */
export interface ClaimedRun {
  readonly id: string;
  readonly schedule: string;
  readonly tenant: string | null;
  /** The moment that it is for, in ms since 1970; null where somebody asked for it. */
  readonly slot: number | null;
  /** Counts from 1, interrupted ones included. */
  readonly attempt: number;
  /** How often it failed and was repeated. */
  readonly retries: number;
}

/** So many queued runs of a schedule are looked at. */
const MANY = 100;

export interface ClaimOptions {
  /** Who claims: see {@link registerProcess}. */
  readonly process: string;
  /** Those that are enabled. */
  readonly schedules: readonly Schedule[];
  readonly concurrencyPerTenant: number;
  /** In ms since 1970. */
  readonly now: number;
  /** Only this run, which somebody asked for. @default those of schedules */
  readonly only?: string | undefined;
}

/**
 * Takes what is due and within the limits. All of it is one transaction, and one process at a time is in it: so limits
 * hold for all of them, and no run is taken twice.
 *
 * @returns undefined where another process took this one for dead
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
      // Some of each schedule, so that a long queue of one holds nobody up; first what is under way and waits for its retry.
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
      const isAsked = options.only === undefined ? row.slot !== null : row.id === options.only;
      if (!schedule || !isAsked || !counts.hasRoom(row, schedule, options.concurrencyPerTenant)) continue;
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

/** A run that waits for its turn while a later one of its schedule is due too would only do the same twice. */
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
    // One that waits for its retry is still its schedule's, and lets its tenant go on.
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
      // One that is repeated counts already.
      return attempt > 0 || (bySchedule.get(name) ?? 0) < maxConcurrentRuns;
    },
    add({ attempt, schedule, tenant }: ClaimedRun): void {
      if (attempt === 0) add(bySchedule, schedule, 1);
      if (tenant !== null) add(byTenant, tenant, 1);
    },
  };
}
