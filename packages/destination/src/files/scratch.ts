/**
 * A session's working copy: its own DuckDB file, with the prepared tables as the data files have them. The DuckDB adapter
 * does the merging, counting and key lookups there.
 */
import { createHash } from "node:crypto";
import { lstat, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "../duckdb/database.ts";
import { dialect } from "../duckdb/dialect.ts";
import { openFile } from "../duckdb/open.ts";
import { DestinationError } from "../errors.ts";
import { openBookkeeping } from "../sql/bookkeeping.ts";
import { namesIn, quoted } from "../sql/names.ts";
import { Parameters } from "../sql/parameters.ts";
import { readSql } from "./formats.ts";
import { copyFileName, dropOthers, isOutdatedCopy, keep, keptName, recordContent, takeKept } from "./kept-copy.ts";
import type { DataFile, Manifest, ManifestTable } from "./manifest.ts";
import type { Store } from "./store.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

export interface Scratch {
  readonly database: Database;
  /** The folder of files that are being written or read. */
  readonly folder: string;
  /** The tables that it held from the beginning, as the manifest has them. */
  readonly held: ReadonlySet<string>;
  /** Removes everything, or keeps the copy for the next session. Never throws. */
  close(keepIt?: boolean): Promise<void>;
}

export interface ScratchOptions {
  readonly place: string;
  readonly memoryLimit: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Whether to continue with the copy of an earlier session. */
  readonly mayBeKept?: boolean;
}

/** A working copy with the pipeline's states. Its tables are empty, except for those that it still holds. */
export async function openScratch(manifest: Manifest, pipeline: string, options: ScratchOptions): Promise<Scratch> {
  await removeAbandoned();
  if (options.mayBeKept) {
    const folder = await makeTemporaryFolder(`${prefix}${process.pid}-`);
    try {
      if (await takeKept(keptName(options.place, pipeline), folder)) {
        return await openIn(folder, manifest, pipeline, options);
      }
    } catch {
      // Whatever is wrong with it, or whichever DuckDB wrote it, a new one serves as well.
      options.signal?.throwIfAborted();
    }
    await rm(folder, { recursive: true, force: true });
  }
  return openIn(await makeTemporaryFolder(`${prefix}${process.pid}-`), manifest, pipeline, options);
}

async function openIn(
  folder: string,
  manifest: Manifest,
  pipeline: string,
  { place, memoryLimit, signal }: ScratchOptions,
): Promise<Scratch> {
  let database: Database | undefined;
  const close = async (keepIt = false) => {
    const isClosed = await database?.close().then(
      () => true,
      () => false,
    );
    if (keepIt && isClosed) return keep(folder, keptName(place, pipeline));
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  };
  try {
    const file = await openFile(join(folder, copyFileName), place, `pipeline ${pipeline}`, { memoryLimit });
    const opened = new Database(file, place, namesIn("main"), signal);
    database = opened;
    const held = await opened.queue("Opening the working copy", async () => {
      // Preserving the order of rows would need all of them in memory. Files guarantee no order.
      await opened.run("SET preserve_insertion_order = false");
      const found = await opened.transaction(() => dropOthers(opened, manifest.tables));
      await opened.transaction(async () => {
        await openBookkeeping(opened);
        await copyBookkeeping(opened, manifest, pipeline, found);
      });
      return found;
    });
    return { database, folder, held, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function copyBookkeeping(
  database: Database,
  manifest: Manifest,
  pipeline: string,
  held: ReadonlySet<string>,
): Promise<void> {
  const { names } = database;
  await database.run(`CREATE TABLE ${names.table("_sync_published")} (id VARCHAR)`);
  for (const [name, table] of Object.entries(manifest.tables)) {
    const columns = table.columns.map((column) => `${quoted(column.name)} ${dialect.types[column.type]}`);
    if (!held.has(name)) await database.run(`CREATE TABLE ${names.table(name)} (${columns.join(", ")})`);
    const given = new Parameters();
    const values = [name, table.pipeline, JSON.stringify(table.primaryKey)].map((text) => given.text(text));
    await database.run(`INSERT INTO ${names.table("_sync_tables")} VALUES (${values.join(", ")}, now())`, given);
  }
  for (const [stream, state] of Object.entries(manifest.pipelines[pipeline]?.states ?? {})) {
    const given = new Parameters();
    const values = [
      given.text(pipeline),
      given.text(stream),
      given.integer(state.version),
      given.text(JSON.stringify(state.value)),
      given.add({ type: "string" }, [...state.tables]),
      `${given.text(state.at)}::TIMESTAMPTZ`,
    ];
    await database.run(`INSERT INTO ${names.table("_sync_state")} VALUES (${values.join(", ")})`, given);
  }
}

/**
 * Fills an empty table of the working copy: the first file's rows that no later file replaces, and the latest of the
 * others.
 */
export async function fillTable(
  { database, folder }: Scratch,
  store: Store,
  name: string,
  entry: ManifestTable,
  signal?: AbortSignal,
): Promise<void> {
  const { files, columns, primaryKey } = entry;
  const local = files.map(({ path }) => join(folder, path.slice(path.lastIndexOf("/") + 1)));
  for (const [index, file] of files.entries()) await fetchFile(store, file, local[index] as string, signal);
  const [base, ...changes] = local;
  if (base === undefined) return;
  const key = primaryKey.map(quoted).join(", ");
  const insert = (rows: string) =>
    database.run(
      `INSERT INTO ${database.names.table(name)} BY NAME
       SELECT * EXCLUDE (_removed, _file) FROM (${rows}) WHERE NOT _removed`,
    );
  const oldRows = readSql([base], columns);
  await database.transaction(async () => {
    await recordContent(database, name, entry);
    if (changes.length === 0) return insert(oldRows);
    const newRows = readSql(changes, columns);
    await insert(`SELECT * FROM (${oldRows}) ANTI JOIN (SELECT ${key} FROM (${newRows})) USING (${key})`);
    const latest = `row_number() OVER (PARTITION BY ${key} ORDER BY _file DESC) = 1`;
    return insert(`SELECT * FROM (${newRows}) QUALIFY ${latest}`);
  });
  for (const file of local) await rm(file);
}

async function fetchFile(store: Store, file: DataFile, local: string, signal?: AbortSignal): Promise<void> {
  if (!(await store.download(file.path, local, signal))) throw missingFile(file.path, store.place);
  const found = await describeFile(local);
  if (found.bytes !== file.bytes) {
    throw broken(file.path, store.place, `has ${found.bytes} bytes instead of the ${file.bytes} that were written`);
  }
  if (found.sha256 !== file.sha256) throw broken(file.path, store.place, "was changed: its SHA-256 differs");
}

export const missingFile = (path: string, place: string) =>
  broken(path, place, "is missing, and with it a part of its table");

const broken = (path: string, place: string, reason: string) =>
  new DestinationError(
    "INVALID_STATE",
    `The data file ${path} in ${place} ${reason}. Restore it, or sync into a new place.`,
  );

/** A manifest's entry for a file, derived from the file itself. */
export async function describeFile(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  const handle = await open(file);
  try {
    // One buffer: those of a stream pile up faster than they are collected.
    const buffer = Buffer.allocUnsafe(1 << 20);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return { bytes, sha256: hash.digest("hex") };
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

const prefix = "files-destination-";

/** Matches the contents of a working copy: its database with DuckDB's side files, and data files. */
const contents = /^(scratch\.duckdb.*|\d{12}-[0-9a-f]{8}\..*)$/;

/**
 * Removes the working copies of killed processes, and those that were kept and not used again: folders that have our kind
 * of name and contain nothing else.
 */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const pid = new RegExp(`^${prefix}(\\d+)-[A-Za-z0-9]+$`).exec(name)?.[1];
    const isLeft = pid === undefined ? await isOutdatedCopy(name) : !isAlive(Number(pid));
    if (!isLeft) continue;
    const folder = join(tmpdir(), name);
    const isFolder = (await lstat(folder).catch(() => undefined))?.isDirectory();
    const names = isFolder ? await readdir(folder).catch(() => undefined) : undefined;
    if (!names?.every((each) => contents.test(each))) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
