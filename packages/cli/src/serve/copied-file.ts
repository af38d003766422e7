/**
 * Lets a server read a DuckDB file from a copy, which is replaced once the file has changed. While a sync holds the
 * file, everything is answered from the previous copy. Reading blocks a sync only for as long as copying takes.
 */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Destination, DestinationError } from "@org/destination";
import { copyDuckdb, duckdb } from "@org/destination/duckdb";
import { makeTemporaryFolder } from "@org/destination/scratch";
import type { DuckdbFile } from "../destinations.ts";

export interface CopiedFile {
  /** Read-only. It has the file's name. */
  readonly destination: Destination;
  /** Runs work that writes to the file, and makes no copy during it. */
  whileNotCopying<T>(work: () => Promise<T>): Promise<T>;
  /** Removes the copy. */
  close(): Promise<void>;
}

interface Copy {
  readonly destination: Destination;
  readonly path: string;
  /** A fingerprint of the file when the copy was made. */
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
      // The previous content is still served while it is being written.
      if (latest && error instanceof DestinationError && error.code === "LOCKED") return;
      throw error;
    }
    const old = latest;
    // DuckDB turns a log into rows when the copy is opened, so the fingerprint was taken before.
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
      // Reads the copy that was inspected: by now it may be older than the file, but the question is about that copy.
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

/** Shows whether a file has changed, without opening it. */
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
