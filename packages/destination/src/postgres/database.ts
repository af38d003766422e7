import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client, QueryConfig } from "pg";
import type { Dialect } from "../sql/database.ts";
import { DumpFile } from "../sql/dump-file.ts";
import type { Lease, LeaseDatabase } from "../sql/lease.ts";
import { type Names, namesIn, quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { WorkQueue } from "../sql/queue.ts";
import { readerPageRows } from "../sql/reader.ts";
import type { Dumped, DumpOptions } from "../sql-reader.ts";
import type { StoredValues } from "../table.ts";
import type { Address } from "./address.ts";
import { PostgresCatalog } from "./catalog.ts";
import { connectToAny } from "./connect.ts";
import { dialect } from "./dialect.ts";
import type { Driver } from "./driver.ts";
import { Encoding } from "./encoding.ts";
import { refusalOf, toDestinationError } from "./errors.ts";
import { readSettings } from "./settings.ts";
import { postgresParameters, postgresText, types } from "./values.ts";

export interface ConnectOptions {
  readonly address: Address;
  readonly schema: string;
  /** How long a transaction may be idle before the server ends it, in ms. */
  readonly leaseMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** How long a reader may take between two pages, in ms. */
const readerIdleMs = 600_000;
/** The same in a snapshot, where pages are compressed and uploaded in between. */
const snapshotIdleMs = 3_600_000;
/**
 * PostgreSQL estimates computed results, such as days and durations, at a row or two, and would use nested loops:
 * minutes instead of a second for some 10,000 runs. This makes it use hash joins wherever it can.
 */
const readerSettings = { enable_nestloop: "off" };

/**
 * How else a reader's transaction starts. A reader that disconnects is noticed within a second (from 14 on, on Linux),
 * and its query ends. Privileges to read the server's files, or to stop it, are dropped, since they are not needed
 * here.
 */
const readerLimits = `
  SELECT set_config(name, '1s', true) FROM pg_settings
    WHERE name = 'client_connection_check_interval' AND version() LIKE '%linux%';
  SELECT set_config('row_security', 'off', true), set_config('role', 'pg_read_all_data', true) FROM pg_roles
    WHERE rolname = current_user AND rolsuper AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_read_all_data')`;

/**
 * A connection that is opened on first use, and again after it was lost. Everything runs in transactions, and nothing
 * outlives one, so that a pooler may give each of them another server connection.
 */
export class PostgresDatabase implements LeaseDatabase {
  readonly place: string;
  readonly names: Names;
  readonly dialect: Dialect = {
    ...dialect,
    lacks: (text, type = "string") => this.#encoding?.lacks(postgresText({ type }, text) ?? ""),
  };
  readonly catalog: PostgresCatalog;
  lease: Lease | undefined;
  readonly #driver: Driver;
  readonly #options: ConnectOptions;
  readonly #queue: WorkQueue;
  /** Known after the first query; undefined if every text can be held. */
  #encoding: Encoding | undefined;
  #isEncodingKnown = false;
  #client: Client | undefined;
  /** The connection whose transaction is running. */
  #current: Client | undefined;
  /** The connection whose snapshot all reads share, until it ends. */
  #frozen: Client | undefined;

  constructor(driver: Driver, place: string, options: ConnectOptions) {
    this.place = place;
    this.names = namesIn(options.schema);
    this.catalog = new PostgresCatalog(this);
    this.#driver = driver;
    this.#options = options;
    this.#queue = new WorkQueue(place, options.signal, (thrown, doing) => toDestinationError(thrown, place, doing));
  }

  readonly refusalOf = refusalOf;

  queue<T>(doing: string, work: () => Promise<T>): Promise<T> {
    return this.#queue.add(doing, work);
  }

  transaction<T>(work: () => Promise<T>): Promise<T> {
    return this.#transact(async () => {
      const result = await work();
      await this.lease?.renew();
      return result;
    }, this.#options.signal);
  }

  async read(sql: string, parameters?: Parameters): Promise<StoredValues[]> {
    return this.#within(async (client) => {
      const { rows } = await client.query({ text: sql, values: postgresParameters(parameters), types: types as never });
      return rows as StoredValues[];
    });
  }

  /** A query's rows in pages, on demand, in a read-only transaction. */
  async *pages(sql: string, parameters?: Parameters): AsyncGenerator<readonly StoredValues[]> {
    const { signal } = this.#options;
    const client = await this.#connected(signal);
    const end = () => void client.end().catch(() => undefined);
    signal?.addEventListener("abort", end, { once: true });
    try {
      await this.#beginReading(client);
      const text = `DECLARE _pages NO SCROLL CURSOR FOR ${sql}`;
      // The extended protocol accepts a single statement: otherwise a second one could be COMMIT, and a third one
      // write.
      const config: QueryConfig & { queryMode: "extended" } = {
        text,
        values: postgresParameters(parameters),
        queryMode: "extended",
      };
      await client.query(config);
      for (let isEnd = false; !isEnd; ) {
        const { rows } = await client.query({ text: `FETCH ${readerPageRows} FROM _pages`, types: types as never });
        if (rows.length > 0) yield rows as StoredValues[];
        isEnd = rows.length < readerPageRows;
      }
    } finally {
      signal?.removeEventListener("abort", end);
      await this.#endReading(client, "CLOSE _pages");
    }
  }

  /** A query's rows as lines of CSV, by such a transaction. */
  async dump(sql: string, { file, columns, onRows }: DumpOptions): Promise<Dumped> {
    const { signal } = this.#options;
    const client = await this.#connected(signal);
    const end = () => void client.end().catch(() => undefined);
    signal?.addEventListener("abort", end, { once: true });
    const target = await DumpFile.create(file);
    try {
      await this.#beginReading(client);
      const texts = Object.entries(columns).filter(([, { type }]) => type === "string" || type === "json");
      const quotes = texts.length > 0 ? `, FORCE_QUOTE (${texts.map(([name]) => quoted(name)).join(", ")})` : "";
      const stream = client.query(this.#driver.copyTo(`COPY (${sql}) TO STDOUT (FORMAT csv${quotes})`));
      for await (const text of stream) {
        await target.write(text as Buffer);
        onRows?.(target.lines);
      }
      return { rows: stream.rowCount, lines: target.lines };
    } finally {
      signal?.removeEventListener("abort", end);
      await target.close();
      await this.#endReading(client);
    }
  }

  async freeze(): Promise<void> {
    const client = await this.#connected(this.#options.signal);
    await this.#beginReading(client, snapshotIdleMs);
    this.#frozen = client;
  }

  async thaw(): Promise<void> {
    const client = this.#frozen;
    this.#frozen = undefined;
    if (client) await this.#endReading(client);
  }

  async #beginReading(client: Client, idleMs = readerIdleMs): Promise<void> {
    if (this.#frozen === client) return;
    if (this.#frozen) throw new Error("the connection was lost, and with it what was read");
    await client.query(`${this.#begin("REPEATABLE READ READ ONLY", idleMs, readerSettings)};${readerLimits}`);
  }

  /** @param rest what else there is to end where the transaction goes on */
  async #endReading(client: Client, rest?: string): Promise<void> {
    if (this.#frozen !== client) await client.query("ROLLBACK").catch(() => this.#forget(client));
    else if (rest !== undefined) await client.query(rest).catch(() => undefined);
  }

  async run(sql: string, parameters?: Parameters): Promise<number> {
    return this.#within(async (client) => {
      // Without parameters a text may contain several statements.
      const result = parameters ? await client.query(sql, postgresParameters(parameters)) : await client.query(sql);
      return result.rowCount ?? 0;
    });
  }

  /** Fills a table from lines in COPY's text format. */
  async copy(target: string, lines: Iterable<string>): Promise<void> {
    await this.#within(async (client) => {
      const stream = client.query(this.#driver.copyFrom(`COPY ${target} FROM STDIN`));
      await pipeline(Readable.from(chunks(lines), { objectMode: false }), stream);
    });
  }

  async learnTexts(texts: Iterable<string>): Promise<void> {
    await this.#encoding?.learn(texts, async (text) => {
      const given = new Parameters();
      await this.read(`SELECT ${given.text(text)}::text`, given);
    });
  }

  close(): Promise<void> {
    return this.#queue.close(async () => {
      const { lease } = this;
      // A lease that was already lost simply expires.
      if (lease) await this.#transact(() => lease.giveBack()).catch(() => undefined);
      lease?.end();
      await this.#client?.end().catch(() => undefined);
    });
  }

  /** Reads outside a transaction get their own. */
  #within<T>(work: (client: Client) => Promise<T>): Promise<T> {
    if (this.#current) return work(this.#current);
    return this.#transact(work, this.#options.signal);
  }

  async #transact<T>(work: (client: Client) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const client = await this.#connected(signal);
    // Ends what is running by closing the connection: a cancel request over a second connection does not get through
    // every pooler.
    const end = () => void client.end().catch(() => undefined);
    signal?.addEventListener("abort", end, { once: true });
    this.#current = client;
    try {
      await client.query(this.#begin("READ COMMITTED", this.#options.leaseMs));
      if (!this.#isEncodingKnown) await this.#learnEncoding(client);
      const result = await work(client);
      signal?.throwIfAborted();
      // Not interruptible: from here on the result must tell what is really stored.
      signal?.removeEventListener("abort", end);
      await client.query("COMMIT");
      return result;
    } catch (error) {
      await client.query("ROLLBACK").catch(() => this.#forget(client));
      throw error;
    } finally {
      this.#current = undefined;
      signal?.removeEventListener("abort", end);
    }
  }

  async #learnEncoding(client: Client): Promise<void> {
    const { rows } = await client.query("SELECT getdatabaseencoding() AS name");
    const encoding = new Encoding(String(rows[0].name));
    this.#encoding = encoding.isComplete ? undefined : encoding;
    this.#isEncodingKnown = true;
  }

  /** Each transaction sets what it needs. @param idleMs how long it may be idle, in ms */
  #begin(mode: string, idleMs: number, more: Readonly<Record<string, string>> = {}): string {
    const settings = {
      timezone: "'UTC'",
      datestyle: "'ISO'",
      extra_float_digits: 1,
      standard_conforming_strings: "on",
      // A process that is suspended halfway holds its locks no longer than its lease, so waiting a little longer pays.
      idle_in_transaction_session_timeout: idleMs,
      lock_timeout: 2 * this.#options.leaseMs,
      ...more,
    };
    const set = Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = ${value}`);
    return [`BEGIN ISOLATION LEVEL ${mode}`, ...set].join("; ");
  }

  async #connected(signal?: AbortSignal): Promise<Client> {
    if (this.#client) return this.#client;
    const client = await connectToAny(this.#driver, await readSettings(this.#options.address), signal);
    // The next use after it was lost gets a new one.
    client.on("error", () => this.#forget(client));
    client.on("end", () => this.#forget(client));
    this.#client = client;
    return client;
  }

  #forget(client: Client): void {
    if (this.#client === client) this.#client = undefined;
  }
}

/** Joins lines, since each chunk is a separate message. */
function* chunks(lines: Iterable<string>): Iterable<string> {
  let chunk = "";
  for (const line of lines) {
    chunk += line;
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}
