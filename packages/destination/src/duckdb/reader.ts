import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { writing } from "../no-space.ts";
import { literal, type Names } from "../sql/names.ts";
import { onlyReading, readerOf } from "../sql/reader.ts";
import type { CopyOptions, ReadOptions, SqlReader } from "../sql-reader.ts";
import { Database } from "./database.ts";
import { isOutOfMemory } from "./errors.ts";
import type { OpenFile } from "./open.ts";

/**
 * Confines all statements to what is open: none may read or write another file. This cannot be undone.
 *
 * @param files others that may be read: those of views
 * @param copyInto a folder that may be written to
 */
export async function keepInside(
  { connection }: OpenFile,
  files: readonly string[] = [],
  copyInto?: string,
): Promise<void> {
  await connection.run(`SET allowed_paths = [${files.map(literal).join(", ")}]`);
  if (copyInto !== undefined) await prepareCopying(connection, copyInto);
  await connection.run("SET enable_external_access = false");
}

/** What DuckDB may take while it writes files, if rows are not large themselves. */
export interface CopyLimits {
  /** Its memory limit. */
  readonly bytes: number;
  readonly threads: number;
}

const defaultLimits: CopyLimits = { bytes: 48_000_000, threads: Math.min(2, availableParallelism()) };

/** Sets the limits. */
export const limitSql = ({ bytes, threads }: CopyLimits) =>
  `SET memory_limit = '${Math.floor(bytes)}B'; SET threads = ${threads}`;

/**
 * Files are written in little memory, however many rows there are: in small groups of rows, in any order, by few threads.
 */
async function prepareCopying(connection: OpenFile["connection"], folder: string): Promise<void> {
  await connection.run(`SET temp_directory = ${literal(join(folder, "spilled"))}`);
  await connection.run(`SET allowed_directories = [${literal(folder)}]`);
  await connection.run("SET preserve_insertion_order = false");
  await connection.run(limitSql(defaultLimits));
}

/**
 * Lowering DuckDB's limit makes it drop what it caches, and return freed memory to the system. It does not do so between
 * queries, and each of its threads has a heap of its own, so without this every file would add to the process's memory.
 */
async function giveBackMemory(database: Database, { bytes, threads }: CopyLimits): Promise<void> {
  for (const limit of [bytes / 8, bytes]) {
    await database.run(limitSql({ bytes: limit, threads })).catch(() => undefined);
  }
}

/** Implements a reader's `copy`, for a database that was granted a folder. */
export function copying(database: Database, limits = defaultLimits): Required<Pick<SqlReader, "copy">> {
  const copy = async (sql: string, { file, format, onProgress }: CopyOptions) => {
    const most = 0.8 * process.availableMemory();
    // DuckDB holds some thousand rows per thread at a time, which may be large: first a single thread gets all of the
    // memory, then twice as much until they fit.
    for (let limit = limits.bytes; ; limit *= 2) {
      try {
        return await writing(file, () => database.copy(`COPY (${sql}) TO ${literal(file)} (${format})`, onProgress));
      } catch (error) {
        if (!isOutOfMemory(error) || limit > 2 * most) throw error;
        await rm(file, { force: true });
        await database.run(limitSql({ bytes: Math.min(limit, most), threads: 1 }));
      }
    }
  };
  return {
    copy: (sql, options) =>
      database.queue("Writing a file", () => copy(sql, options).finally(() => giveBackMemory(database, limits))),
  };
}

/** What readers of a file need. */
interface Source {
  readonly place: string;
  readonly names: Names;
  open(): Promise<OpenFile>;
}

/**
 * Creates readers of a file, each with its own connection. The file is opened once: DuckDB does not allow a process to
 * open it twice.
 */
export function readersOf({ place, names, open }: Source): (options?: ReadOptions) => Promise<SqlReader> {
  let shared: { readonly file: Promise<OpenFile>; readonly copyInto: string | undefined; readers: number } | undefined;
  const take = (copyInto: string | undefined) => {
    // An open file cannot be granted anything more.
    shared ??= { file: openLocked(open, copyInto), copyInto, readers: 0 };
    shared.readers += 1;
    return shared;
  };
  const giveBack = async (own: NonNullable<typeof shared>) => {
    own.readers -= 1;
    if (own.readers > 0) return;
    if (shared === own) shared = undefined;
    await own.file.then((file) => file.close()).catch(() => undefined);
  };
  return async ({ signal, copyInto } = {}) => {
    signal?.throwIfAborted();
    const own = take(copyInto);
    try {
      const database = new Database(await (await own.file).connect(), place, names, signal);
      const canCopy = copyInto !== undefined && own.copyInto === copyInto;
      // The file is opened read-only, but settings and temporary tables would be shared by all readers.
      const reader = { ...onlyReading(readerOf("duckdb", database), place), ...(canCopy && copying(database)) };
      let closing: Promise<void> | undefined;
      const close = () => {
        closing ??= reader.close().finally(() => giveBack(own));
        return closing;
      };
      return { ...reader, close };
    } catch (error) {
      await giveBack(own);
      throw error;
    }
  };
}

async function openLocked(open: Source["open"], copyInto: string | undefined): Promise<OpenFile> {
  const file = await open();
  try {
    await keepInside(file, [], copyInto);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}
