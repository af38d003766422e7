import type { Batch, CommitResult, Session, State } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import type { Scope } from "../scope.ts";
import type { StoredValues, Table } from "../table.ts";
import { WrittenRanges } from "../written-ranges.ts";
import { readStates, saveState } from "./bookkeeping.ts";
import type { SqlDatabase } from "./database.ts";
import { madeUpRow } from "./made-up-row.ts";
import { quoted } from "./names.ts";
import { Parameters } from "./parameters.ts";
import { Refusal, refusedRows, type Try } from "./refused-rows.ts";
import { prepareTable } from "./schema.ts";
import { columnOf, scopesSql } from "./scope.ts";
import { textsOf } from "./texts.ts";
import { readPages } from "./transfer.ts";

/** Writes rows to a database and reads them back. Each database has its own. */
export interface RowWriter {
  /**
   * Writes the rows of a batch. Part of the commit's transaction.
   *
   * @param mode `rehearsal`: also the statements that a batch without rows does not need
   */
  write(batch: Batch, mode?: "rehearsal"): Promise<CommitResult>;
  /**
   * Writes rows with all columns, the destination's own included, over those with the same keys. Part of a transaction.
   */
  restore(table: Table, rows: readonly StoredValues[]): Promise<void>;
  /** All rows of a table, ordered by key. @default each page starts after the last key of the previous one */
  pages?(table: Table): AsyncIterable<readonly StoredValues[]>;
}

/** Makes tables durable elsewhere, for an adapter whose database is a working copy that lasts one session. */
export interface Publication {
  /** Fetches the tables' contents before they are prepared. */
  fetch(tables: readonly Table[]): Promise<void>;
  /** Makes the transaction's new columns durable. Everything is written, and takes effect once this resolves. */
  publishTables(tables: readonly Table[]): Promise<void>;
  /** The same for its rows and states. */
  publishBatch(batch: Batch, result: CommitResult): Promise<void>;
  /** The same for restored rows. */
  publishRestored(table: Table): Promise<void>;
}

/** Implements the contract; each call is queued behind the previous one. */
export class SqlSession implements Session {
  readonly #database: SqlDatabase;
  readonly #pipeline: string;
  readonly #writer: RowWriter;
  readonly #publication: Publication | undefined;
  readonly #prepared = new Set<string>();
  readonly #ranges = new WrittenRanges();

  constructor(database: SqlDatabase, pipeline: string, writer: RowWriter, publication?: Publication) {
    this.#database = database;
    this.#pipeline = pipeline;
    this.#writer = writer;
    this.#publication = publication;
  }

  states(): Promise<ReadonlyMap<string, State>> {
    return this.#database.queue("Reading the states", () => readStates(this.#database, this.#pipeline));
  }

