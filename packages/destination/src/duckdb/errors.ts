import { DestinationError, type DestinationErrorCode } from "../errors.ts";
import { clauseOf } from "../sql/words.ts";

const outOfMemory = /Out of Memory|failed to (pin|allocate)/i;

/** Whether DuckDB's memory limit was too low for what it had to hold. */
export const isOutOfMemory = (thrown: unknown): boolean => outOfMemory.test(String((thrown as Error | null)?.message));

/** DuckDB has no error codes, so its messages identify its errors. The first match counts. */
const known: readonly (readonly [RegExp, DestinationErrorCode, advice: string])[] = [
  [
    /No space left|File too large|disk is full|not enough space|Disk quota/i,
    "NO_SPACE",
    "Free up space and try again.",
  ],
  [
    /permission denied|Read-only file system|Operation not permitted|read-only mode/i,
    "NO_PERMISSION",
    "Make the file and its folder writable for this user.",
  ],
  [/No such file or directory|Not a directory/i, "NOT_FOUND", "Create the folder first, or correct the path."],
  [
    /database file with version number|newer version of DuckDB|unsupported.*storage version/i,
    "NEWER_VERSION",
    "A newer DuckDB wrote the file: update @duckdb/node-api.",
  ],
  [
    /Corrupt database file|Could not read enough bytes|Failure while replaying WAL|^Serialization Error/i,
    "NOT_A_DESTINATION",
    "The file is damaged or truncated. Restore it, or move it and all files whose names start with its name away, and sync again.",
  ],
  [outOfMemory, "FAILED", "DuckDB reads thousands of rows at once: raise memoryLimit, or exclude the largest columns."],
  [/not a valid DuckDB database|Is a directory/i, "NOT_A_DESTINATION", "Choose another path, or move the file away."],
];

/** The message if the error is about a row being stored; undefined for the file, the disk or a lock. */
export function refusalOf(thrown: unknown): string | undefined {
  const clause = clauseOf(thrown);
  const isAboutRow = /^(Constraint|Conversion|Out of Range|Invalid Input|Invalid Type|Mismatch Type) Error/i.test(
    clause,
  );
  return isAboutRow ? clause : undefined;
}

/**
 * Converts a driver's error.
 *
 * @param doing what failed, as the beginning of a sentence: `Storing airflow_dags`
 */
export function toDestinationError(thrown: unknown, place: string, doing: string): DestinationError {
  if (thrown instanceof DestinationError) return thrown;
  const message = (thrown instanceof Error ? thrown.message : String(thrown)).trim();
  const holder = /(?:held|already open) in\s+(.*?)\s*\(PID (\d+)\)/s.exec(message);
  if (holder || /Could not set lock|being used by another process/i.test(message)) {
    return locked(place, holder ? `${holder[1]} (process ${holder[2]})` : "another process", thrown);
  }
  const [, code, advice] = known.find(([pattern]) => pattern.test(message)) ?? [null, "FAILED", ""];
  return new DestinationError(
    code as DestinationErrorCode,
    `${doing} in ${place} failed: ${advice ? message.replace(/[^.!?]$/, "$&.") : message} ${advice}`.trim(),
    {
      cause: thrown,
    },
  );
}

/** DuckDB lets one process at a time open a file. */
export function locked(place: string, holder: string, cause?: unknown): DestinationError {
  return new DestinationError(
    "LOCKED",
    `${place} is in use by ${holder}. Try again when it has finished, or close the program that has the file open.`,
    { cause },
  );
}
