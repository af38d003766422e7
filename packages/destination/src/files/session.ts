import type { Batch, CommitResult, DestinationNotice, Session, State } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import type { Scope } from "../scope.ts";
import { SqlSession } from "../sql/session.ts";
import type { StoredValues, Table } from "../table.ts";
import { Chain } from "./chain.ts";
import type { FileFormat } from "./formats.ts";
import { isWorthKeeping } from "./kept-copy.ts";
import { tableFolder } from "./names.ts";
import { Publisher } from "./publisher.ts";
import { fileRowWriter } from "./row-writer.ts";
import { openScratch, type Scratch } from "./scratch.ts";
import type { Store } from "./store.ts";
import { PipelineWriter } from "./writer.ts";

export interface SessionOptions {
  readonly format: FileFormat;
  readonly leaseMs: number;
  readonly graceMs: number;
  readonly memoryLimit?: string | undefined;
  readonly onNotice: ((notice: DestinationNotice) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A session of the DuckDB adapter in a working copy, which publishes each of its transactions as files. */
export class FilesSession implements Session {
  readonly #duckdb: SqlSession;
  readonly #scratch: Scratch;
  readonly #publisher: Publisher;
  readonly #writer: PipelineWriter;
  readonly #store: Store;
  #closed: Promise<void> | undefined;

  private constructor(scratch: Scratch, chain: Chain, writer: PipelineWriter, options: SessionOptions) {
    this.#scratch = scratch;
    this.#writer = writer;
    this.#store = chain.store;
    this.#publisher = new Publisher(scratch, chain, writer, options);
    const { database } = scratch;
    this.#duckdb = new SqlSession(database, writer.pipeline, fileRowWriter(database, options.format), this.#publisher);
  }

  /** Acquires the pipeline's lease. The session closes the store; if opening fails, nothing does. */
  static async open(store: Store, pipeline: string, options: SessionOptions): Promise<FilesSession> {
    const { signal, leaseMs, memoryLimit } = options;
    const chain = new Chain(store);
    if ((await chain.refresh()).number === 0) await checkEmpty(store);
    signal?.throwIfAborted();
    await store.prepare();
    const writer = await PipelineWriter.take(chain, pipeline, leaseMs);
    try {
      const place = { place: store.place, memoryLimit, signal, mayBeKept: true };
      const scratch = await openScratch(chain.latest, pipeline, place);
      const session = new FilesSession(scratch, chain, writer, options);
      await session.#publisher.collect().catch(async (error) => {
        await scratch.close();
        throw error;
      });
      return session;
    } catch (error) {
      await writer.release();
      throw error;
    }
  }

  states(): Promise<ReadonlyMap<string, State>> {
    return this.#duckdb.states();
  }

  prepare(tables: readonly Table[]): Promise<void> {
    return this.#duckdb.prepare(tables);
  }

  /** In the working copy. Opening the session has already shown that the location is writable. */
  async rehearse(tables: readonly Table[]): Promise<void> {
    for (const { name } of tables) await this.#store.checkFolder(tableFolder(name));
    return this.#duckdb.rehearse(tables);
  }

  count<T extends Table>(table: T, scope: Scope<T>): Promise<number> {
    return this.#duckdb.count(table, scope);
  }

  countBy<T extends Table>(table: T, scope: Scope<T>, columns: readonly (keyof T["columns"] & string)[]) {
    return this.#duckdb.countBy(table, scope, columns);
  }

  keys<T extends Table>(
    table: T,
    scope: Scope<T>,
    columns?: readonly (keyof T["columns"] & string)[],
  ): Promise<readonly StoredValues[]> {
    return this.#duckdb.keys(table, scope, columns);
  }

  commit(stream: string, batch: Batch): Promise<CommitResult> {
    return this.#duckdb.commit(stream, batch);
  }

  rows(table: Table): AsyncIterable<readonly StoredValues[]> {
    return this.#duckdb.rows(table);
  }

  restore(table: Table, rows: readonly StoredValues[]): Promise<void> {
    return this.#duckdb.restore(table, rows);
  }

  /** Rewrites a table as one file that is the whole table, and sweeps its folder. */
  compact(table: string): Promise<void> {
    const { database } = this.#scratch;
    return database.queue(`Compacting ${table}`, async () => {
      await this.#publisher.fetch([{ name: table }]);
      await database.transaction(
        async () => {},
        () => this.#publisher.compact(table),
      );
    });
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#scratch.close(isWorthKeeping(this.#publisher.tables));
      await this.#writer.release(this.#publisher.hasUncommitted);
      this.#store.close();
    })();
    return this.#closed;
  }
}

/** Other people's files must not be mixed with ours. */
async function checkEmpty(store: Store): Promise<void> {
  const other = (await store.names()).find((name) => name !== "_sync");
  if (other === undefined) return;
  throw new DestinationError(
    "NOT_A_DESTINATION",
    `${store.place} contains other files, such as ${other}, but no manifest of a sync. Choose an empty or new folder.`,
  );
}
