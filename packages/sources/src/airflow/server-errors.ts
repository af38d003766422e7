/** What Airflow means by an error. */
import { isTooLarge } from "@org/sync-engine/source";

/** How Airflow says that a DAG, a run or a task instance is not there, on all versions. */
const NOT_THERE = /(?<!route )not found|^Unable to obtain dag/;

/** Whether Airflow says that something is not there. A proxy that does not know the address has other words for it. */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error && error.code === "NOT_FOUND")) return false;
  return "detail" in error && NOT_THERE.test(String(error.detail));
}

/** Returns an error that a row may be to blame for instead of throwing it: a 500, or more bytes than an answer may have. */
export function serverError(error: unknown): Error {
  if (error instanceof Error && "status" in error && error.status === 500) return error;
  if (isTooLarge(error)) return error;
  throw error;
}

/** Whether the user lacks a permission. A token that is refused, which is a 403 too, says nothing of permissions. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "FORBIDDEN";
}
