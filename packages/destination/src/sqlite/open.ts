/** Opens SQLite files, and explains what may be wrong with a path. */
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { DestinationError } from "../errors.ts";
import { checkNoLogs, notAFile } from "../side-files.ts";
import { timestampText } from "../timestamp.ts";
import { loadDriver } from "./driver.ts";

/**
 * Opens or creates a file. Nothing here opens it by other means, not even to look at its beginning: on POSIX systems
 * closing any handle of a file releases the locks that SQLite holds on it in this process.
 */
export async function openFile(path: string, place: string, { readOnly = false } = {}): Promise<DatabaseSync> {
  const { DatabaseSync } = loadDriver();
  if (path !== ":memory:") await checkPath(path, place);
  // Rewriting a table drops it for a moment, which must not delete what refers to it.
  const database = new DatabaseSync(path, { readOnly, enableForeignKeyConstraints: false });
  try {
    // Views keep referring to the name of a table that is rewritten.
    database.exec("PRAGMA legacy_alter_table = ON");
    database.function("_sync_moment", { varargs: true }, (inMs) =>
      timestampText(moment() + BigInt(Number(inMs)) * 1000n),
    );
    // SQLite itself would print a float64 with 15 digits.
    database.function("_sync_text", { deterministic: true }, (value) => (value === null ? null : String(value)));
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

let last = 0n;

/** Microseconds since 1970, which never repeat in this process, so that a later change has a later time. */
export function moment(): bigint {
  const now = BigInt(Date.now()) * 1000n;
  last = now > last ? now : last + 1n;
  return last;
}

/** In bytes: one page of the smallest size. */
const smallestFile = 512;

/** SQLite only says "unable to open database file". */
async function checkPath(path: string, place: string): Promise<void> {
  const full = resolve(path);
  const found = await stat(full).catch(ifMissing);
  if (found?.isDirectory()) {
    throw new DestinationError(
      "NOT_A_DESTINATION",
      `${place} is a folder. Name a file in it: ${join(path, "sync.sqlite")}`,
    );
  }
  if (found && !found.isFile()) throw notAFile(place);
  // SQLite would overwrite a file that is too short to be a database.
  if (found && found.size > 0 && found.size < smallestFile) {
    throw new DestinationError(
      "NOT_A_DESTINATION",
      `${place} exists, but is not a database. Choose another path, or move the file away.`,
    );
  }
  const folder = dirname(full);
  if (!found && !(await stat(folder).catch(ifMissing))) {
    throw new DestinationError(
      "NOT_FOUND",
      `${place} cannot be created: the folder ${folder} does not exist. Create it first, or correct the path.`,
    );
  }
  if (!found) await checkNoLogs(full, ["-wal", "-journal"], place);
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}
