/** Data files: which rows the next one contains, and when a table is better rewritten. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sameKey, stage } from "../duckdb/commit.ts";
import { quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { checked, columnOf } from "../sql/scope.ts";
import type { StoredValues, Table } from "../table.ts";
import { copySql, type FileFormat, formatOf } from "./formats.ts";
import type { DataFile, ManifestTable } from "./manifest.ts";
import { dataPath, parseDataPath } from "./names.ts";
import { describeFile, type Scratch } from "./scratch.ts";
import type { Store } from "./store.ts";

export interface DataFilesOptions {
  readonly format: FileFormat;
  /** The writer's session, for the names of the files. */
  readonly session: string;
  readonly signal: AbortSignal | undefined;
}

/** The number of change files from which a table may be rewritten, and from which it is. */
const fewChanges = 20;
const mostChanges = 100;

/**
 * Writes files. Each method is part of a transaction of the working copy, and returns the table's new manifest entry.
 */
export class DataFiles {
  readonly #scratch: Scratch;
  readonly #store: Store;
  readonly #options: DataFilesOptions;
  /**
   * The number in the last file's name. Two files of one session never share a name, even if one of them does not
   * count.
   */
  #last = 0;
  /** Whether files were written since the last commit. */
  #hasUncommitted = false;

  constructor(scratch: Scratch, store: Store, options: DataFilesOptions) {
    this.#scratch = scratch;
    this.#store = store;
    this.#options = options;
  }

  /**
   * Writes this transaction's changes; or the whole table, once the changes reach half of its size, so that all
   * rewriting together costs a few times the table, however long it grows.
   *
   * @param number of the manifest that will name the file: the file's own, or less
   * @param removed keys of rows that were removed without a trace
   */
  async add(
    table: Table,
    entry: ManifestTable,
    number: number,
    removed: readonly StoredValues[],
  ): Promise<ManifestTable> {
    if (this.#isDue(entry)) return this.rewrite(table.name, entry, number);
    const changes = [
      // The transaction stamped its rows with its own time. Each condition alone lets DuckDB skip blocks; with OR it
      // would read the whole table.
      ...["_synced_at = now()", "_deleted_at = now() AND _synced_at <> now()"].map(
        (condition) => `SELECT *, false AS _removed FROM ${this.#target(table.name)} WHERE ${condition}`,
      ),
      ...(removed.length > 0 ? [await this.#markers(table, removed)] : []),
    ];
    const file = await this.#write(table.name, entry, number, changes.join(" UNION ALL BY NAME "));
    return { ...entry, files: [...entry.files, file] };
  }

  /** Writes the rows that this transaction restored: those that were staged. */
  async addStaged(table: Table, entry: ManifestTable, number: number): Promise<ManifestTable> {
    if (this.#isDue(entry)) return this.rewrite(table.name, entry, number);
    const target = this.#target(table.name);
    const query = `SELECT target.*, false AS _removed FROM ${target} AS target
      SEMI JOIN temp.main.${stage} AS source ON ${sameKey(table, "target")}`;
    const file = await this.#write(table.name, entry, number, query);
    return { ...entry, files: [...entry.files, file] };
  }

  /** Rewrites the whole table as one file, which replaces the others. */
  async rewrite(name: string, entry: ManifestTable, number: number): Promise<ManifestTable> {
    const file = await this.#write(name, entry, number, `SELECT *, false AS _removed FROM ${this.#target(name)}`);
    const at = new Date().toISOString();
    const retired = [...entry.retired, ...entry.files.map(({ path }) => ({ path, at }))];
    return { ...entry, files: [file], retired };
  }

  /** Rewrites the whole table if it has more than one file, or one in another format. */
  async compact(name: string, entry: ManifestTable, number: number): Promise<ManifestTable> {
    const isPlain = entry.files.length <= 1 && entry.files.every(({ path }) => formatOf(path) === this.#options.format);
    return isPlain ? entry : this.rewrite(name, entry, number);
  }

  /** Call it once a manifest names what was written. */
  committed(): void {
    this.#hasUncommitted = false;
  }

  /** Whether there may be files that no manifest names. */
  get hasUncommitted(): boolean {
    return this.#hasUncommitted;
  }

  #isDue({ files: [base, ...changes] }: ManifestTable): boolean {
    if (!base) return false;
    if (formatOf(base.path) !== this.#options.format) return true;
    const rows = changes.reduce((sum, file) => sum + file.rows, 0);
    return changes.length >= mostChanges || (changes.length >= fewChanges && rows * 2 >= base.rows);
  }

  /** A query with a row for each removed key, marked as removed. */
  async #markers(table: Table, removed: readonly StoredValues[]): Promise<string> {
    const { database } = this.#scratch;
    const keys = table.primaryKey.map(quoted).join(", ");
    await database.run(
      `CREATE OR REPLACE TEMP TABLE _sync_removed AS SELECT ${keys} FROM ${this.#target(table.name)} LIMIT 0`,
    );
    const parameters = new Parameters();
    const lists = table.primaryKey.map((column) => {
      const values = removed.map((key) => checked(table, column, key[column]));
      return `unnest(${parameters.add(columnOf(table, column), values)})`;
    });
    await database.run(
      `INSERT INTO temp.main._sync_removed SELECT DISTINCT * FROM (SELECT ${lists.join(", ")})`,
      parameters,
    );
    return "SELECT *, now() AS _synced_at, true AS _removed FROM temp.main._sync_removed";
  }

  async #write(name: string, { columns, files }: ManifestTable, number: number, query: string): Promise<DataFile> {
    const { format, session, signal } = this.#options;
    const others = files.map(({ path }) => parseDataPath(name, path)?.number ?? 0);
    this.#last = Math.max(number, ...[this.#last, ...others].map((other) => other + 1));
    const path = dataPath(name, this.#last, session, format);
    const local = join(this.#scratch.folder, path.slice(path.lastIndexOf("/") + 1));
    try {
      const { database } = this.#scratch;
      const areLarge = database.largeRows?.areLarge;
      const [copied] = await database.read(copySql(format, query, columns, local, areLarge));
      this.#hasUncommitted = true;
      await this.#store.upload(local, path, signal);
      return { path, rows: Number(copied?.Count), ...(await describeFile(local)) };
    } finally {
      await rm(local, { force: true });
    }
  }

  #target(name: string): string {
    return this.#scratch.database.names.table(name);
  }
}
