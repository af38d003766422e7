import { DagsterResultError } from "./errors.ts";
import type { KnownErrorTypename } from "./generated/error-typenames.ts";

/** The error of a union's error member, by its type in Dagster's schema. */
export type ErrorOf<Typename extends KnownErrorTypename> = DagsterResultError & {
  readonly typename: Typename;
} & (Typename extends "PythonError" ? { readonly className: string } : unknown);

/**
 * Whether Dagster returned this error member of a union. Only names that the schema has compile.
 *
 * ```ts
 * if (isErrorOf(error, "RunConfigValidationInvalid")) for (const { path, message } of error.configErrors) …
 * ```
 */
export function isErrorOf<Typename extends KnownErrorTypename>(
  error: unknown,
  ...typenames: readonly [Typename, ...Typename[]]
): error is ErrorOf<Typename> {
  return error instanceof DagsterResultError && (typenames as readonly string[]).includes(error.typename);
}
