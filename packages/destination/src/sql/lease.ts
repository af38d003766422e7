/**
 * Keeps the writers of a pipeline apart where the database lets many in: one row for each pipeline says who writes, and
 * until when. Each takeover counts `epoch` up, so that a writer which was away for too long finds a number that is not
 * its own, and writes nothing.
 */
import { DestinationError } from "../errors.ts";
import { createHolder, type Holder, hasEnded, holderName, MOST_CLOCK_DIFFERENCE_MS, releaseHolder } from "../holder.ts";
import { openBookkeeping } from "./bookkeeping.ts";
import type { SqlDatabase } from "./database.ts";
import { Parameters } from "./parameters.ts";

/** How a database tells the time. Its clock decides, so that the clocks of the writers do not matter. */
export interface LeaseSql {
  /** The present moment, or one that comes in so many ms. */
  moment(inMs?: number): string;
  /** Comes behind a SELECT whose rows nobody else may change meanwhile. */
  readonly forUpdate: string;
}

/** A database whose transactions end with the renewal of a lease. */
export interface LeaseDatabase extends SqlDatabase {
  lease: Lease | undefined;
}

/**
 * Makes a database that has just been connected ready for a session: its bookkeeping, and the lease of the pipeline.
 * Where that fails the database is closed.
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

/** A pipeline that this session may write to. */
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
   * Takes the lease. Part of a transaction.
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
   * Makes it last from now on again. The last statement of every transaction that writes, so that nothing of it stays
   * when the lease was lost meanwhile, and nobody can take it before the transaction has ended.
   *
   * @throws DestinationError `FENCED` when another session took it
   */
  async renew(): Promise<void> {
    if ((await this.#update(this.#sql.moment(this.#leaseMs), "")) > 0) return;
    throw new DestinationError(
      "FENCED",
      `Another session took over pipeline ${this.#pipeline} in ${this.#database.place}, because this one did not renew its lease for ` +
        `${this.#leaseMs / 1000} s. Nothing was stored since then; sync again to resume.`,
    );
  }

  /** Renews it every quarter of its time. Where that fails, the next writing transaction says why. */
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

  /** Lets others in at once. Part of a transaction. */
  async giveBack(): Promise<void> {
    await this.#update(this.#sql.moment(), ", holder = NULL");
  }

  /** To be called when the session has ended, whether or not the database could be told. */
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
