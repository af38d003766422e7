/**
 * Makes a transaction of the working copy durable: first a data file with the changes, then the manifest that names it.
 */
import { randomUUID } from "node:crypto";
import type { Batch, CommitResult } from "../destination.ts";
import { dialect } from "../duckdb/dialect.ts";
import { DestinationError } from "../errors.ts";
import { literal } from "../sql/names.ts";
import type { Publication } from "../sql/session.ts";
import type { ColumnType, Table } from "../table.ts";
import type { Chain } from "./chain.ts";
import { DataFiles, type DataFilesOptions } from "./data-files.ts";
import type { FileColumn } from "./formats.ts";
import { recordContent } from "./kept-copy.ts";
import type { ManifestState, ManifestTable } from "./manifest.ts";
import { tableFolder } from "./names.ts";
import { fillTable, missingFile, type Scratch } from "./scratch.ts";
import { Sweeper, type SweeperOptions } from "./sweeper.ts";
import type { PipelineWriter } from "./writer.ts";

export class Publisher implements Publication {
  readonly #scratch: Scratch;
  readonly #chain: Chain;
  readonly #writer: PipelineWriter;
  readonly #files: DataFiles;
  readonly #sweeper: Sweeper;
  readonly #graceMs: number;
  readonly #signal: AbortSignal | undefined;
  /** Tables that are complete in the working copy. */
  readonly #filled = new Set<string>();
  /** The last published transaction. */
  #published: string | undefined;

  constructor(
    scratch: Scratch,
    chain: Chain,
    writer: PipelineWriter,
    options: Omit<DataFilesOptions, "session"> & SweeperOptions,
  ) {
    const { session } = writer;
    this.#scratch = scratch;
    this.#chain = chain;
    this.#writer = writer;
    this.#files = new DataFiles(scratch, chain.store, { ...options, session });
    this.#sweeper = new Sweeper(chain.store, session, options);
    this.#graceMs = options.graceMs;
    this.#signal = options.signal;
  }

  /** Whether there may be files that no manifest names. */
  get hasUncommitted(): boolean {
    return this.#files.hasUncommitted;
  }

