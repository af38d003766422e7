import { DestinationError, type DestinationErrorCode } from "../errors.ts";
import { clauseOf } from "../sql/words.ts";

/** Interprets SQLite's result codes: https://sqlite.org/rescode.html. Extended codes come before those they extend. */
const known: Readonly<Record<number, readonly [DestinationErrorCode, advice: string]>> = {
  // SQLITE_BUSY, SQLITE_LOCKED
  5: ["LOCKED", "Another program is writing to the file, or was already reading it. Try again when it has finished."],
  6: ["LOCKED", "Another program is writing to the file, or was already reading it. Try again when it has finished."],
  // SQLITE_PERM, SQLITE_READONLY, and SQLITE_CANTOPEN, whose other causes were checked before
  3: ["NO_PERMISSION", "Make the file and its folder writable for this user."],
  8: ["NO_PERMISSION", "Make the file and its folder writable for this user."],
  14: ["NO_PERMISSION", "Make the file and its folder writable for this user."],
  // SQLITE_READONLY_DIRECTORY, SQLITE_READONLY_CANTINIT, SQLITE_READONLY_RECOVERY, SQLITE_READONLY_ROLLBACK
  ...Object.fromEntries(
    [1544, 1288, 264, 776].map((code) => [
      code,
      [
        "NO_PERMISSION",
        "Make the file and its folder writable for this user. To only read it, sync again first: a sync leaves the file so " +
          "that readers need no write permission, unless another program has it open at the end.",
      ],
    ]),
  ),
  // SQLITE_FULL, SQLITE_IOERR_WRITE
  13: ["NO_SPACE", "Free up space and try again."],
  778: ["NO_SPACE", "The disk is full, over a quota, or failing. Free up space and try again."],
  // SQLITE_CORRUPT
  11: ["NOT_A_DESTINATION", "The file is damaged. Restore it, or move it away and sync again."],
  // SQLITE_NOTADB
  26: ["NOT_A_DESTINATION", "Choose another path, or move the file away."],
};

/** The result code of a SQLite error. */
export function resultCode(thrown: unknown): number | undefined {
  const { errcode } = (thrown ?? {}) as { errcode?: unknown };
  return typeof errcode === "number" ? errcode : undefined;
}

/** SQLITE_TOOBIG, SQLITE_CONSTRAINT (a user's, or a trigger), SQLITE_MISMATCH */
const aboutRow = [18, 19, 20];

/**
 * SQLITE_ERROR is everything else: what a user's expression makes of a value, and missing objects that a statement
 * needs.
 */
const isMissing = (thrown: unknown) => resultCode(thrown) === 1 && /^no such /.test(clauseOf(thrown));

/** The message if the error is about a row being stored; undefined for the file, the disk or a lock. */
export function refusalOf(thrown: unknown): string | undefined {
  const code = resultCode(thrown);
  const isAboutRow = code === 1 ? !isMissing(thrown) : aboutRow.includes((code ?? 0) & 0xff);
  return isAboutRow ? clauseOf(thrown) : undefined;
}

/** Whether another connection is blocking this one right now. */
export function isBusy(thrown: unknown): boolean {
  return ((resultCode(thrown) ?? 0) & 0xff) === 5;
}

/**
 * Converts a driver's error.
 *
 * @param doing what failed, as the beginning of a sentence: `Storing airflow_dags`
 */
export function toDestinationError(thrown: unknown, place: string, doing: string): DestinationError {
  if (thrown instanceof DestinationError) return thrown;
  const message = (thrown instanceof Error ? thrown.message : String(thrown)).trim();
  const result = resultCode(thrown) ?? 0;
  const denied = ["EACCES", "EPERM", "EROFS"].includes(String((thrown as { code?: unknown } | undefined)?.code));
  const otherwise = isMissing(thrown) ? "A trigger may need it: drop that trigger, or create this again." : "";
  const [code, advice] = known[denied ? 8 : result] ?? known[result & 0xff] ?? (["FAILED", otherwise] as const);
  return new DestinationError(
    code,
    `${doing} in ${place} failed: ${message.replace(/[.!?]?$/, ".")} ${advice}`.trim(),
    {
      cause: thrown,
    },
  );
}
