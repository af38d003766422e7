/** Interprets Airflow's errors. */
import { isTooLarge } from "@org/sync-engine/source";

/** How Airflow reports, on all versions, that a DAG, a run or a task instance does not exist. */
const NOT_THERE = /(?<!route )not found|^Unable to obtain dag/;

/** Whether Airflow reports that something does not exist. A proxy that does not know the URL words it differently. */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error && error.code === "NOT_FOUND")) return false;
  return "detail" in error && NOT_THERE.test(String(error.detail));
}

/** Returns an error that a row may have caused instead of throwing it: a 500, or a response that is too large. */
export function caught500(error: unknown): Error {
  if (error instanceof Error && "status" in error && error.status === 500) return error;
  if (isTooLarge(error)) return error;
  throw error;
}

/** Whether the user lacks a permission. A rejected token, which is a 403 too, says nothing about permissions. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "FORBIDDEN";
}

/** Whether the server does not have an address at all, as older versions do not have those of newer ones. */
export function isUnknownAddress(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error)) return false;
  return error.code === "SERVER_TOO_OLD" || (error.code === "NOT_FOUND" && !isNotFound(error));
}
