import type { Batch, CommitResult, Session, State } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import type { Scope } from "../scope.ts";
import type { StoredRow, Table } from "../table.ts";
import { readStates, saveState } from "./bookkeeping.ts";
import { writeRows } from "./commit.ts";
import type { Database } from "./database.ts";
import { prepareTable } from "./schema.ts";
import { checkColumn, scopesSql } from "./scope.ts";
import { Parameters, quoted } from "./sql.ts";
import { readPages, restoreRows } from "./transfer.ts";

/** What the contract asks for, each call queued behind the one before. */
export class DuckdbSession implements Session {
  readonly #database: Database;
  readonly #pipeline: string;
  readonly #prepared = new Set<string>();

  constructor(database: Database, pipeline: string) {
    this.#database = database;
    this.#pipeline = pipeline;
  }

  states(): Promise<ReadonlyMap<string, State>> {
    return this.#database.queue("Reading the states", () => readStates(this.#database, this.#pipeline));
  }

  prepare(tables: readonly Table[]): Promise<void> {
    return this.#database.queue(`Preparing ${tables.map((table) => table.name).join(", ")}`, async () => {
      await this.#database.transaction(async () => {
        for (const table of tables) await prepareTable(this.#database, this.#pipeline, table);
      });
      for (const table of tables) this.#prepared.add(table.name);
    });
  }

  async count<T extends Table>(table: T, scope: Scope<T>): Promise<number> {
    const [found] = await this.#select(table, scope, "count(*) AS count");
    return Number(found?.count);
  }

  async countBy<T extends Table>(table: T, scope: Scope<T>, columns: readonly (keyof T["columns"] & string)[]) {
    for (const column of columns) checkColumn(table, column);
    const names = columns.map(quoted).join(", ");
    // The count comes first and under a name of its own, so that a column called "count" is no trouble.
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
  ): Promise<readonly StoredRow[]> {
    for (const column of columns) checkColumn(table, column);
    return this.#select(table, scope, [...new Set([...table.primaryKey, ...columns])].map(quoted).join(", "));
  }

  commit(stream: string, batch: Batch): Promise<CommitResult> {
    const { name } = batch.table;
    return this.#database.queue(`Storing ${name}`, () => {
      this.#checkPrepared(name);
      return this.#database.transaction(async () => {
        const result = await writeRows(this.#database, batch);
        await saveState(this.#database, this.#pipeline, stream, name, batch.state);
        return result;
      });
    });
  }

  rows(table: Table): AsyncIterable<readonly StoredRow[]> {
    this.#checkPrepared(table.name);
    return readPages(this.#database, table);
  }

  restore(table: Table, rows: readonly StoredRow[]): Promise<void> {
    return this.#database.queue(`Storing ${table.name}`, () => {
      this.#checkPrepared(table.name);
      return this.#database.transaction(() => restoreRows(this.#database, table, rows));
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #select(table: Table, scope: Scope, columns: string, rest = ""): Promise<StoredRow[]> {
    return this.#database.queue(`Reading ${table.name}`, async () => {
      this.#checkPrepared(table.name);
      const parameters = new Parameters();
      const where = scopesSql(this.#database.driver, table, [scope], parameters);
      return this.#database.read(
        `SELECT ${columns} FROM ${this.#database.names.table(table.name)} WHERE _deleted_at IS NULL AND (${where}) ${rest}`,
        parameters.values,
        parameters.types,
      );
    });
  }

  #checkPrepared(table: string): void {
    if (this.#prepared.has(table)) return;
    throw new DestinationError("FAILED", `Table ${table} is not prepared in this session: call prepare first.`);
  }
}