  prepare(tables: readonly Table[]): Promise<void> {
    return this.#database.queue(`Preparing ${tables.map((table) => table.name).join(", ")}`, async () => {
      await this.#publication?.fetch(tables);
      await this.#database.transaction(
        async () => {
          for (const table of tables) {
            this.#ranges.forget(table);
            await prepareTable(this.#database, this.#pipeline, table);
          }
        },
        this.#publication && (() => this.#publication?.publishTables(tables)),
      );
      for (const table of tables) this.#prepared.add(table.name);
    });
  }

  async rehearse(tables: readonly Table[]): Promise<void> {
    const doing = `Preparing ${tables.map((table) => table.name).join(", ")}`;
    await this.#database.queue(doing, async () => this.#publication?.fetch(tables));
    await this.#undone(doing, async () => {
      for (const table of tables) await prepareTable(this.#database, this.#pipeline, table);
      for (const table of tables) {
        const nothing = { [table.primaryKey[0] as string]: { in: [] } };
        const state = { version: 1, value: null };
        await this.#writer.write({ table, replace: [{ scope: nothing, rows: [] }], state }, "rehearsal");
        await saveState(this.#database, this.#pipeline, `rehearsal of ${table.name}`, table.name, state);
      }
    });
    for (const table of tables) await this.#rehearseRow(table);
  }

  /** Stores a made-up row. A table may well reject it, and take what a sync brings; but it must not drop it silently. */
  async #rehearseRow(table: Table): Promise<void> {
    const state = { version: 1, value: null };
    await this.#undone(`Storing ${table.name}`, async () => {
      await prepareTable(this.#database, this.#pipeline, table);
      await this.#writer.write({ table, upserts: [madeUpRow(table)], state });
    }).catch((error) => {
      if (error instanceof DestinationError && error.code === "ROWS_LOST") throw error;
    });
  }

  async count<T extends Table>(table: T, scope: Scope<T>): Promise<number> {
    const [found] = await this.#select(table, scope, "count(*) AS _count");
    return Number(found?._count ?? 0);
  }

  async countBy<T extends Table>(table: T, scope: Scope<T>, columns: readonly (keyof T["columns"] & string)[]) {
    for (const column of columns) columnOf(table, column);
    const names = columns.map(quoted).join(", ");
    // The count comes first and under a unique name, so that a column called "count" causes no conflict.
    const rows = await this.#select(
      table,
      scope,
      `count(*) AS _count${names && `, ${names}`}`,
      names && `GROUP BY ${names}`,
    );
    return rows.flatMap(({ _count, ...values }) => (_count === 0 ? [] : [{ values, count: Number(_count) }]));
  }

  async keys<T extends Table>(
    table: T,
    scope: Scope<T>,
    columns: readonly (keyof T["columns"] & string)[] = [],
  ): Promise<readonly StoredValues[]> {
    for (const column of columns) columnOf(table, column);
    return this.#select(table, scope, [...new Set([...table.primaryKey, ...columns])].map(quoted).join(", "));
  }

  async commit(stream: string, batch: Batch): Promise<CommitResult> {
    const { table, replace = [], upserts = [] } = batch;
    try {
      return await this.#store(stream, batch);
    } catch (error) {
      const rows = [...replace.flatMap((each) => each.rows), ...upserts];
      throw await this.#named(error, table, rows, async (some) => {
        await this.#writer.write({ table, upserts: some, state: batch.state });
      });
    }
  }

  #store(stream: string, batch: Batch): Promise<CommitResult> {
    const { name } = batch.table;
    return this.#database.queue(`Storing ${name}`, async () => {
      this.#checkPrepared(name);
      await this.#database.learnTexts?.(textsOf(batch));
      return this.#database.transaction(
        async () => {
          const rest = await this.#withoutEmptyScopes(batch);
          const result = await this.#refusable(batch.table, () => this.#writer.write(rest));
          await saveState(this.#database, this.#pipeline, stream, name, batch.state);
          return result;
        },
        this.#publication && ((result) => this.#publication?.publishBatch(batch, result)),
      );
    });
  }

  /** Turns scopes in which the table has no row into mere rows: there is nothing to be marked as deleted. */
  async #withoutEmptyScopes(batch: Batch): Promise<Batch> {
    const { table, replace = [], upserts = [] } = batch;
    const scopes = replace.map(({ scope }) => scope);
    for (const name of this.#ranges.unknown(table, scopes)) {
      const column = columnOf(table, name);
      const [low, high] = ["min", "max"].map((bound) => `${bound}(${quoted(name)})`);
      const [range] = await this.#database.read(
        `SELECT ${low} AS low, ${high} AS high FROM ${this.#database.names.table(table.name)}`,
        new Parameters(),
        { low: column, high: column },
      );
      this.#ranges.learn(table, name, { low: range?.low ?? null, high: range?.high ?? null });
    }
    const left = scopes.filter((scope) => !this.#ranges.excludes(table, scope));
    // In the same order: of rows with the same key, the last wins.
    const rows = [...replace.flatMap((each) => each.rows), ...upserts];
    this.#ranges.add(table, rows);
    if (left.length === scopes.length) return batch;
    return { ...batch, replace: left.map((scope) => ({ scope, rows: [] })), upserts: rows };
  }

  rows(table: Table): AsyncIterable<readonly StoredValues[]> {
    this.#checkPrepared(table.name);
    return this.#writer.pages?.(table) ?? readPages(this.#database, table);
  }

  async restore(table: Table, rows: readonly StoredValues[]): Promise<void> {
    try {
      await this.#restore(table, rows);
    } catch (error) {
      throw await this.#named(error, table, rows, (some) => this.#writer.restore(table, some));
    }
  }

  #restore(table: Table, rows: readonly StoredValues[]): Promise<void> {
    return this.#database.queue(`Storing ${table.name}`, async () => {
      this.#checkPrepared(table.name);
      if (rows.length === 0) return;
      this.#ranges.forget(table);
      await this.#database.learnTexts?.(textsOf({ upserts: rows }));
      await this.#database.transaction(
        () => this.#refusable(table, () => this.#writer.restore(table, rows)),
        this.#publication && (() => this.#publication?.publishRestored(table)),
      );
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #select(table: Table, scope: Scope, columns: string, rest = ""): Promise<StoredValues[]> {
    return this.#database.queue(`Reading ${table.name}`, async () => {
      this.#checkPrepared(table.name);
      await this.#database.learnTexts?.(textsOf({ replace: [{ scope, rows: [] }] }));
      const parameters = new Parameters();
      const where = scopesSql(this.#database.dialect, table, [scope], parameters);
      if (this.#ranges.excludes(table, scope)) return [];
      return this.#database.read(
        `SELECT ${columns} FROM ${this.#database.names.table(table.name)} WHERE _deleted_at IS NULL AND (${where}) ${rest}`,
        parameters,
        table.columns,
      );
    });
  }

  /** Writes rows. @throws Refusal with the database's message about one of them, without saying which */
  async #refusable<T>({ name }: Table, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (cause) {
      const reason = this.#database.refusalOf(cause);
      throw reason === undefined ? cause : new Refusal(`Storing ${name} in ${this.#database.place}`, reason, cause);
    }
  }

  /** Returns the same error, but a refusal as one that names the rows. */
  #named<R extends StoredValues>(error: unknown, table: Table, rows: readonly R[], write: Try<R>): unknown {
    if (!(error instanceof Refusal)) return error;
    return refusedRows(table, rows, error, (some) =>
      this.#undone(`Storing ${table.name}`, () => this.#refusable(table, () => write(some))),
    );
  }

  /** Does some work in a transaction that is rolled back. */
  async #undone(doing: string, work: () => Promise<unknown>): Promise<void> {
    const undo = new DestinationError("FAILED", `${doing} was only a rehearsal.`);
    await this.#database
      .queue(doing, () =>
        this.#database.transaction(async () => {
          await work();
          throw undo;
        }),
      )
      .catch((error) => {
        if (error !== undo) throw error;
      });
  }

  #checkPrepared(table: string): void {
    if (this.#prepared.has(table)) return;
    throw new DestinationError("FAILED", `Table ${table} is not prepared in this session: call prepare first.`);
  }
}
