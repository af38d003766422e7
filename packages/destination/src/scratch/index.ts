/** Temporary databases: created in a temporary folder, and removed with it once the work is done. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Destination } from "../destination.ts";
import { duckdb } from "../duckdb/index.ts";
import { copyDuckdb, type DuckdbQuery, readDuckdb } from "../duckdb/read.ts";
import { makeTemporaryFolder } from "../files/temporary-folder.ts";

export type { DuckdbQuery } from "../duckdb/read.ts";
export { makeTemporaryFolder } from "../files/temporary-folder.ts";

/** A folder of DuckDB databases. Their names consist of letters. */
export interface Scratch {
  /** A database as a destination, empty at first. */
  database(name: string): Destination;
  /**
   * Creates a database from a DuckDB file's current content. @throws DestinationError `LOCKED` while someone is writing
   * to it
   */
  copyFile(path: string, to: string): Promise<void>;
  /** The same from another database of the folder. */
  copy(from: string, to: string): Promise<void>;
  /**
   * Queries several databases at once, in DuckDB's SQL, by name: `stored.main.airflow_dags`.
   *
   * @throws DestinationError, or the signal's reason
   */
  read<T>(
    names: readonly [string, ...string[]],
    work: (query: DuckdbQuery) => Promise<T>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<T>;
}

/**
 * Runs some work with its own {@link Scratch}, and removes it afterwards.
 *
 * @param prefix of the folder's name
 * @throws DestinationError that names the variable if the temporary folder cannot be used
 */
export async function withScratch<T>(prefix: string, work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const folder = await makeTemporaryFolder(prefix);
  const pathOf = (name: string) => join(folder, `${name}.duckdb`);
  try {
    return await work({
      database: (name) => duckdb(pathOf(name)),
      copyFile: (path, to) => copyDuckdb(path, pathOf(to)),
      copy: (from, to) => copyDuckdb(pathOf(from), pathOf(to)),
      read([first, ...others], work, { signal } = {}) {
        const beside = Object.fromEntries(others.map((name) => [name, pathOf(name)]));
        return readDuckdb(pathOf(first), work, { beside, ...(signal && { signal }) });
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
