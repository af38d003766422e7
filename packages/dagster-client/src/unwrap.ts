import { cut } from "@org/kit";
import { DagsterResultError } from "./errors.ts";

interface Member {
  readonly __typename: string;
}

// Errors that every retry would repeat. Any other Python exception may be a database or a code server that is
// temporarily busy.
const permanentClassNames: ReadonlySet<string> = new Set([
  "AttributeError",
  "CheckError",
  "DagsterCodeLocationLoadError",
  "DagsterCodeLocationNotFoundError",
  "DagsterImportError",
  "DagsterInstanceSchemaOutdated",
  "DagsterInvalidConfigError",
  "DagsterInvalidDefinitionError",
  "DagsterInvalidInvocationError",
  "DagsterInvalidSubsetError",
  "DagsterInvariantViolationError",
  "DagsterRunNotFoundError",
  "DagsterUserCodeLoadError",
  "ImportError",
  "ModuleNotFoundError",
  "NotImplementedError",
  "OverflowError",
  "ParameterCheckError",
  "SyntaxError",
  "TypeError",
]);

/**
 * The requested member of a union, or an error: the one place where Dagster's errors-as-data become exceptions.
 *
 * ```ts
 * const { runs } = await client.request(runsPageDocument, { limit: 100 });
 * for (const run of unwrap(runs, "Runs").results) …
 * ```
 *
 * @param result a union's value, selected with `__typename` and, for the message, `... on Error { message }`
 * @param typename the expected member
 * @throws DagsterResultError for any other member. Retryable for a `PythonError` whose class is not known to be
 * permanent; never for the others (`RunNotFoundError`, `InvalidSubsetError`, `UnauthorizedError`, …).
 */
export function unwrap<Union extends Member, Typename extends Union["__typename"]>(
  result: Union | null | undefined,
  typename: Typename,
): Extract<Union, { readonly __typename: Typename }> {
  if (result?.__typename === typename) return result as Extract<Union, { readonly __typename: Typename }>;
  throw toResultError(result, typename);
}

// What to do about it, if the message does not say.
const advice: Readonly<Record<string, string>> = {
  PipelineNotFoundError: "Its code location may have failed to load: see `codeLocations.list`.",
  UnauthorizedError: "The server is read-only, or this user lacks the permission.",
};

/** The fields that error members have; which ones depends on the member and on the document. */
interface ErrorMember extends Member {
  readonly message?: unknown;
  readonly className?: unknown;
  readonly causes?: unknown;
  readonly errors?: unknown;
  readonly invalidStepKey?: unknown;
  readonly stepKey?: unknown;
  readonly invalidOutputName?: unknown;
}

function toResultError(result: ErrorMember | null | undefined, asked: string): DagsterResultError {
  const typename = textOf(result?.__typename) || "nothing";
  const className = textOf(result?.className);
  const causes = listOf(result?.causes).map((cause) => ({
    className: textOf(cause.className),
    message: firstPart(String(cause.message)),
  }));
  const configErrors = listOf(result?.errors).map(({ message, stack, reason }) => ({
    message: firstPart(String(message)),
    path: listOf((stack as { entries?: unknown } | null | undefined)?.entries).map((at) =>
      String(at.fieldName ?? at.listIndex),
    ),
    reason: textOf(reason),
  }));
  const kind = className === undefined || className === typename ? typename : `${typename} (${className})`;
  const says = [
    ...(typeof result?.message === "string" ? [firstPart(result.message)] : []),
    ...configErrors.map(({ message }) => message),
    ...(result?.invalidStepKey === undefined ? [] : [`there is no step ${result.invalidStepKey}`]),
    ...(result?.invalidOutputName === undefined
      ? []
      : [`step ${result.stepKey} has no output ${result.invalidOutputName}`]),
  ].join("; ");
  const because = causes.map(({ message }) => ` Cause: ${message}.`).join("");
  const advise = advice[typename] === undefined ? "" : ` ${advice[typename]}`;
  const rest = because + advise;
  return new DagsterResultError({
    message: says ? `Dagster: ${says} (${kind}).${rest}` : `Dagster returned ${kind} instead of ${asked}.${rest}`,
    typename,
    className,
    causes,
    configErrors,
    retryable: typename === "PythonError" && !isPermanent(className, says),
  });
}

/** Whether every retry would repeat it. */
function isPermanent(className: string | undefined, says: string): boolean {
  if (className === undefined) return false;
  return permanentClassNames.has(className) || (className === "ValueError" && /year -?\d+ is out of range/.test(says));
}

const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);
const listOf = (value: unknown) =>
  (Array.isArray(value) ? value : []).filter(
    (each): each is Record<string, unknown> => typeof each === "object" && each !== null,
  );

const longest = 500;

/** A server's message for use in one of ours: on one line, without a stack trace. */
export function firstPart(message: string): string {
  const text = message
    .split(/\n\s*(?:Stack Trace:|Traceback \(most recent call last\))/, 1)[0]!
    .replace(/\s+/g, " ")
    .replace(/[.\s]+$/, "");
  return cut(text, longest);
}
