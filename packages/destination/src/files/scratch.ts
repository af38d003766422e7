/**
 * A session's working copy: its own DuckDB file, removed when the session closes, with the prepared tables as the data
 * files have them. The DuckDB adapter does the merging, counting and key lookups there.
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
import type { DataFile, Manifest, ManifestTable } from "./manifest.ts";
import type { Store } from "./store.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

export interface Scratch {
  readonly database: Database;
  /** The folder of files that are being written or read. */
  readonly folder: string;
  /** Removes everything. Never throws. */
  close(): Promise<void>;
}

/** A working copy with empty tables and the pipeline's states. */
export async function openScratch(
  manifest: Manifest,
  pipeline: string,
  options: { place: string; memoryLimit: string | undefined; signal: AbortSignal | undefined },
): Promise<Scratch> {
  const { place, memoryLimit, signal } = options;
  await removeAbandoned();
  const folder = await makeTemporaryFolder(`${prefix}${process.pid}-`);
  let database: Database | undefined;
  const close = async () => {
    await database?.close().catch(() => undefined);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  };
  try {
    const file = await openFile(join(folder, "scratch.duckdb"), place, `pipeline ${pipeline}`, { memoryLimit });
    const opened = new Database(file, place, namesIn("main"), signal);
    database = opened;
    await opened.queue("Opening the working copy", () =>
      opened.transaction(async () => {
        // Preserving the order of rows would need all of them in memory. Files guarantee no order.
        await opened.run("SET preserve_insertion_order = false");
        await openBookkeeping(opened);
        await copyBookkeeping(opened, manifest, pipeline);
      }),
    );
    return { database, folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function copyBookkeeping(database: Database, manifest: Manifest, pipeline: string): Promise<void> {
  const { names } = database;
  await database.run(`CREATE TABLE ${names.table("_sync_published")} (id VARCHAR)`);
  for (const [name, table] of Object.entries(manifest.tables)) {
    const columns = table.columns.map((column) => `${quoted(column.name)} ${dialect.types[column.type]}`);
    await database.run(`CREATE TABLE ${names.table(name)} (${columns.join(", ")})`);
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
  { files, columns, primaryKey }: ManifestTable,
  signal?: AbortSignal,
): Promise<void> {
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
    if (changes.length === 0) return insert(oldRows);
    const newRows = readSql(changes, columns);
    await insert(`SELECT * FROM (${oldRows}) ANTI JOIN (SELECT ${key} FROM (${newRows})) USING (${key})`);
    const latest = `row_number() OVER (PARTITION BY ${key} ORDER BY _file DESC) = 1`;
    return insert(`SELECT * FROM (${newRows}) QUALIFY ${latest}`);
  });
  for (const file of local) await rm(file);
}

async function fetchFile(store: Store, file: DataFile, local: string, signal?: AbortSignal): Promise<void> {
  const broken = (reason: string) =>
    new DestinationError(
      "INVALID_STATE",
      `The data file ${file.path} in ${store.place} ${reason}. Restore it, or sync into a new place.`,
    );
  if (!(await store.download(file.path, local, signal))) throw broken("is missing, and with it a part of its table");
  const found = await describeFile(local);
  if (found.bytes !== file.bytes)
    throw broken(`has ${found.bytes} bytes instead of the ${file.bytes} that were written`);
  if (found.sha256 !== file.sha256) throw broken("was changed: its SHA-256 differs");
}

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

/** Removes the working copies of killed processes: folders that have our kind of name and contain nothing else. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const pid = new RegExp(`^${prefix}(\\d+)-[A-Za-z0-9]+$`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
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
