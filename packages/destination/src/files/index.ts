import type { Destination, OpenOptions } from "../destination.ts";
import { loadDriver } from "../duckdb/driver.ts";
import { DestinationError } from "../errors.ts";
import { Chain } from "./chain.ts";
import { contentsOf } from "./contents.ts";
import { folderStore } from "./folder.ts";
import type { FileFormat } from "./formats.ts";
import type { Manifest } from "./manifest.ts";
import { checkPlace, isS3, parseS3Place } from "./place.ts";
import { openFilesReader } from "./reader.ts";
import { openS3Store } from "./s3.ts";
import type { S3Options } from "./s3-options.ts";
import { FilesSession, type SessionOptions } from "./session.ts";
import type { Store } from "./store.ts";

export type { FileFormat } from "./formats.ts";
export { type PutOptions, putObject } from "./put.ts";
export type { S3Credentials, S3Options } from "./s3-options.ts";

export interface FilesOptions extends S3Options {
  /** The format of written data files; those of other formats are read. @default "parquet" */
  readonly format?: FileFormat | undefined;
  /**
   * How long a session excludes others after its last sign of life, in ms. Renewed four times as often. @default 60_000
   */
  readonly leaseMs?: number | undefined;
  /** How long replaced files stay for their readers, in ms. @default 3_600_000 */
  readonly graceMs?: number | undefined;
  /** The working copy's memory limit, in DuckDB's notation: `512MB`. @default "1GB", and more if rows need it */
  readonly memoryLimit?: string | undefined;
}

function withDefaults<Options extends FilesOptions>(options: Options) {
  const { format = "parquet", leaseMs = 60_000, graceMs = 3_600_000 } = options;
  return { ...options, format, leaseMs, graceMs };
}

/**
 * A folder of data files, local or in S3, as a destination. A batch is one file with its changes, and one manifest that
 * names the file and contains the state; it takes effect once the manifest exists.
 *
 * @param place a folder, created if it is missing (its parent must exist), or `s3://bucket/prefix`
 * @throws DestinationError `NOT_FOUND` for an impossible location or option, with what to write instead
 * @example const session = await files("s3://warehouse/orchestration").open({ pipeline: "airflow@example.org" });
 */
export function files(place: string, options: FilesOptions = {}): Destination {
  checkPlace(place, options);
  const settings = withDefaults(options);
  return {
    name: nameOf(place),
    capabilities: {
      fencing: "lease",
      leaseMs: settings.leaseMs,
      maxIdentifierLength: 200,
      transfer: true,
    },
    open: ({ pipeline, signal, onNotice }) => openSession(place, pipeline, { ...settings, signal, onNotice }),
    async read({ signal, copyInto } = {}) {
      await loadDriver("The files destination");
      const store = await openStore(place, settings);
      try {
        return await openFilesReader(store, { memoryLimit: settings.memoryLimit, signal, copyInto });
      } finally {
        store.close();
      }
    },
    async contents({ signal } = {}) {
      await loadDriver("The files destination");
      const store = await openStore(place, settings);
      try {
        return await contentsOf(store, { ...settings, signal });
      } finally {
        store.close();
      }
    },
  };
}

/**
 * Rewrites each table as a single file that is the whole table, and removes replaced files once readers have had their
 * time. Sessions do so themselves as a table's files add up; this does it now.
 *
 * @throws DestinationError `LOCKED` during a sync of one of the tables' pipelines
 */
export async function compact(
  place: string,
  { onNotice, ...options }: FilesOptions & Pick<OpenOptions, "onNotice"> = {},
): Promise<void> {
  const tables = await reading(place, options, (latest) => latest.tables);
  for (const pipeline of new Set(Object.values(tables).map((table) => table.pipeline))) {
    const session = await openSession(place, pipeline, { ...withDefaults(options), signal: undefined, onNotice });
    try {
      for (const [name, table] of Object.entries(tables)) if (table.pipeline === pipeline) await session.compact(name);
    } finally {
      await session.close();
    }
  }
}

/**
 * A table's current files, oldest first: full paths, or `s3://` addresses. Of the rows with the same key, the one in
 * the last file counts, and it does not exist if its `_removed` is true.
 *
 * @throws DestinationError `NOT_FOUND` if there is no such table
 */
export async function currentFiles(place: string, table: string, options: S3Options = {}): Promise<readonly string[]> {
  return reading(place, options, ({ tables }, store) => {
    const found = tables[table];
    if (found) return found.files.map(({ path }) => store.locate(path));
    const names = Object.keys(tables).join(", ") || "none";
    throw new DestinationError("NOT_FOUND", `There is no table ${table} in ${store.place}. Its tables: ${names}.`);
  });
}

/** Runs some work with the latest manifest. */
async function reading<T>(place: string, options: S3Options, work: (latest: Manifest, store: Store) => T): Promise<T> {
  const store = await openStore(place, options);
  try {
    return work(await new Chain(store).refresh(), store);
  } finally {
    store.close();
  }
}

async function openSession(
  place: string,
  pipeline: string,
  options: SessionOptions & S3Options,
): Promise<FilesSession> {
  options.signal?.throwIfAborted();
  await loadDriver("The files destination");
  const store = await openStore(place, options);
  try {
    return await FilesSession.open(store, pipeline, options);
  } catch (error) {
    store.close();
    options.signal?.throwIfAborted();
    throw error;
  }
}

async function openStore(place: string, options: S3Options): Promise<Store> {
  return isS3(place) ? openS3Store(parseS3Place(place), options) : folderStore(place);
}

const nameOf = (place: string) => (isS3(place) ? place : `files:${place}`);
