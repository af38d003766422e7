/**
 * Keeps memory flat where rows are large.
 *
 * DuckDB reads 2,048 rows of a column at once, whatever they weigh: 200 MB where each has 100 kB. Only the end of a row
 * group stops it sooner. A checkpoint ends one, and the next checkpoint joins the small ones again. So while rows are
 * large, checkpoints are frequent and join nothing. Once a table has too many row groups for that, one checkpoint joins
 * them after all, with the memory that takes.
 */
import { literal } from "../sql/names.ts";
import type { Database } from "./database.ts";

/** From so many bytes on, on average, rows are large: 2,048 of them are 32 MB. */
const LARGE_ROW = 16 * 1024;

/** Shorter texts are not counted. */
const SHORT_TEXT = 1024;

/** How much is written between two checkpoints while rows are large, and so is read at once later. */
const CHECKPOINT_BYTES = 16_000_000;

/** Each checkpoint writes the places of all row groups anew. So many may be smaller than that. */
const MOST_SMALL_GROUPS = 200;

/** Rows that DuckDB reads at once. */
const VECTOR_ROWS = 2048;

/** The default of DuckDB's files. What does not fit into its column's blocks has blocks of its own. */
const BLOCK_BYTES = 256 * 1024;

/** What the file has of a table, as of its last checkpoint. */
interface StoredRowGroups {
  readonly count: number;
  readonly bytes: number;
  /** Bytes of a row on average, of texts in blocks of their own. */
  readonly rowBytes: number;
  /** The most that is read at once, in bytes. */
  readonly vectorBytes: number;
}

export class LargeRows {
  readonly #database: Database;
  /** Those that were written to, and whether DuckDB keeps the row groups of one together: it does so where it has an index. */
  readonly #tables = new Map<string, boolean>();
  #areLarge = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Before rows are written into a table. */
  async expect(table: string, columns: readonly (readonly unknown[])[]): Promise<void> {
    if (!this.#tables.has(table)) {
      this.#tables.set(table, await this.#database.catalog.hasIndex(table));
      const { rowBytes, vectorBytes } = await this.#stored(table);
      await this.#database.needMemory(vectorBytes);
      if (rowBytes > LARGE_ROW) await this.#areNow(true);
    }
    const rows = columns[0]?.length ?? 0;
    const bytes = bytesOf(columns);
    if (bytes <= rows * LARGE_ROW) return;
    if (!this.#areLarge) await this.#areNow(true);
    if (this.#tables.get(table)) await this.#database.needMemory((bytes / rows) * VECTOR_ROWS);
  }

  /** Before the checkpoint at the end of a session. */
  async settle(): Promise<void> {
    if (!this.#areLarge) return;
    const stored = await Promise.all([...this.#tables.keys()].map((table) => this.#stored(table)));
    const tooMany = stored.filter(({ count, bytes }) => count > MOST_SMALL_GROUPS + bytes / CHECKPOINT_BYTES);
    if (tooMany.length === 0) return;
    await this.#database.needMemory(Math.max(...stored.map(({ rowBytes }) => rowBytes * VECTOR_ROWS)));
    await this.#areNow(false);
  }

  async #areNow(large: boolean): Promise<void> {
    this.#areLarge = large;
    await this.#database.run(`SET max_vacuum_tasks = ${large ? 0 : 100}`);
    if (!large) return;
    await this.#database.run(`SET checkpoint_threshold = '${CHECKPOINT_BYTES}B'`);
    // Of what each thread has freed little stays with it: the system's allocator keeps all otherwise.
    await this.#database.run("SET allocator_flush_threshold = '1MB'");
  }

  async #stored(table: string): Promise<StoredRowGroups> {
    const name = this.#database.names.table(table);
    // The function's own parser of names knows no quote in one.
    if (name.includes('""')) return { count: 0, bytes: 0, rowBytes: 0, vectorBytes: 0 };
    const [found] = await this.#database.read(
      `SELECT count(*) AS count, sum(bytes) AS bytes, sum(rows) AS rows,
          max(bytes * least(1, ${VECTOR_ROWS} / rows)) AS vector
       FROM (SELECT sum(len(additional_block_ids)) * ${BLOCK_BYTES}.0 AS bytes,
               sum(count) FILTER (column_id = 0 AND segment_type <> 'VALIDITY') AS rows
             FROM pragma_storage_info(${literal(name)}) GROUP BY row_group_id)`,
    );
    const number = (column: string) => Number(found?.[column] ?? 0);
    const [bytes, rows] = [number("bytes"), number("rows")];
    return { count: number("count"), bytes, rowBytes: rows > 0 ? bytes / rows : 0, vectorBytes: number("vector") };
  }
}

function bytesOf(columns: readonly (readonly unknown[])[]): number {
  let bytes = 0;
  for (const values of columns) {
    for (const value of values) if (typeof value === "string" && value.length > SHORT_TEXT) bytes += value.length;
  }
  return bytes;
}
