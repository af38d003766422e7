import { DagsterError, DagsterResultError } from "@org/dagster-client";
import { SyncError } from "@org/sync-engine";

/** Adds the response to an error, if the client only says what is wrong with it. */
export function throwAt(where: string, error: unknown): never {
  if (error instanceof DagsterResultError) {
    const { typename, className, causes, configErrors, retryable } = error;
    const message = `${where}: ${error.message}`;
    throw new DagsterResultError({ message, typename, className, causes, configErrors, retryable, cause: error });
  }
  const isOfShape = error instanceof DagsterError && !("status" in error) && error.code === "UNEXPECTED_ANSWER";
  if (isOfShape) throw new SyncError("UNEXPECTED_ANSWER", `${where}: ${error.message}`, { cause: error });
  throw error;
}
