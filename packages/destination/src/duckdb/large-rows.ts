/**
 * Keeps memory flat if rows are large.
 *
 * DuckDB reads 2,048 rows of a column at once, whatever their size: 200 MB if each has 100 kB. Only the end of a row
 * group stops it sooner. A checkpoint ends a row group, and the next checkpoint merges small ones. So while rows are
 * large, checkpoints are frequent and merge nothing. Once a table has too many row groups for that, one checkpoint
 * merges them after all, with the memory that it takes.
 */

import { setFlagsFromString } from "node:v8";
import type { Names } from "../sql/names.ts";
import { literal } from "../sql/names.ts";
import type { StoredValues } from "../table.ts";
import type { DuckdbCatalog } from "./catalog.ts";
import type { MemoryLimit } from "./memory-limit.ts";

/** The average size from which rows count as large, in bytes: 2,048 of them are 32 MB. */
const LARGE_ROW = 16 * 1024;

/** Shorter texts are not counted. */
const SHORT_TEXT = 1024;

/** How much is written between two checkpoints while rows are large, and therefore later read at once. */
const CHECKPOINT_BYTES = 4_000_000;

/** Each checkpoint rewrites the metadata of all row groups. This many may be below that size. */
const MOST_SMALL_GROUPS = 200;

/** DuckDB's memory limit then, in bytes: it would fill more with blocks that are never needed again. */
const USUAL_MEMORY = 96_000_000;

/** The number of copies of a batch that are in memory while it is written. */
const COPIES = 4;

/** The number of rows that DuckDB reads at once. */
const VECTOR_ROWS = 2048;

/** DuckDB's default. A text that does not fit into its column's blocks gets its own. */
const BLOCK_BYTES = 256 * 1024;

/** A table's storage in the file, as of its last checkpoint. */
interface StoredRowGroups {
  readonly count: number;
  readonly rows: number;
  /** Upper bound, for texts in blocks of their own. */
  readonly bytes: number;
  /** Lower bound: in each column one block may be nearly empty. */
  readonly leastBytes: number;
  /** The most that is read at once, in bytes. */
  readonly vectorBytes: number;
}

const nothing: StoredRowGroups = { count: 0, rows: 0, bytes: 0, leastBytes: 0, vectorBytes: 0 };

/** The file whose layout is managed. */
interface LaidOut {
  readonly catalog: Pick<DuckdbCatalog, "hasIndex">;
  readonly memory: MemoryLimit | undefined;
  readonly names: Names;
  run(sql: string): Promise<unknown>;
  read(sql: string): Promise<StoredValues[]>;
}

export class LargeRows {
  readonly #database: LaidOut;
  /**
   * The tables written to, and whether DuckDB keeps each one's row groups together, as it does if there is an index.
   */
  readonly #tables = new Map<string, boolean>();
  #areLarge = false;

  /** Whether recently written rows are large. */
  get areLarge(): boolean {
    return this.#areLarge;
  }

  constructor(database: LaidOut) {
    this.#database = database;
  }

  /** Call it before writing rows to a table. */
  async expect(table: string, columns: readonly (readonly unknown[])[]): Promise<void> {
    if (!this.#tables.has(table)) {
      this.#tables.set(table, await this.#database.catalog.hasIndex(table));
      const { rows, leastBytes, vectorBytes } = await this.#stored(table);
      await this.#database.memory?.need(vectorBytes);
      if (leastBytes > rows * LARGE_ROW) await this.#areNow(true);
    }
    const rows = columns[0]?.length ?? 0;
    const bytes = bytesOf(columns);
    if (bytes <= rows * LARGE_ROW) return;
    if (!this.#areLarge) await this.#areNow(true);
    const atOnce = this.#tables.get(table) ? (bytes / rows) * VECTOR_ROWS : COPIES * bytes;
    await this.#database.memory?.need(atOnce);
  }

  /** Call it before the checkpoint at the end of a session. */
  async settle(): Promise<void> {
    if (!this.#areLarge) return;
    const stored = await Promise.all([...this.#tables.keys()].map((table) => this.#stored(table)));
    const tooMany = stored.filter(({ count, bytes }) => count > MOST_SMALL_GROUPS + bytes / CHECKPOINT_BYTES);
    if (tooMany.length === 0) return;
    await this.#database.memory?.need(Math.max(...tooMany.map(({ rows, bytes }) => (bytes / rows) * VECTOR_ROWS)));
    await this.#areNow(false);
  }

  async #areNow(large: boolean): Promise<void> {
    this.#areLarge = large;
    await this.#database.run(`SET max_vacuum_tasks = ${large ? 0 : 100}`);
    if (!large) return;
    collectGarbageSooner();
    await this.#database.memory?.makeUsual(USUAL_MEMORY);
    // Each thread holds what it reads.
    await this.#database.run("SET threads = 1");
    await this.#database.run(`SET checkpoint_threshold = '${CHECKPOINT_BYTES}B'`);
    // Makes threads return freed memory: the system's allocator would keep it all otherwise.
    await this.#database.run("SET allocator_flush_threshold = '1MB'");
  }

  async #stored(table: string): Promise<StoredRowGroups> {
    const name = this.#database.names.table(table);
    // The function's own parser of names does not support quotes in one.
    if (name.includes('""')) return nothing;
    const [found] = await this.#database.read(
      `SELECT count(*) AS count, sum(rows) AS rows, sum(bytes) AS bytes, sum(least_bytes) AS "leastBytes",
         max(bytes * least(1, ${VECTOR_ROWS} / rows)) AS "vectorBytes"
       FROM (SELECT sum(len(additional_block_ids)) * ${BLOCK_BYTES}.0 AS bytes,
               sum(greatest(len(additional_block_ids) - 1, 0)) * ${BLOCK_BYTES}.0 AS least_bytes,
               sum(count) FILTER (column_id = 0 AND segment_type <> 'VALIDITY') AS rows
             FROM pragma_storage_info(${literal(name)}) GROUP BY row_group_id)`,
    );
    const numbers = Object.entries(found ?? {}).map(([name, value]) => [name, Number(value ?? 0)]);
    return { ...nothing, ...Object.fromEntries(numbers) };
  }
}

/**
 * Makes V8 collect garbage sooner, from now on and in the whole process. Texts of this size fill its young generation
 * at once, which would grow by 200 MB, all of it garbage. It costs CPU only while garbage is created at this rate.
 */
function collectGarbageSooner(): void {
  setFlagsFromString("--optimize-for-size");
}

function bytesOf(columns: readonly (readonly unknown[])[]): number {
  let bytes = 0;
  for (const values of columns) {
    for (const value of values) if (typeof value === "string" && value.length > SHORT_TEXT) bytes += value.length;
  }
  return bytes;
}
