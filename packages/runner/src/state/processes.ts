/**
 * Who runs jobs. Each process counts a number up while it lives. Whoever sees that the number stands still, by a clock
 * that cannot jump, or that the process is gone from this machine, takes its runs back. The time of day plays no part.
 */
import { randomUUID } from "node:crypto";
import { createHolder, type Holder, hasEnded, releaseHolder } from "@org/destination/adapter";
import type { Connection } from "@org/destination/connection";
import type { Tables } from "./tables.ts";

/** After this time without a sign of life, a process counts as dead, in ms. */
export const LEASE = 60_000;

/** A run that was interrupted more often than this may be what ends the process, and is given up. */
const MOST_INTERRUPTIONS = 5;

/** This process, as others see it. */
export interface OwnProcess {
  readonly id: string;
  /** To be called when it is registered no longer. */
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

/** A sign of life. @returns false where another process took this one for dead */
export async function beat(connection: Connection, { processes }: Tables, id: string): Promise<boolean> {
  const changed = await connection.transaction("Renewing the lease", ({ run }) =>
    run(`UPDATE ${processes} SET beat = beat + 1 WHERE id = $1`, id),
  );
  return changed > 0;
}

/** Watches the other processes. */
export class Watch {
  readonly #connection: Connection;
  readonly #tables: Tables;
  readonly #seen = new Map<string, { readonly beat: number; readonly at: number }>();

  constructor(connection: Connection, tables: Tables) {
    this.#connection = connection;
    this.#tables = tables;
  }

  /**
   * Takes the runs of dead processes back, so that they are run again: those that somebody asked for end, since nobody
   * waits for them any more.
   *
   * @param passed time that passed, in ms, by a clock that does not jump
   * @returns how many runs
   */
  async takeOver(passed: number, now: number): Promise<number> {
    const rows = await this.#connection.read(
      "Looking at other processes",
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
    return this.#connection.transaction("Taking over from a process that ended", async (statements) => {
      const { processes } = this.#tables;
      // It may have given a sign of life since, or others were faster.
      const isDead = await statements.run(`DELETE FROM ${processes} WHERE id = $1 AND beat = $2`, id, found);
      return isDead ? giveBack(statements, this.#tables, id, now) : 0;
    });
  }
}

/** Puts the runs of a process back to where others start them. Part of a transaction. @returns how many */
async function giveBack(
  { run }: Parameters<Parameters<Connection["transaction"]>[1]>[0],
  { runs }: Tables,
  id: string,
  now: number,
): Promise<number> {
  const ended = await run(
    `UPDATE ${runs} SET state = 'failed', ended_at = $1, process = NULL, reason = 'interrupted: its runner ended'
     WHERE process = $2 AND state = 'running' AND (slot IS NULL OR interruptions >= ${MOST_INTERRUPTIONS})`,
    ...[now, id],
  );
  const queued = await run(
    `UPDATE ${runs} SET state = 'queued', due_at = $1, process = NULL, interruptions = interruptions + 1
     WHERE process = $2 AND state = 'running'`,
    ...[now, id],
  );
  return ended + queued;
}

/** Leaves, and gives back what is not done. */
export async function unregisterProcess(
  connection: Connection,
  tables: Tables,
  id: string,
  now: number,
): Promise<void> {
  await connection.transaction("Leaving", async (statements) => {
    await giveBack(statements, tables, id, now);
    await statements.run(`DELETE FROM ${tables.processes} WHERE id = $1`, id);
  });
}
