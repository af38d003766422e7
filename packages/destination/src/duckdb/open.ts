/**
 * Opens DuckDB files, one holder at a time.
 *
 * Between processes the operating system's lock on the file decides. Within one process it does not: a second instance
 * of the same file opens without complaint, and on POSIX closing any handle of a file releases the process's lock on
 * it. So a process keeps its own list, and nothing here opens a file on that list, not even to look at its header.
 */
import { randomUUID } from "node:crypto";
import { link, open, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { DestinationError } from "../errors.ts";
import { checkNoLogs, notAFile } from "../side-files.ts";
import { type Driver, loadDriver } from "./driver.ts";
import { locked, toDestinationError } from "./errors.ts";

export interface OpenFile {
  readonly driver: Driver;
  readonly connection: DuckDBConnection;
  /** Whether it is on this machine. */
  readonly isLocal: boolean;
  /** DuckDB's memory limit, in bytes, if it may be raised. */
  readonly memoryLimit: number | undefined;
  /** Opens another connection to the same file, which is closed separately. */
  connect(): Promise<OpenFile>;
  /** Closes the file, so that others can open it right away. */
  close(): void;
}

export interface OpenFileOptions {
  readonly readOnly?: boolean;
  /**
   * DuckDB's memory limit, in its own notation.
   * @default "1GB", and as much as it needs if 2,048 rows are larger than that
   */
  readonly memoryLimit?: string | undefined;
  /** The number of threads that share a query. @default one for each of the machine's processors */
  readonly threads?: number | undefined;
}

const DEFAULT_MEMORY_LIMIT = 1_000_000_000;

// Shared by all copies of this module in the process: a bundle may well contain two.
const key = Symbol.for("@org/destination/duckdb: open files");
const shared = globalThis as { [key]?: Map<string, string> };
shared[key] ??= new Map();
const openFiles: Map<string, string> = shared[key];

/** Whether a path names a MotherDuck database, which several may open at once. */
export const isMotherDuck = (path: string): boolean => path.startsWith("md:");

/** @param holder who opens it, for the message that the next one gets */
export async function openFile(
  path: string,
  place: string,
  holder: string,
  options: OpenFileOptions,
): Promise<OpenFile> {
  const driver = await loadDriver();
  const isFile = path !== ":memory:" && !isMotherDuck(path);
  const file = !isFile
    ? path
    : await locate(path, place, options.readOnly === true).catch((error) => {
        throw toDestinationError(error, place, "Opening the file");
      });
  if (isFile) {
    const other = openFiles.get(file);
    if (other) throw locked(place, `${other}, in this process (${process.pid})`);
    openFiles.set(file, holder);
  }
  const release = () => void openFiles.delete(file);
  try {
    if (isFile && !(await checkHeader(file, place))) {
      await checkNoLogs(file, [".wal"], place);
      await createEmpty(driver, file);
    }
    const instance = await driver.DuckDBInstance.create(file, {
      memory_limit: options.memoryLimit ?? `${DEFAULT_MEMORY_LIMIT}B`,
      // Each checkpoint rewrites the last rows of a table, up to 122,880 of them. With large rows and DuckDB's own 16
      // MB, that would be most of the work and of the memory.
      ...(isFile && { checkpoint_threshold: "128MB" }),
      ...(options.threads !== undefined && { threads: String(options.threads) }),
      ...(options.readOnly && isFile && { access_mode: "READ_ONLY" }),
      // Opening a file must never download code, whatever the file turns out to be. MotherDuck is an extension.
      autoinstall_known_extensions: String(isMotherDuck(path)),
    });
    try {
      const connection = await connectTo(instance);
      const isLocal = !isMotherDuck(path);
      const memoryLimit = options.memoryLimit || !isLocal ? undefined : DEFAULT_MEMORY_LIMIT;
      const close = () => {
        try {
          connection.closeSync();
          instance.closeSync();
        } finally {
          release();
        }
      };
      const connect = async (): Promise<OpenFile> => {
        const another = await connectTo(instance);
        return { driver, connection: another, isLocal, memoryLimit, connect, close: () => another.closeSync() };
      };
      return { driver, connection, isLocal, memoryLimit, connect, close };
    } catch (error) {
      instance.closeSync();
      throw error;
    }
  } catch (error) {
    release();
    throw toDestinationError(error, place, "Opening the file");
  }
}

async function connectTo(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
}

/** The canonical path of a file, however it is reached. */
async function locate(path: string, place: string, mustExist: boolean): Promise<string> {
  const full = resolve(path);
  const found = await stat(full).catch(ifMissing);
  if (found?.isDirectory()) {
    throw new DestinationError(
      "NOT_A_DESTINATION",
      `${place} is a folder. Name a file in it: ${join(path, "sync.duckdb")}`,
    );
  }
  if (found) {
    // A pipe would wait for a writer.
    if (!found.isFile()) throw notAFile(place);
    return realpath(full);
  }
  if (mustExist) throw new DestinationError("NOT_FOUND", `${place} does not exist: there is no file ${full}.`);
  const folder = await realpath(dirname(full)).catch(ifMissing);
  if (folder !== undefined) return join(folder, basename(full));
  throw new DestinationError(
    "NOT_FOUND",
    `${place} cannot be created: the folder ${dirname(full)} does not exist. Create it first, or correct the path.`,
  );
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}

/**
 * Creates a new database, complete or not at all, under another name first. DuckDB writes its three headers one after
 * the other, and a crash or a full disk in between leaves a file that can never be opened again.
 */
async function createEmpty(driver: Driver, file: string): Promise<void> {
  const unfinished = `${file}.${randomUUID()}.new`;
  try {
    const instance = await driver.DuckDBInstance.create(unfinished);
    instance.closeSync();
    // Unlike renaming, this never replaces a file that another process has created since. If it fails (some file
    // systems have no links), DuckDB creates the file itself when it opens it.
    await link(unfinished, file).catch(() => undefined);
  } catch (error) {
    throw new Error(String(error instanceof Error ? error.message : error).replaceAll(unfinished, file), {
      cause: error,
    });
  } finally {
    await rm(unfinished, { force: true });
  }
}

/**
 * DuckDB would try to download an extension for a SQLite file, and calls an empty file broken; this reports it plainly.
 *
 * @returns whether there is a file
 */
async function checkHeader(file: string, place: string): Promise<boolean> {
  const handle = await open(file, "r").catch(ifMissing);
  if (!handle) return false;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(12), 0, 12, 0);
    if (bytesRead === 12 && buffer.toString("latin1", 8, 12) === "DUCK") return true;
  } finally {
    await handle.close();
  }
  throw new DestinationError(
    "NOT_A_DESTINATION",
    `${place} exists, but is not a DuckDB file. Choose another path, or move the file away.`,
  );
}
