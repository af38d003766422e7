import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { DestinationError } from "../errors.ts";
import type { StoredRow } from "../table.ts";
import type { Driver } from "./driver.ts";
import { toDestinationError } from "./errors.ts";
import type { OpenFile } from "./open.ts";
import type { Names } from "./sql.ts";
import { readRows } from "./values.ts";

/**
 * One open file: carries out one piece of work after the other, ends what is running when the signal aborts, and knows
 * what DuckDB's errors mean.
 */
export class Database {
  readonly driver: Driver;
  readonly names: Names;
  readonly place: string;
  readonly #file: OpenFile;
  readonly #signal: AbortSignal | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(file: OpenFile, place: string, names: Names, signal?: AbortSignal) {
    this.driver = file.driver;
    this.names = names;
    this.place = place;
    this.#file = file;
    this.#signal = signal;
  }

  /**
   * Queues work behind everything that was queued before it.
   *
   * @param doing the beginning of a sentence for errors: `Storing airflow_dags`
   */
  queue<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const closed = this.#closed !== undefined;
    const result = this.#last.then(async () => {
      this.#signal?.throwIfAborted();
      if (closed) throw new DestinationError("FAILED", `${doing} in ${this.place} failed: the session is closed.`);
      try {
        return await work();
      } catch (error) {
        this.#signal?.throwIfAborted();
        throw toDestinationError(error, this.place, doing);
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Runs a statement and returns the number of rows it changed. */
  async run(sql: string, values?: DuckDBValue[], types?: DuckDBType[]): Promise<number> {
    const result = await this.#interruptible(() => this.#file.connection.run(sql, values, types));
    return result.rowsChanged;
  }

  async read(sql: string, values?: DuckDBValue[], types?: DuckDBType[]): Promise<StoredRow[]> {
    return this.#interruptible(async () =>
      readRows(this.driver, await this.#file.connection.stream(sql, values, types), this.#signal),
    );
  }

  /** Fills a temporary table from columns, in DuckDB's own chunks: thirty times as fast as inserting row by row. */
  async append(table: string, types: readonly DuckDBType[], columns: readonly DuckDBValue[][]): Promise<void> {
    const { DuckDBDataChunk } = this.driver;
    const count = columns[0]?.length ?? 0;
    const appender = await this.#file.connection.createAppender(table, "main", "temp");
    try {
      for (let start = 0; start < count; start += chunkRows) {
        const chunk = DuckDBDataChunk.create(types, Math.min(chunkRows, count - start));
        chunk.setColumns(columns.map((column) => column.slice(start, start + chunkRows)));
        appender.appendDataChunk(chunk);
      }
      appender.flushSync();
    } finally {
      appender.closeSync();
    }
  }

  /**
   * All of the work, or nothing of it.
   *
   * @param publish makes the work durable elsewhere: nothing counts where it rejects, and all does once it resolves,
   * whatever becomes of this file
   */
  async transaction<T>(work: () => Promise<T>, publish?: (result: T) => Promise<void> | undefined): Promise<T> {
    const { connection } = this.#file;
    await connection.run("BEGIN");
    try {
      const result = await work();
      this.#signal?.throwIfAborted();
      await publish?.(result);
      // Not interruptible: from here on the answer must be the truth about what is in the file.
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

  /** Waits for what is queued, then closes the file. */
  close(): Promise<void> {
    this.#closed ??= this.#last.then(async () => {
      // Closing does the same, but on the event loop's thread. What cannot be moved now stays in the log, and is safe.
      await this.#file.connection.run("CHECKPOINT").catch(() => undefined);
      this.#file.close();
    });
    return this.#closed;
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

/** The most rows a chunk of DuckDB can hold. */
const chunkRows = 2048;
