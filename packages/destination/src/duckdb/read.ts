/** Reads files that no session holds open. Nothing here writes to them. */
import { access, constants, copyFile, rm } from "node:fs/promises";
import { DestinationError } from "../errors.ts";
import { literal, quoted } from "../sql/names.ts";
import type { StoredValues } from "../table.ts";
import { toDestinationError } from "./errors.ts";
import { openFile } from "./open.ts";
import { readRows } from "./values.ts";

const MEMORY_LIMIT = "1GB";

/**
 * Reads from a DuckDB file that no session holds open, for printing results and for tests. Opens the file read-only,
 * and closes it again. Values are returned as they were written (timestamps as UTC text with microseconds, JSON parsed,
 * integers as bigint if a number would round them).
 *
 * @throws DestinationError `LOCKED` during a sync, `NOT_FOUND` if there is no such file.
 */
export async function queryDuckdb(path: string, sql: string): Promise<readonly StoredValues[]> {
  return readDuckdb(path, (query) => query(sql));
}

/** Runs a statement. It may create temporary tables, but changes nothing in a file. */
export type DuckdbQuery = (sql: string) => Promise<readonly StoredValues[]>;

export interface ReadDuckdbOptions {
  /** Further files, by the names under which queries find them: `{ server }` for `server.main.airflow_dags`. */
  readonly beside?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Runs several queries on a file that no session holds open, and on others next to it.
 *
 * @throws DestinationError as {@link queryDuckdb}, or the signal's reason
 */
export async function readDuckdb<T>(
  path: string,
  work: (query: DuckdbQuery) => Promise<T>,
  { beside = {}, signal }: ReadDuckdbOptions = {},
): Promise<T> {
  const place = `duckdb:${path}`;
  const { driver, connection, close } = await openFile(path, place, "a query", options);
  let interrupting: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    // Repeated, because a query that is only about to start does not notice an interrupt.
    interrupting = setInterval(() => connection.interrupt(), 50);
  };
  signal?.addEventListener("abort", interrupt, { once: true });
  const query: DuckdbQuery = async (sql) => {
    signal?.throwIfAborted();
    try {
      return await readRows(driver, await connection.stream(sql), signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw toDestinationError(error, place, "The query");
    }
  };
  try {
    for (const [name, file] of Object.entries(beside)) {
      await query(`ATTACH ${literal(file)} AS ${quoted(name)} (READ_ONLY)`);
    }
    return await work(query);
  } finally {
    signal?.removeEventListener("abort", interrupt);
    clearInterval(interrupting);
    close();
  }
}

/**
 * Copies a DuckDB file that no session holds open, including what is still in its log, as of one moment.
 *
 * @param to a path at which there is no file yet
 * @throws DestinationError as {@link queryDuckdb}, `NO_SPACE`, `NOT_A_DESTINATION` if there is a file
 */
export async function copyDuckdb(path: string, to: string): Promise<void> {
  const place = `duckdb:${path}`;
  const { close } = await openFile(path, place, "a copy", options);
  try {
    await checkFree([to, `${to}.wal`]);
    const made: string[] = [];
    const copy = async (from: string, name: string) => {
      await copyFile(from, name, constants.COPYFILE_EXCL);
      made.push(name);
    };
    try {
      // The log first: on POSIX reading the file releases our lock on it, and a writer may come.
      await copy(`${path}.wal`, `${to}.wal`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
      await copy(path, to);
    } catch (error) {
      for (const name of made) await rm(name, { force: true });
      throw error;
    }
  } catch (error) {
    throw toDestinationError(error, place, "Copying the file");
  } finally {
    close();
  }
}

/** A copy replaces nothing, and a log left next to its path would be taken for its own. */
async function checkFree(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const isFree = await access(name).then(
      () => false,
      () => true,
    );
    if (isFree) continue;
    throw new DestinationError(
      "NOT_A_DESTINATION",
      `The file ${name} is there already, and a copy does not overwrite it. Name another file, or move it away.`,
    );
  }
}

const options = { readOnly: true, memoryLimit: MEMORY_LIMIT } as const;
