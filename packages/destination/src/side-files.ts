import { access } from "node:fs/promises";
import { DestinationError } from "./errors.ts";

/**
 * Keeps a new database from using a file that happens to have the name of its log: it would be replayed, or emptied.
 *
 * @param file the path of the database to be created
 * @param endings the suffixes of its logs: `.wal`
 * @throws DestinationError `NOT_A_DESTINATION` if there is such a file, and still no database
 */
export async function checkNoLogs(file: string, endings: readonly string[], place: string): Promise<void> {
  for (const ending of endings) {
    // Checked in this order because another process may be creating both.
    if (!(await exists(file + ending)) || (await exists(file))) continue;
    throw new DestinationError(
      "NOT_A_DESTINATION",
      `${place} does not exist, but ${file}${ending} does: the log of a missing database, or another file. Put the ` +
        "database back, or move that file away.",
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** For a device, a pipe or a socket in place of a database. */
export function notAFile(place: string): DestinationError {
  return new DestinationError(
    "NOT_A_DESTINATION",
    `${place} is a device, a pipe or a socket. Name a file, which is created if it is missing.`,
  );
}
