/** Makes a transaction of the working copy durable: a data file with what changed, then the manifest that names it. */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Batch, CommitResult } from "../destination.ts";
import { list } from "../duckdb/scope.ts";
import type { Elsewhere } from "../duckdb/session.ts";
import { literal, Parameters, quoted } from "../duckdb/sql.ts";
import { databaseTypes } from "../duckdb/values.ts";
import { DestinationError } from "../errors.ts";
import type { ColumnType, StoredRow, Table } from "../table.ts";
import type { Chain } from "./chain.ts";
import { copySql, extensionOf, type FileColumn, type FileFormat, formatOf } from "./formats.ts";
import { type DataFile, type ManifestState, type ManifestTable, tableFolder } from "./manifest.ts";
import { describeFile, fillTable, type Scratch } from "./scratch.ts";
import type { PipelineWriter } from "./writer.ts";

export interface PublisherOptions {
  readonly format: FileFormat;
  /** How long files stay after others took their place, in ms. */
  readonly graceMs: number;
  readonly signal: AbortSignal | undefined;
}

export class Publisher implements Elsewhere {
  readonly #scratch: Scratch;
  readonly #chain: Chain;
  readonly #writer: PipelineWriter;
  readonly #options: PublisherOptions;
  readonly #filled = new Set<string>();
  /** The last transaction that was published. */
  #published: string | undefined;

  constructor(scratch: Scratch, chain: Chain, writer: PipelineWriter, options: PublisherOptions) {
    this.#scratch = scratch;
    this.#chain = chain;
    this.#writer = writer;
    this.#options = options;
  }

