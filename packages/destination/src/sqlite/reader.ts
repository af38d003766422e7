import { existsSync } from "node:fs";
import { DestinationError } from "../errors.ts";
import { quoted } from "../sql/names.ts";
import { onlyReading, readerOf } from "../sql/reader.ts";
import type { SqlReader } from "../sql-reader.ts";
import { SqliteDatabase } from "./database.ts";
import { loadDriver } from "./driver.ts";
import { toDestinationError } from "./errors.ts";

/** Opens a file for read-only SQL, next to any session. */
export function openReader(
  path: string,
  place: string,
  options: { readonly waitMs: number; readonly signal?: AbortSignal | undefined },
): SqlReader {
  if (path === ":memory:" || !existsSync(path)) {
    throw new DestinationError("NOT_FOUND", `${place} does not exist: there is no file ${path}.`);
  }
  const { DatabaseSync } = loadDriver();
  try {
    const file = new DatabaseSync(path, { readOnly: true });
    // A file opened read-only could still be copied to another one: VACUUM INTO.
    const reader = onlyReading(readerOf("sqlite", new SqliteDatabase(file, place, options)), place);
    // With its schema, so that a statement's own CTE may have the same name.
    return { ...reader, table: ({ name }) => `main.${quoted(name)}` };
  } catch (error) {
    throw toDestinationError(error, place, "Opening the file");
  }
}
