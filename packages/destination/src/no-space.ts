/** Names the folder that an export's files are written in where a disk is full, instead of what was read. */
import { basename, dirname } from "node:path";
import { DestinationError } from "./errors.ts";

const full = /ENOSPC|EDQUOT|EFBIG|No space left|File too large|disk is full|not enough space|Disk quota/i;

/** @param file that was being written */
export async function writing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!full.test(String((error as Error | null)?.message))) throw error;
    throw new DestinationError(
      "NO_SPACE",
      `No space is left in ${dirname(file)} for ${basename(file)}. Free up space there, and run the same export again: it ` +
        "resumes after the last complete file.",
      { cause: error },
    );
  }
}
