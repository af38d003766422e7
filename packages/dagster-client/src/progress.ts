import { createProgress as createKitProgress, type Progress } from "@org/kit";
import { DagsterError } from "./errors.ts";

/**
 * Makes sure that a walk through pages makes progress.
 *
 * @param what is listed, for messages: `Dagster's runs`
 * @throws DagsterError `PAGING` for a repeated token, or for too many consecutive pages without an unseen row
 */
export function createProgress(what: string): Progress {
  return createKitProgress((why) => pagingError(what, why));
}

export function pagingError(what: string, reason: string, retryable = false): DagsterError {
  return new DagsterError({ code: "PAGING", message: `${what} cannot be listed completely: ${reason}.`, retryable });
}
