import { DestinationError, type DestinationErrorCode } from "../errors.ts";

const known: Readonly<Record<string, readonly [DestinationErrorCode, advice: string]>> = {
  ENOSPC: ["NO_SPACE", "Free up space and try again."],
  EDQUOT: ["NO_SPACE", "Free up space and try again."],
  EFBIG: ["NO_SPACE", "Free up space and try again."],
  EACCES: ["NO_PERMISSION", "Make the folder and everything in it writable for this user."],
  EPERM: ["NO_PERMISSION", "Make the folder and everything in it writable for this user."],
  EROFS: ["NO_PERMISSION", "Make the folder and everything in it writable for this user."],
  ENOTDIR: ["NOT_A_DESTINATION", "A part of the path is a file: correct the path."],
  ENOENT: ["NOT_FOUND", "The folder, or a part of it, does not exist any more: correct the path."],
};

/** @param doing what failed, as the beginning of a sentence: `Writing things/1.parquet` */
export function folderError(thrown: unknown, place: string, doing: string): DestinationError {
  if (thrown instanceof DestinationError) return thrown;
  const { code = "", message = String(thrown) } = thrown as NodeJS.ErrnoException;
  const [ours, advice] = known[code] ?? (["FAILED", ""] as const);
  return new DestinationError(ours, `${doing} in ${place} failed: ${message}. ${advice}`.trim(), { cause: thrown });
}
