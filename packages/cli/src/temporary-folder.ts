import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "./errors.ts";

/** Makes a folder of our own among the system's temporary files. @throws UsageError that names `TMPDIR` */
export async function makeTemporaryFolder(prefix: string): Promise<string> {
  return mkdtemp(join(tmpdir(), prefix)).catch(({ code }: NodeJS.ErrnoException) => {
    throw new UsageError(
      `The folder for temporary files, ${tmpdir()}, cannot be used (${code}). Set TMPDIR to a folder that exists, can be ` +
        "written, and has room.",
    );
  });
}