  async fetch(tables: readonly Pick<Table, "name">[]): Promise<void> {
    for (const { name } of tables) {
      const table = this.#chain.latest.tables[name];
      if (this.#filled.has(name) || table?.pipeline !== this.#writer.pipeline) continue;
      await fillTable(this.#scratch, this.#chain.store, name, table, this.#options.signal);
      this.#filled.add(name);
    }
  }

  async publishTables(tables: readonly Table[]): Promise<void> {
    const changed: Record<string, ManifestTable> = {};
    for (const { name, primaryKey } of tables) {
      const columns = await this.#columns(name);
      const known = this.#chain.latest.tables[name];
      if (known && JSON.stringify(known.columns) === JSON.stringify(columns)) continue;
      const { pipeline } = this.#writer;
      const table = { pipeline, primaryKey, files: [], retired: [], ...known, columns };
      // All files of a table have the same columns: nobody who reads them has to know how they grew.
      changed[name] = table.files.length > 0 ? await this.#rewritten(name, table) : table;
    }
    if (Object.keys(changed).length > 0) await this.#publish(changed);
    for (const { name } of tables) this.#filled.add(name);
  }

  async publishBatch({ table: { name }, remove = [] }: Batch, result: CommitResult): Promise<void> {
    const table = this.#chain.latest.tables[name] as ManifestTable;
    const { inserted, updated, deleted, removed } = result;
    if (inserted + updated + deleted + removed === 0) return this.#publish({});
    if (this.#isDue(table)) return this.#publish({ [name]: await this.#rewritten(name, table) });
    const changes = await this.#changes(name, table, removed > 0 ? remove : []);
    const file = await this.#write(name, table.columns, changes);
    return this.#publish({ [name]: { ...table, files: [...table.files, file] } });
  }

  /** Writes a filled table as one file, and sweeps its folder. Part of a transaction. */
  async compact(name: string): Promise<void> {
    const table = this.#chain.latest.tables[name] as ManifestTable;
    const { files } = table;
    const rewrite = files.length > 1 || files.some(({ path }) => formatOf(path) !== this.#options.format);
    await this.#publish({
      [name]: rewrite ? await this.#rewritten(name, table) : { ...table, retired: this.#recent(table) },
    });
  }

  /**
   * Whether the next change is better written with all that is there. A table is rewritten once the changes weigh half of
   * what they change, so all rewriting together costs a few times the table however long it grows.
   */
  #isDue({ files: [base, ...changes] }: ManifestTable): boolean {
    if (!base) return false;
    if (formatOf(base.path) !== this.#options.format) return true;
    const rows = changes.reduce((sum, file) => sum + file.rows, 0);
    return changes.length >= mostChanges || (changes.length >= fewChanges && rows * 2 >= base.rows);
  }

  /** The rows of this transaction: it stamped them with its own time. */
  async #changes(name: string, table: ManifestTable, remove: readonly StoredRow[]): Promise<string> {
    const { database } = this.#scratch;
    const target = database.names.table(name);
    const stamped = `SELECT *, false AS _removed FROM ${target} WHERE _synced_at = now() OR _deleted_at = now()`;
    if (remove.length === 0) return stamped;
    const keys = table.primaryKey.map(quoted).join(", ");
    await database.run(`CREATE OR REPLACE TEMP TABLE _sync_removed AS SELECT ${keys} FROM ${target} LIMIT 0`);
    const parameters = new Parameters();
    const definition = { name, columns: Object.fromEntries(table.columns.map((column) => [column.name, column])) };
    const lists = table.primaryKey.map((column) =>
      list(
        database.driver,
        definition as unknown as Table,
        column,
        remove.map((key) => key[column]),
        parameters,
      ),
    );
    await database.run(
      `INSERT INTO temp.main._sync_removed SELECT DISTINCT * FROM (SELECT ${lists.map((each) => `unnest(${each})`).join(", ")})`,
      parameters.values,
      parameters.types,
    );
    return `${stamped} UNION ALL BY NAME SELECT *, now() AS _synced_at, true AS _removed FROM temp.main._sync_removed`;
  }

  async #rewritten(name: string, table: ManifestTable): Promise<ManifestTable> {
    const query = `SELECT *, false AS _removed FROM ${this.#scratch.database.names.table(name)}`;
    const file = await this.#write(name, table.columns, query);
    const at = new Date().toISOString();
    const retired = [...this.#recent(table), ...table.files.map(({ path }) => ({ path, at }))];
    return { ...table, files: [file], retired };
  }

  #recent({ retired }: ManifestTable): ManifestTable["retired"] {
    return retired.filter(({ at }) => Date.parse(at) > Date.now() - this.#options.graceMs);
  }

  async #write(name: string, columns: readonly FileColumn[], query: string): Promise<DataFile> {
    const { format, signal } = this.#options;
    const number = String(this.#chain.latest.number + 1).padStart(12, "0");
    const file = `${number}-${randomUUID().slice(0, 8)}${extensionOf(format)}`;
    const local = join(this.#scratch.folder, file);
    try {
      const [copied] = await this.#scratch.database.read(copySql(format, query, columns, local));
      const path = `${tableFolder(name)}/${file}`;
      await this.#chain.store.upload(local, path, signal);
      return { path, rows: Number(copied?.Count), ...(await describeFile(local)) };
    } finally {
      await rm(local, { force: true });
    }
  }

  async #publish(tables: Readonly<Record<string, ManifestTable>>): Promise<void> {
    const id = await this.#mark();
    const states = await this.#states();
    // What lies there before the commit and is not named by it never will be: no other writer of this pipeline can come
    // through any more, and a later one writes its files later.
    const { store } = this.#chain;
    const swept = Object.entries(tables).filter(
      ([name, { files }]) => files.length <= 1 && this.#chain.latest.tables[name],
    );
    const lying = (await Promise.all(swept.map(([name]) => store.list(tableFolder(name))))).flat();
    this.#options.signal?.throwIfAborted();
    await this.#writer.append((latest) => {
      for (const name of Object.keys(tables)) this.#checkOwner(name, latest.tables[name]);
      return { tables: { ...latest.tables, ...tables }, pipelines: latest.pipelines, states };
    });
    this.#published = id;
    const named = new Set(swept.flatMap(([, { files, retired }]) => [...files, ...retired].map(({ path }) => path)));
    // What cannot be removed now is removed next time.
    await store.remove(lying.filter((path) => !named.has(path))).catch(() => undefined);
  }

  /**
   * Writes into the working copy which transaction this is. Where the one before is not the one that was published last,
   * a COMMIT failed after its manifest was made: the copy is behind, and all that it says would be wrong.
   */
  async #mark(): Promise<string> {
    const { database } = this.#scratch;
    const table = database.names.table("_sync_published");
    const [found] = await database.read(`SELECT id FROM ${table}`);
    if (found?.id !== this.#published) {
      throw new DestinationError(
        "FAILED",
        `The working copy of ${database.place} is behind what was stored, since its disk was full or failed. Sync again.`,
      );
    }
    const id = randomUUID();
    await database.run(`DELETE FROM ${table}`);
    await database.run(`INSERT INTO ${table} VALUES (${literal(id)})`);
    return id;
  }

  async #states(): Promise<Readonly<Record<string, ManifestState>>> {
    const { database } = this.#scratch;
    const rows = await database.read(
      `SELECT stream, version, value::JSON AS value, to_json(tables) AS tables FROM ${database.names.table("_sync_state")}
       WHERE pipeline = ${literal(this.#writer.pipeline)}`,
    );
    return Object.fromEntries(
      rows.map(({ stream, ...state }) => [stream as string, state as unknown as ManifestState]),
    );
  }

  async #columns(table: string): Promise<FileColumn[]> {
    const rows = await this.#scratch.database.read(
      `SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database()
       AND schema_name = 'main' AND table_name = ${literal(table)} ORDER BY column_index`,
    );
    return rows.map(({ column_name, data_type }) => ({
      name: String(column_name),
      type: (Object.keys(databaseTypes) as ColumnType[]).find((type) => databaseTypes[type] === data_type) ?? "string",
    }));
  }

  /** A table that another pipeline made since this session opened. */
  #checkOwner(name: string, found: ManifestTable | undefined): void {
    if (!found || found.pipeline === this.#writer.pipeline) return;
    throw new DestinationError(
      "OWNED",
      `Table ${name} in ${this.#chain.store.place} belongs to pipeline ${found.pipeline}, so pipeline ` +
        `${this.#writer.pipeline} may not write into it. Choose another place, or sync under the pipeline's name.`,
    );
  }
}

/** Files of changes after which a table may be rewritten, and after which it is. */
const fewChanges = 20;
const mostChanges = 100;
