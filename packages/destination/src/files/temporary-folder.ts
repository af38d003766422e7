import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DestinationError, type DestinationErrorCode } from "../errors.ts";

const codes: Readonly<Record<string, DestinationErrorCode>> = {
  ENOENT: "NOT_FOUND",
  ENOTDIR: "NOT_FOUND",
  EACCES: "NO_PERMISSION",
  EPERM: "NO_PERMISSION",
  EROFS: "NO_PERMISSION",
  ENOSPC: "NO_SPACE",
  EDQUOT: "NO_SPACE",
};

/** Creates a folder of our own in the system's temporary folder. @throws DestinationError that names `TMPDIR` */
export async function makeTemporaryFolder(prefix: string): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), prefix));
  } catch (error) {
    const { code = "FAILED" } = error as NodeJS.ErrnoException;
    const variable = process.platform === "win32" ? "TEMP" : "TMPDIR";
    const message =
      `The folder for temporary files, ${tmpdir()}, cannot be used (${code}). Set ${variable} to a folder that exists, can be ` +
      "written, and has room.";
    throw new DestinationError(codes[code] ?? "FAILED", message, { cause: error });
  }
}
