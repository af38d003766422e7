import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate as breathe, setTimeout as sleep } from "node:timers/promises";
import type { Lease, LeaseDatabase } from "../sql/lease.ts";
import type { Parameters } from "../sql/parameters.ts";
import { WorkQueue } from "../sql/queue.ts";
import { readerPageRows } from "../sql/reader.ts";
import type { Dumped, DumpOptions } from "../sql-reader.ts";
import type { Columns, StoredValues } from "../table.ts";
import { SqliteCatalog } from "./catalog.ts";
import { dialect, names } from "./dialect.ts";
import { type DumpedRow, dumpRows } from "./dump.ts";
import { isBusy, refusalOf, toDestinationError } from "./errors.ts";
import { type SqliteValue, sqliteParameters, writtenValue } from "./values.ts";

/** How long to wait for readers when a session closes, in ms. */
const leaveMs = 300;

/**
 * An open file. SQLite runs on our own thread, so nothing waits inside it: a session that finds the file busy tries
 * again a little later. Otherwise two sessions of one process would wait for each other.
 */
export class SqliteDatabase implements LeaseDatabase {
  readonly place: string;
  readonly names = names;
  readonly dialect = dialect;
  readonly catalog: SqliteCatalog;
  lease: Lease | undefined;
  readonly #file: DatabaseSync;
  readonly #signal: AbortSignal | undefined;
  readonly #waitMs: number;
  readonly #queue: WorkQueue;
  /** Statements of the current transaction, or of the last one: a batch runs the same ones thousands of times. */
  readonly #statements = new Map<string, StatementSync>();
  #usesLog = false;

  /** @param options waitMs: how long to wait for other writers of the file */
  constructor(file: DatabaseSync, place: string, options: { waitMs: number; signal?: AbortSignal | undefined }) {
    this.place = place;
    this.catalog = new SqliteCatalog(this);
    this.#file = file;
    this.#waitMs = options.waitMs;
    this.#signal = options.signal;
    this.#queue = new WorkQueue(place, options.signal, (thrown, doing) => toDestinationError(thrown, place, doing));
  }

  readonly refusalOf = refusalOf;

  queue<T>(doing: string, work: () => Promise<T>): Promise<T> {
    return this.#queue.add(doing, work);
  }

  /** A statement for many rows: its parameters are `?`, in order. Integers are read as `bigint`. */
  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#file.prepare(sql);
    statement.setReadBigInts(true);
    this.#statements.set(sql, statement);
    return statement;
  }

  read(sql: string, parameters?: Parameters, columns: Columns = {}): Promise<StoredValues[]> {
    return this.#patiently(() => {
      const rows = this.prepare(sql).all(sqliteParameters(parameters)) as Record<string, SqliteValue>[];
      return rows.map((row) => writtenRow(row, columns));
    });
  }

  /** The same in pages, on demand. */
  async *pages(sql: string, parameters?: Parameters, columns: Columns = {}): AsyncGenerator<readonly StoredValues[]> {
    const statement = this.#file.prepare(sql);
    checkIsAll(statement.sourceSQL, sql);
    statement.setReadBigInts(true);
    const rows = statement.iterate(sqliteParameters(parameters)) as Iterator<Record<string, SqliteValue>>;
    try {
      for (let page: StoredValues[] = []; ; page = []) {
        const isEnd = await this.#patiently(() => {
          for (let next = rows.next(); !next.done; next = rows.next()) {
            if (page.push(writtenRow(next.value, columns)) >= readerPageRows) return false;
          }
          return true;
        });
        if (page.length > 0) yield page;
        if (isEnd) return;
        await this.breathe();
      }
    } finally {
      rows.return?.();
    }
  }

  /** The same as lines of CSV. */
  dump(sql: string, options: DumpOptions): Promise<Dumped> {
    return dumpRows(sql, options, {
      iterate: (text) => {
        const statement = this.#file.prepare(text);
        // Row objects leave garbage that is collected late, 60 bytes each. Older versions of Node.js have nothing else.
        statement.setReturnArrays?.(true);
        return statement.iterate() as Iterator<DumpedRow>;
      },
      patiently: (work) => this.#patiently(work),
      breathe: () => this.breathe(),
    });
  }

  async freeze(): Promise<void> {
    await this.#patiently(() => this.#file.exec("BEGIN"));
  }

  async thaw(): Promise<void> {
    this.#file.exec("ROLLBACK");
  }

  run(sql: string, parameters?: Parameters): Promise<number> {
    return this.#patiently(() => Number(this.prepare(sql).run(sqliteParameters(parameters)).changes));
  }

  /**
   * Switches to the journal mode in which readers and a writer do not wait for each other, until this file is closed. A
   * session that closes at the same time may switch back, but only before anything was read.
   */
  async useLog(): Promise<void> {
    this.#usesLog = true;
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      await this.#patiently(() => this.#file.exec("PRAGMA journal_mode = WAL; SELECT count(*) FROM sqlite_schema"));
      const mode = this.#file.prepare("PRAGMA journal_mode").get()?.journal_mode;
      // A file system without shared memory does not support this mode.
      if (mode !== "delete") return;
    }
  }

  /**
   * Leaves the file so that it can be read without write permission for it or its folder. If others have it open, that
   * is impossible, and the log's files stay, which is just as good; or the next session does it.
   */
  async #leaveLog(): Promise<void> {
    const deadline = Date.now() + leaveMs;
    while (this.#usesLog) {
      try {
        return this.#file.exec("PRAGMA journal_mode = DELETE");
      } catch (error) {
        if (!isBusy(error) || Date.now() > deadline) return;
        await sleep(20);
      }
    }
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    // The only writer from the start: a reader that wants to write later may find that it is too late.
    await this.#patiently(() => this.#file.exec("BEGIN IMMEDIATE"));
    this.#statements.clear();
    try {
      const result = await work();
      await this.lease?.renew();
      this.#signal?.throwIfAborted();
      // If the file is not in that mode, readers may block it.
      await this.#patiently(() => this.#file.exec("COMMIT"));
      return result;
    } catch (error) {
      try {
        this.#file.exec("ROLLBACK");
      } catch {
        // A full disk may have rolled it back already.
      }
      throw error;
    }
  }

  /** Call it now and then during long work, so that timers run and an abort is noticed. */
  async breathe(): Promise<void> {
    await breathe();
    this.#signal?.throwIfAborted();
  }

  close(): Promise<void> {
    return this.#queue.close(async () => {
      try {
        await this.lease?.giveBack();
      } catch {
        // A lease that was lost, or cannot be written any more, simply expires.
      } finally {
        this.lease?.end();
        await this.#leaveLog();
        this.#file.close();
      }
    });
  }

  async #patiently<T>(work: () => T): Promise<T> {
    const deadline = Date.now() + this.#waitMs;
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || Date.now() > deadline) throw error;
        await sleep(10 + Math.random() * 20);
      }
    }
  }
}

/** SQLite runs the first of several statements and silently ignores the others. @throws Error */
function checkIsAll(statement: string, text: string): void {
  const rest = text.slice(statement.length).replace(/--.*|\/\*[\s\S]*?\*\/|[\s;]/g, "");
  if (rest !== "") throw new Error("there is more than one statement");
}

function writtenRow(row: Readonly<Record<string, SqliteValue>>, columns: Columns): StoredValues {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, writtenValue(columns[name], value)]));
}
