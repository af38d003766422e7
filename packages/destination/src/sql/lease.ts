/**
 * Excludes concurrent writers of a pipeline in databases that admit many connections: one row per pipeline says who
 * writes, and until when. Each takeover increments `epoch`, so a writer that was away for too long finds a different
 * number, and writes nothing.
 */
import { DestinationError } from "../errors.ts";
import { createHolder, type Holder, hasEnded, holderName, MOST_CLOCK_DIFFERENCE_MS, releaseHolder } from "../holder.ts";
import { openBookkeeping } from "./bookkeeping.ts";
import type { SqlDatabase } from "./database.ts";
import { Parameters } from "./parameters.ts";

/** A database's SQL for time. The database's clock decides, so the writers' clocks do not matter. */
export interface LeaseSql {
  /** The current time, or the time in so many ms. */
  moment(inMs?: number): string;
  /** The suffix for a SELECT whose rows must not be changed by anyone else. */
  readonly forUpdate: string;
}

/** A database whose transactions end with the renewal of a lease. */
export interface LeaseDatabase extends SqlDatabase {
  lease: Lease | undefined;
}

/**
 * Prepares a newly connected database for a session: its bookkeeping, and the pipeline's lease. Closes the database if
 * that fails.
 */
export async function takeLease(
  database: LeaseDatabase,
  sql: LeaseSql,
  pipeline: string,
  leaseMs: number,
): Promise<void> {
  const lease = new Lease(database, sql, pipeline, leaseMs);
  try {
    await database.queue(`Opening pipeline ${pipeline}`, () =>
      database.transaction(async () => {
        await openBookkeeping(database);
        await lease.take();
      }),
    );
  } catch (error) {
    lease.end();
    await database.close();
    throw error;
  }
  database.lease = lease;
  lease.keep();
}

const columns = { holder: { type: "json", description: "" }, alive: { type: "boolean", description: "" } } as const;

/** A session's right to write to a pipeline. */
export class Lease {
  readonly #database: SqlDatabase;
  readonly #sql: LeaseSql;
  readonly #pipeline: string;
  readonly #leaseMs: number;
  readonly #holder: Holder = createHolder();
  #epoch = 0n;
  #timer: NodeJS.Timeout | undefined;

  constructor(database: SqlDatabase, sql: LeaseSql, pipeline: string, leaseMs: number) {
    this.#database = database;
    this.#sql = sql;
    this.#pipeline = pipeline;
    this.#leaseMs = leaseMs;
  }

  /**
   * Acquires the lease. Part of a transaction.
   *
   * @throws DestinationError `LOCKED` while another session holds it and its process is not known to have ended
   */
  async take(): Promise<void> {
    const { names, dialect, catalog, place } = this.#database;
    const leases = names.table("_sync_leases");
    if (!(await catalog.tables()).has("_sync_leases")) {
      const { string, int64, json, timestamp } = dialect.types;
      await this.#database.run(
        `CREATE TABLE ${leases} (pipeline ${string} PRIMARY KEY, holder ${json}, epoch ${int64} NOT NULL, expires_at ${timestamp} NOT NULL)`,
      );
    }
    const asked = new Parameters();
    await this.#database.run(
      `INSERT INTO ${leases} (pipeline, epoch, expires_at) VALUES (${asked.text(this.#pipeline)}, 0, ${this.#sql.moment()})
       ON CONFLICT (pipeline) DO NOTHING`,
      asked,
    );
    const latest = this.#leaseMs + MOST_CLOCK_DIFFERENCE_MS;
    const [found] = await this.#database.read(
      `SELECT holder, epoch, expires_at > ${this.#sql.moment()} AND expires_at <= ${this.#sql.moment(latest)} AS alive FROM ${leases} WHERE pipeline = $1 ${this.#sql.forUpdate}`,
      asked,
      columns,
    );
    const other = found?.holder as unknown as Holder | null;
    if (other && found?.alive && !hasEnded(other)) {
      throw new DestinationError(
        "LOCKED",
        `Pipeline ${this.#pipeline} in ${place} is being written by ${holderName(other)}. Try again when it has finished.`,
      );
    }
    this.#epoch = BigInt(found?.epoch as number | bigint) + 1n;
    const given = new Parameters();
    await this.#database.run(
      `UPDATE ${leases} SET holder = ${given.add({ type: "json" }, JSON.stringify(this.#holder))},
         epoch = ${given.integer(this.#epoch)}, expires_at = ${this.#sql.moment(this.#leaseMs)}
       WHERE pipeline = ${given.text(this.#pipeline)}`,
      given,
    );
  }

  /**
   * Renews the lease. It is the last statement of every writing transaction: if the lease was lost, nothing of the
   * transaction stays, and no one can take the lease before it has ended.
   *
   * @throws DestinationError `FENCED` if another session took it
   */
  async renew(): Promise<void> {
    if ((await this.#update(this.#sql.moment(this.#leaseMs), "")) > 0) return;
    throw new DestinationError(
      "FENCED",
      `Another session took over pipeline ${this.#pipeline} in ${this.#database.place}, because this one did not renew its lease for ` +
        `${this.#leaseMs / 1000} s. Nothing was stored since then; sync again to resume.`,
    );
  }

  /** Renews the lease every quarter of its duration. If that fails, the next writing transaction says why. */
  keep(): void {
    let underWay = false;
    const renew = async () => {
      if (underWay) return;
      underWay = true;
      await this.#database
        .queue("Renewing the lease", () => this.#database.transaction(async () => {}))
        .catch(() => undefined);
      underWay = false;
    };
    this.#timer = setInterval(renew, this.#leaseMs / 4).unref();
  }

  /** Admits others at once. Part of a transaction. */
  async giveBack(): Promise<void> {
    await this.#update(this.#sql.moment(), ", holder = NULL");
  }

  /** Call it when the session has ended, whether or not the database could be told. */
  end(): void {
    clearInterval(this.#timer);
    releaseHolder(this.#holder);
  }

  #update(expires: string, more: string): Promise<number> {
    const given = new Parameters();
    return this.#database.run(
      `UPDATE ${this.#database.names.table("_sync_leases")} SET expires_at = ${expires}${more}
       WHERE pipeline = ${given.text(this.#pipeline)} AND epoch = ${given.integer(this.#epoch)}`,
      given,
    );
  }
}
