import type { Lease, LeaseDatabase } from "../sql/lease.ts";
import type { Names } from "../sql/names.ts";
import type { Parameters } from "../sql/parameters.ts";
import { WorkQueue } from "../sql/queue.ts";
import type { StoredForm } from "../stored-form.ts";
import type { Column, StoredValues } from "../table.ts";
import { DuckdbCatalog } from "./catalog.ts";
import { dialect } from "./dialect.ts";
import type { Driver } from "./driver.ts";
import { isOutOfMemory, refusalOf, toDestinationError } from "./errors.ts";
import { LargeRows } from "./large-rows.ts";
import { MemoryLimit } from "./memory-limit.ts";
import type { OpenFile } from "./open.ts";
import { driverParameters, driverType, driverValue, readChunks, readRows } from "./values.ts";

/**
 * An open file. Carries out work one piece at a time, interrupts what is running when the signal aborts, and interprets
 * DuckDB's errors.
 */
export class Database implements LeaseDatabase {
  readonly driver: Driver;
  readonly names: Names;
  readonly place: string;
  readonly dialect = dialect;
  readonly catalog: DuckdbCatalog;
  /** Undefined if the user set the limit. */
  readonly memory: MemoryLimit | undefined;
  /** Undefined if the file's layout is not ours to decide. */
  readonly largeRows: LargeRows | undefined;
  /** Set if others may have the database open too. */
  lease: Lease | undefined;
  readonly #file: OpenFile;
  readonly #signal: AbortSignal | undefined;
  readonly #queue: WorkQueue;

  constructor(file: OpenFile, place: string, names: Names, signal?: AbortSignal) {
    this.driver = file.driver;
    this.names = names;
    this.place = place;
    this.catalog = new DuckdbCatalog(this);
    this.largeRows = file.isLocal ? new LargeRows(this) : undefined;
    this.#file = file;
    this.memory = file.memoryLimit === undefined ? undefined : new MemoryLimit(this, file.memoryLimit);
    this.#signal = signal;
    this.#queue = new WorkQueue(place, signal, (thrown, doing) => toDestinationError(thrown, place, doing));
  }

  readonly refusalOf = refusalOf;

  queue<T>(doing: string, work: () => Promise<T>): Promise<T> {
    return this.#queue.add(doing, work);
  }

  async run(sql: string, parameters?: Parameters): Promise<number> {
    const { values, types } = driverParameters(this.driver, parameters);
    const { connection } = this.#file;
    // Without values, the driver runs it at once instead of preparing it.
    const run = () => (values.length > 0 ? connection.run(sql, values, types) : connection.run(sql));
    const result = await this.#interruptible(run);
    return result.rowsChanged;
  }

  async read(sql: string, parameters?: Parameters): Promise<StoredValues[]> {
    const { values, types } = driverParameters(this.driver, parameters);
    return this.#interruptible(async () =>
      readRows(this.driver, await this.#file.connection.stream(sql, values, types), this.#signal),
    );
  }

  /** The same for one statement, in DuckDB's own chunks, on demand. */
  async *pages(sql: string, parameters?: Parameters): AsyncGenerator<readonly StoredValues[]> {
    const { connection } = this.#file;
    const { count } = await connection.extractStatements(sql);
    if (count > 1) throw new Error("there is more than one statement");
    const { values, types } = driverParameters(this.driver, parameters);
    const result = await this.#interruptible(() => connection.stream(sql, values, types));
    const chunks = readChunks(this.driver, result, this.#signal);
    for (;;) {
      const { done, value } = await this.#interruptible(() => chunks.next());
      if (done) return;
      yield value;
    }
  }

  /** Runs a COPY into a file. @returns the number of rows @param onProgress receives the share done so far: 0 to 1 */
  async copy(sql: string, onProgress?: (share: number) => void): Promise<number> {
    const { connection } = this.#file;
    const timer = onProgress && setInterval(() => onProgress(Math.max(0, connection.progress.percentage) / 100), 500);
    try {
      const [copied] = await this.read(sql);
      return Number(copied?.Count);
    } finally {
      clearInterval(timer);
    }
  }

  /** Fills a temporary table from columns, in DuckDB's own chunks: thirty times as fast as inserting row by row. */
  async append(
    table: string,
    columns: readonly Pick<Column, "type">[],
    values: readonly StoredForm[][],
    catalog: string | null = "temp",
  ): Promise<void> {
    const { DuckDBDataChunk } = this.driver;
    const types = columns.map((column) => driverType(this.driver, column));
    const count = values[0]?.length ?? 0;
    const appender = await this.#file.connection.createAppender(table, "main", catalog);
    try {
      const chunk = DuckDBDataChunk.create(types);
      for (let start = 0; start < count; start += chunkRows) {
        const rows = Math.min(chunkRows, count - start);
        chunk.reset();
        chunk.rowCount = rows;
        for (const [index, column] of columns.entries()) {
          const vector = chunk.getColumnVector(index);
          const forms = values[index] as StoredForm[];
          // Converted here, so that the driver's objects live no longer than it takes to copy them.
          for (let row = 0; row < rows; row += 1) {
            vector.setItem(row, driverValue(this.driver, column, forms[start + row] ?? null));
          }
          vector.flush();
        }
        appender.appendDataChunk(chunk);
      }
      // What it holds is not part of V8's heap: V8 may take long to collect it.
      chunk.reset();
      appender.flushSync();
    } finally {
      appender.closeSync();
    }
  }

  /**
   * Commits all of the work, or nothing.
   *
   * @param publish makes the work durable elsewhere: if it rejects, nothing counts; once it resolves, everything does,
   * whatever becomes of this file
   */
  async transaction<T>(work: () => Promise<T>, publish?: (result: T) => Promise<void> | undefined): Promise<T> {
    try {
      return await this.#transaction(work, publish);
    } catch (error) {
      if (!isOutOfMemory(error) || !(await this.memory?.takeAll())) throw error;
      return this.#transaction(work, publish);
    }
  }

  async #transaction<T>(work: () => Promise<T>, publish?: (result: T) => Promise<void> | undefined): Promise<T> {
    const { connection } = this.#file;
    await connection.run("BEGIN");
    try {
      const result = await work();
      await this.lease?.renew();
      this.#signal?.throwIfAborted();
      await publish?.(result);
      // Not interruptible: from here on the result must tell what is really in the file.
      await connection.run("COMMIT").catch((error) => {
        if (!publish) throw error;
      });
      return result;
    } catch (error) {
      // A failed COMMIT has already rolled back, and a full disk may have ended the instance: nothing is left to undo.
      await connection.run("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  /** Waits for queued work, then closes the file. */
  close(): Promise<void> {
    return this.#queue.close(async () => {
      await this.largeRows?.settle().catch(() => undefined);
      await this.lease?.giveBack().catch(() => undefined);
      this.lease?.end();
      // Closing does the same, but on the event loop's thread. What cannot be moved now stays safely in the log.
      await this.#file.connection.run("CHECKPOINT").catch(() => undefined);
      this.#file.close();
    });
  }

  async #interruptible<T>(work: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    const interrupt = () => this.#file.connection.interrupt();
    this.#signal?.addEventListener("abort", interrupt, { once: true });
    try {
      return await work();
    } finally {
      this.#signal?.removeEventListener("abort", interrupt);
    }
  }
}

/** The maximum number of rows in a DuckDB chunk. */
const chunkRows = 2048;
