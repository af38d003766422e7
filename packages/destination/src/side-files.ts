import { access } from "node:fs/promises";
import { DestinationError } from "./errors.ts";

/**
 * Keeps a new database from taking a file for its own log that lay there before: it would be replayed, or emptied.
 *
 * @param file where the database will be
 * @param endings what the names of its logs add to its own: `.wal`
 * @throws DestinationError `NOT_A_DESTINATION` where there is such a file, and still no database
 */
export async function checkNoLogs(file: string, endings: readonly string[], place: string): Promise<void> {
  for (const ending of endings) {
    // Looked at in this order: another process may be making both.
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

/** For a device, a pipe or a socket in the place of a database. */
export function notAFile(place: string): DestinationError {
  return new DestinationError(
    "NOT_A_DESTINATION",
    `${place} is a device, a pipe or a socket. Name a file, which is created if it is missing.`,
  );
}