  /** The pipeline's tables, as last committed. */
  get tables(): readonly ManifestTable[] {
    return Object.values(this.#chain.latest.tables).filter(({ pipeline }) => pipeline === this.#writer.pipeline);
  }

  /**
   * Removes what earlier sessions left when they died. They are fenced off, so their unnamed files will never be named.
   * One that is still alive may yet write a file that it cannot commit, so each is remembered for as long as readers
   * have.
   */
  async collect(): Promise<void> {
    const { abandoned } = this.#writer;
    if (abandoned.length === 0) return;
    let isDone = true;
    for (const [name, entry] of Object.entries(this.#chain.latest.tables)) {
      if (entry.pipeline !== this.#writer.pipeline) continue;
      // A table that cannot be swept now does not keep the others from being synced.
      const swept = await this.#sweeper.sweep(name, entry, { abandoned }).catch(() => undefined);
      isDone = isDone && swept?.isDone === true;
    }
    if (isDone) this.#writer.forget(({ at }) => !(Date.parse(at) > Date.now() - this.#graceMs));
  }

  async fetch(tables: readonly Pick<Table, "name">[]): Promise<void> {
    for (const { name } of tables) {
      const entry = this.#chain.latest.tables[name];
      if (this.#filled.has(name) || entry?.pipeline !== this.#writer.pipeline) continue;
      if (this.#scratch.held.has(name)) await this.#checkFiles(name, entry);
      else await fillTable(this.#scratch, this.#chain.store, name, entry, this.#signal);
      this.#filled.add(name);
    }
  }

  /** Nothing may be added to a table whose files have been removed, even if the working copy still holds it. */
  async #checkFiles(name: string, { files }: ManifestTable): Promise<void> {
    const { store } = this.#chain;
    const present = new Set(await store.list(tableFolder(name)));
    for (const { path } of files) if (!present.has(path)) throw missingFile(path, store.place);
  }

  async publishTables(tables: readonly Table[]): Promise<void> {
    const changed: Record<string, ManifestTable> = {};
    for (const { name, primaryKey } of tables) {
      const columns = await this.#columns(name);
      const known = this.#chain.latest.tables[name];
      const shape = { primaryKey: [...primaryKey], columns };
      if (known && JSON.stringify([known.primaryKey, known.columns]) === JSON.stringify(Object.values(shape))) continue;
      const entry = { pipeline: this.#writer.pipeline, files: [], retired: [], ...known, ...shape };
      // All files of a table have the same columns and key, so readers need no rule for files that differ.
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

  /** Writes a complete table as one file, and sweeps its folder. Part of a transaction. */
  async compact(name: string): Promise<void> {
    await this.#publish({ [name]: await this.#files.compact(name, this.#entry(name), this.#next) });
  }

  get #next(): number {
    return this.#chain.latest.number + 1;
  }

  #entry(name: string): ManifestTable {
    return this.#chain.latest.tables[name] as ManifestTable;
  }

  async #publish(changed: Readonly<Record<string, ManifestTable>>): Promise<void> {
    const id = await this.#mark();
    const states = await this.#states();
    const tables = await this.#swept(changed);
    for (const [name, entry] of Object.entries(tables)) await recordContent(this.#scratch.database, name, entry);
    // From here on an abort comes too late: the result must tell what is really stored.
    this.#signal?.throwIfAborted();
    await this.#writer.append((latest) => {
      for (const name of Object.keys(tables)) this.#checkOwner(name, latest.tables[name]);
      return { tables: { ...latest.tables, ...tables }, pipelines: latest.pipelines, states };
    });
    this.#published = id;
    this.#files.committed();
  }

  /**
   * Sweeps the tables that have become one file. Files replaced earlier are never needed again, so they may be removed
   * before the commit.
   */
  async #swept(tables: Readonly<Record<string, ManifestTable>>): Promise<Readonly<Record<string, ManifestTable>>> {
    const swept = Object.entries(tables).map(async ([name, entry]) => {
      if (entry.files.length !== 1) return [name, entry] as const;
      const latest = this.#chain.latest.tables[name] ?? { files: [], retired: [] };
      const { abandoned } = this.#writer;
      const { retired } = await this.#sweeper.sweep(name, latest, { abandoned, next: entry.files });
      // The latest manifest still reads what this commit replaces; a later commit removes it.
      const gone = new Set(latest.retired.map(({ path }) => path));
      for (const { path } of retired) gone.delete(path);
      return [name, { ...entry, retired: entry.retired.filter(({ path }) => !gone.has(path)) }] as const;
    });
    return Object.fromEntries(await Promise.all(swept));
  }

  /**
   * Records in the working copy which transaction this is. If the previous one is not the last published one, a COMMIT
   * failed after its manifest was created: the copy is outdated, and everything in it would be wrong.
   */
  async #mark(): Promise<string> {
    const { database } = this.#scratch;
    const table = database.names.table("_sync_published");
    const [found] = await database.read(`SELECT id FROM ${table}`);
    if (found?.id !== this.#published) {
      throw new DestinationError(
        "NO_SPACE",
        `The working copy of ${database.place} could not follow what was stored: the disk with the folder for temporary ` +
          "files is full, or failing. Free up space there and sync again.",
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

  /** Rejects a table that another pipeline created since this session opened. */
  #checkOwner(name: string, found: ManifestTable | undefined): void {
    if (!found || found.pipeline === this.#writer.pipeline) return;
    throw new DestinationError(
      "OWNED",
      `Table ${name} in ${this.#chain.store.place} belongs to pipeline ${found.pipeline}, so pipeline ` +
        `${this.#writer.pipeline} may not write into it. Choose another place, or sync under the pipeline's name.`,
    );
  }
}
