import { AirflowResponseError } from "./errors.ts";
import type { ErrorDetail, ErrorStatus, Method, Paths, PathWith } from "./operations.ts";

/** The error of an operation that failed with a status, with the `detail` type that the interface declares. */
export type OperationError<M extends Uppercase<Method>, P extends PathWith<Lowercase<M>>, S> = AirflowResponseError & {
  readonly status: S;
  readonly detail: ErrorDetail<Paths[P][Lowercase<M>], S>;
};

/**
 * Whether an error is that of an operation which failed with a status. Only statuses that the interface declares for
 * the operation compile; any other, such as a proxy's 502, is a plain {@link AirflowResponseError}.
 *
 * @example if (isErrorOf(error, "POST", "/api/v2/dags/{dag_id}/dagRuns", 422)) console.log(error.detail);
 */
export function isErrorOf<
  M extends Uppercase<Method>,
  P extends PathWith<Lowercase<M>>,
  S extends ErrorStatus<Paths[P][Lowercase<M>]>,
>(error: unknown, method: M, path: P, status: S): error is OperationError<M, P, S> {
  return (
    error instanceof AirflowResponseError && error.method === method && error.path === path && error.status === status
  );
}
