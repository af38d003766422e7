/** Makes a transaction of the working copy durable: a data file with what changed, then the manifest that names it. */
import { randomUUID } from "node:crypto";
import type { Batch, CommitResult } from "../destination.ts";
import { dialect } from "../duckdb/dialect.ts";
import { DestinationError } from "../errors.ts";
import { literal } from "../sql/names.ts";
import type { Elsewhere } from "../sql/session.ts";
import type { ColumnType, Table } from "../table.ts";
import type { Chain } from "./chain.ts";
import { DataFiles, type DataFilesOptions } from "./data-files.ts";
import type { FileColumn } from "./formats.ts";
import { type ManifestState, type ManifestTable, tableFolder } from "./manifest.ts";
import { fillTable, type Scratch } from "./scratch.ts";
import type { PipelineWriter } from "./writer.ts";

export class Publisher implements Elsewhere {
  readonly #scratch: Scratch;
  readonly #chain: Chain;
  readonly #writer: PipelineWriter;
  readonly #files: DataFiles;
  readonly #signal: AbortSignal | undefined;
  /** Tables that the working copy holds whole. */
  readonly #filled = new Set<string>();
  /** The last transaction that was published. */
  #published: string | undefined;

  constructor(scratch: Scratch, chain: Chain, writer: PipelineWriter, options: DataFilesOptions) {
    this.#scratch = scratch;
    this.#chain = chain;
    this.#writer = writer;
    this.#files = new DataFiles(scratch, chain.store, options);
    this.#signal = options.signal;
  }

  async fetch(tables: readonly Pick<Table, "name">[]): Promise<void> {
    for (const { name } of tables) {
      const entry = this.#chain.latest.tables[name];
      if (this.#filled.has(name) || entry?.pipeline !== this.#writer.pipeline) continue;
      await fillTable(this.#scratch, this.#chain.store, name, entry, this.#signal);
      this.#filled.add(name);
    }
  }

  async publishTables(tables: readonly Table[]): Promise<void> {
    const changed: Record<string, ManifestTable> = {};
    for (const { name, primaryKey } of tables) {
      const columns = await this.#columns(name);
      const known = this.#chain.latest.tables[name];
      if (known && JSON.stringify(known.columns) === JSON.stringify(columns)) continue;
      const entry = { pipeline: this.#writer.pipeline, primaryKey, files: [], retired: [], ...known, columns };
      // All files of a table have the same columns: nobody who reads them has to know how they grew.
      changed[name] = entry.files.length > 0 ? await this.#files.rewrite(name, entry, this.#next) : entry;
    }
    if (Object.keys(changed).length > 0) await this.#publish(changed);
    for (const { name } of tables) this.#filled.add(name);
  }

  async publishBatch({ table, remove = [] }: Batch, result: CommitResult): Promise<void> {
    const { inserted, updated, deleted, removed } = result;
    if (inserted + updated + deleted + removed === 0) return this.#publish({});
    const gone = removed > 0 ? remove : [];
    return this.#publish({ [table.name]: await this.#files.add(table, this.#entry(table.name), this.#next, gone) });
  }

  async publishRestored(table: Table): Promise<void> {
    const entry = await this.#files.addStaged(table, this.#entry(table.name), this.#next);
    return this.#publish({ [table.name]: entry });
  }

  /** Writes a filled table as one file, and sweeps its folder. Part of a transaction. */
  async compact(name: string): Promise<void> {
    await this.#publish({ [name]: await this.#files.compact(name, this.#entry(name), this.#next) });
  }

  get #next(): number {
    return this.#chain.latest.number + 1;
  }

  #entry(name: string): ManifestTable {
    return this.#chain.latest.tables[name] as ManifestTable;
  }

  async #publish(tables: Readonly<Record<string, ManifestTable>>): Promise<void> {
    const { store } = this.#chain;
    const id = await this.#mark();
    const states = await this.#states();
    // Tables that have become one file are swept. What lies there before the commit and is not named by it never
    // will be: no other writer of this pipeline can commit any more, and the next one writes its files later.
    const swept = Object.entries(tables).filter(([, { files }]) => files.length === 1);
    const lying = (await Promise.all(swept.map(([name]) => store.list(tableFolder(name))))).flat();
    // From here on an abort comes too late: the answer must be the truth about what is stored.
    this.#signal?.throwIfAborted();
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
        "NO_SPACE",
        `The working copy of ${database.place} could not follow what was stored: the disk with the folder for temporary ` +
          "files is full, or fails. Make room there and sync again.",
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
      `SELECT stream, version, value::JSON AS value, to_json(tables) AS tables, committed_at AS at
       FROM ${database.names.table("_sync_state")} WHERE pipeline = ${literal(this.#writer.pipeline)}`,
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
      type: (Object.keys(dialect.types) as ColumnType[]).find((type) => dialect.types[type] === data_type) ?? "string",
    }));
  }

  /** For a table that another pipeline made since this session opened. */
  #checkOwner(name: string, found: ManifestTable | undefined): void {
    if (!found || found.pipeline === this.#writer.pipeline) return;
    throw new DestinationError(
      "OWNED",
      `Table ${name} in ${this.#chain.store.place} belongs to pipeline ${found.pipeline}, so pipeline ` +
        `${this.#writer.pipeline} may not write into it. Choose another place, or sync under the pipeline's name.`,
    );
  }
}
