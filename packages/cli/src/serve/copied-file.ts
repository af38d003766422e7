/**
 * A DuckDB file as a server reads it: in a copy that is made anew once the file has changed. While a sync holds the file,
 * everything is answered from the copy before; and whoever reads is in no sync's way for longer than the copying takes.
 */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Destination, DestinationError } from "@org/destination";
import { copyDuckdb, duckdb } from "@org/destination/duckdb";
import { makeTemporaryFolder } from "@org/destination/scratch";
import type { DuckdbFile } from "../destinations.ts";

export interface CopiedFile {
  /** To be read only. Its name is the file's. */
  readonly destination: Destination;
  /** Does what writes into the file, and makes no copy meanwhile. */
  whileNotCopying<T>(work: () => Promise<T>): Promise<T>;
  /** Removes the copy. */
  close(): Promise<void>;
}

interface Copy {
  readonly destination: Destination;
  readonly path: string;
  /** What the file was when it was made. */
  readonly of: string;
}

export function copiedFile({ path, schema }: DuckdbFile, original: Destination): CopiedFile {
  let made = 0;
  let folder: string | undefined;
  let latest: Copy | undefined;
  let copying: Promise<void> | undefined;
  let isPaused = false;

  const renew = async () => {
    const of = await lookOf(path);
    if (of === latest?.of) return;
    folder ??= await makeTemporaryFolder("dagsync-serve-");
    made += 1;
    const to = join(folder, `${made}.duckdb`);
    try {
      await copyDuckdb(path, to);
    } catch (error) {
      // What it held before is still what is served, whoever writes into it now.
      if (latest && error instanceof DestinationError && error.code === "LOCKED") return;
      throw error;
    }
    const old = latest;
    // Of a log, DuckDB makes rows when the copy is opened: what the copy is of, was looked at before.
    latest = { path: to, of, destination: duckdb(to, schema === undefined ? {} : { schema }) };
    if (old) await removed(old.path);
  };

  const current = async (): Promise<Destination> => {
    if (!isPaused) {
      copying ??= renew().finally(() => {
        copying = undefined;
      });
      await copying;
    }
    if (latest) return latest.destination;
    throw new DestinationError(
      "LOCKED",
      `${original.name} is being written by a sync. Its data will be shown as soon as the sync has ended.`,
    );
  };

  const { name, capabilities } = original;
  return {
    destination: {
      name,
      capabilities,
      open: () => Promise.reject(new TypeError("A copy is only read.")),
      contents: async (options) => (await current()).contents!(options),
      // Of the copy that was looked at: it may be older than the file by now, and that is what is asked about.
      read: async (options) => (latest?.destination ?? (await current())).read!(options),
    },
    async whileNotCopying(work) {
      isPaused = true;
      try {
        await copying?.catch(() => undefined);
        return await work();
      } finally {
        isPaused = false;
      }
    },
    async close() {
      isPaused = true;
      await copying?.catch(() => undefined);
      if (folder !== undefined)
        await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    },
  };
}

/** What tells whether a file has changed, without opening it. */
async function lookOf(path: string): Promise<string> {
  const parts = await Promise.all(
    [path, `${path}.wal`].map((each) =>
      stat(each, { bigint: true }).then(
        ({ ino, size, mtimeNs }) => `${ino} ${size} ${mtimeNs}`,
        () => "",
      ),
    ),
  );
  return parts.join(" ");
}

async function removed(path: string): Promise<void> {
  for (const file of [path, `${path}.wal`]) await rm(file, { force: true, maxRetries: 3 }).catch(() => undefined);
}
