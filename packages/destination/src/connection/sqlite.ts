import { SqliteDatabase } from "../sqlite/database.ts";
import { toDestinationError } from "../sqlite/errors.ts";
import { openFile } from "../sqlite/open.ts";

/** How long to wait for other programs that use the file, in ms. */
const waitMs = 10_000;

export async function open(path: string) {
  const place = `sqlite:${path}`;
  try {
    const database = new SqliteDatabase(await openFile(path, place), place, { waitMs });
    try {
      await database.useLog();
    } catch (error) {
      await database.close();
      throw error;
    }
    // A transaction that may write is the only one.
    return { database, forUpdate: "" };
  } catch (error) {
    throw toDestinationError(error, place, "Opening the file");
  }
}
