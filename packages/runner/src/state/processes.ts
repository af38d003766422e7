/**
 * Heartbeats and leases. Each process increments a counter while it is alive. If the counter has stalled for a lease, or
 * the process is gone from this machine, any other process takes over its runs. Leases are timed by each observer's
 * monotonic clock, never by wall-clock time.
 */
import { randomUUID } from "node:crypto";
import { createHolder, type Holder, hasEnded, releaseHolder } from "@org/destination/adapter";
import type { Connection } from "@org/destination/connection";
import type { Tables } from "./tables.ts";

/** Without a heartbeat for this long, a process counts as dead, in ms. */
export const LEASE = 60_000;

/** A run that was interrupted this often may be what kills its runners, so it fails instead of starting again. */
const MAX_INTERRUPTIONS = 5;

/** This process's registration. */
export interface OwnProcess {
  readonly id: string;
  /** Call after unregistering. */
  forget(): void;
}

export async function registerProcess(connection: Connection, { processes }: Tables): Promise<OwnProcess> {
  const id = randomUUID();
  const holder = createHolder();
  await connection.transaction("Registering this process", ({ run }) =>
    run(`INSERT INTO ${processes} VALUES ($1, $2, 0)`, id, JSON.stringify(holder)),
  );
  return { id, forget: () => releaseHolder(holder) };
}

/** Sends a heartbeat. @returns false if another process has declared this one dead */
export async function beat(connection: Connection, { processes }: Tables, id: string): Promise<boolean> {
  const changed = await connection.transaction("Renewing the lease", ({ run }) =>
    run(`UPDATE ${processes} SET beat = beat + 1 WHERE id = $1`, id),
  );
  return changed > 0;
}

/** Watches the other processes' heartbeats. */
export class Watch {
  readonly #connection: Connection;
  readonly #tables: Tables;
  readonly #seen = new Map<string, { readonly beat: number; readonly at: number }>();

  constructor(connection: Connection, tables: Tables) {
    this.#connection = connection;
    this.#tables = tables;
  }

  /**
   * Takes over the runs of dead processes: scheduled runs are queued again, manual runs fail, since nothing waits for
   * their result any longer.
   *
   * @param passed monotonic time, in ms
   * @param now in ms since 1970
   * @returns how many runs it took over
   */
  async takeOver(passed: number, now: number): Promise<number> {
    const rows = await this.#connection.read(
      "Reading the runners' heartbeats",
      `SELECT id, holder, beat FROM ${this.#tables.processes}`,
    );
    let count = 0;
    for (const row of rows) {
      const [id, found] = [String(row.id), Number(row.beat)];
      const seen = this.#seen.get(id);
      if (seen?.beat !== found) this.#seen.set(id, { beat: found, at: passed });
      const isSilent = seen?.beat === found && passed - seen.at > LEASE;
      if (isSilent || hasEnded(JSON.parse(String(row.holder)) as Holder)) {
        count += await this.#takeFrom(id, found, now);
        this.#seen.delete(id);
      }
    }
    return count;
  }

  #takeFrom(id: string, found: number, now: number): Promise<number> {
    return this.#connection.transaction("Taking over a dead runner's runs", async (statements) => {
      const { processes } = this.#tables;
      // It may have sent a heartbeat since, or another process was faster.
      const isDead = await statements.run(`DELETE FROM ${processes} WHERE id = $1 AND beat = $2`, id, found);
      return isDead ? releaseRuns(statements, this.#tables, id, now) : 0;
    });
  }
}

/** Releases a process's runs: manual ones fail, the others are queued again. Part of a transaction. @returns how many */
async function releaseRuns(
  { run }: Parameters<Parameters<Connection["transaction"]>[1]>[0],
  { runs }: Tables,
  id: string,
  now: number,
): Promise<number> {
  const ended = await run(
    `UPDATE ${runs} SET state = 'failed', ended_at = $1, process = NULL, reason = 'interrupted: its runner ended'
     WHERE process = $2 AND state = 'running' AND (slot IS NULL OR interruptions >= ${MAX_INTERRUPTIONS})`,
    ...[now, id],
  );
  const queued = await run(
    `UPDATE ${runs} SET state = 'queued', due_at = $1, process = NULL, interruptions = interruptions + 1
     WHERE process = $2 AND state = 'running'`,
    ...[now, id],
  );
  return ended + queued;
}

/** Unregisters a process and releases its unfinished runs. */
export async function unregisterProcess(
  connection: Connection,
  tables: Tables,
  id: string,
  now: number,
): Promise<void> {
  await connection.transaction("Unregistering this process", async (statements) => {
    await releaseRuns(statements, tables, id, now);
    await statements.run(`DELETE FROM ${tables.processes} WHERE id = $1`, id);
  });
}
