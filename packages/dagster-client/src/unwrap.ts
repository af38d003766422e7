import { DagsterResultError } from "./errors.ts";

interface Member {
  readonly __typename: string;
}

// What fails the same way however often it is asked. Every other Python exception may be a database or a code server
// that is busy for the moment.
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
  "ParameterCheckError",
  "SyntaxError",
  "TypeError",
]);

/**
 * The member of a union that was asked for, or an error: the one place where Dagster's errors-as-data become exceptions.
 *
 * ```ts
 * const { runs } = await client.request(runsPageDocument, { limit: 100 });
 * for (const run of unwrap(runs, "Runs").results) …
 * ```
 *
 * @param result A union's value, asked for with `__typename` and, to have something to say, `... on Error { message }`.
 * @param typename The member that is no error.
 * @throws {DagsterResultError} Any other member came. Retryable for a `PythonError` whose class is not known to be
 * permanent; never for the others (`RunNotFoundError`, `InvalidSubsetError`, `UnauthorizedError`, …).
 */
export function unwrap<Union extends Member, Typename extends Union["__typename"]>(
  result: Union | null | undefined,
  typename: Typename,
): Extract<Union, { readonly __typename: Typename }> {
  if (result?.__typename === typename) return result as Extract<Union, { readonly __typename: Typename }>;
  throw toResultError(result, typename);
}

function toResultError(
  result: (Member & { message?: unknown; className?: unknown }) | null | undefined,
  asked: string,
) {
  const member = result?.__typename ?? "nothing";
  const className = typeof result?.className === "string" ? result.className : undefined;
  const retryable = member === "PythonError" && !(className !== undefined && permanentClassNames.has(className));
  const kind = className === undefined || className === member ? member : `${member} (${className})`;
  const said = typeof result?.message === "string" ? `: ${firstPart(result.message)}` : "";
  return new DagsterResultError(`Dagster answered ${kind} where ${asked} was asked for${said}`, {
    typename: member,
    className,
    retryable,
  });
}

const longest = 500;

/** A server's message as it may stand in one of ours: on one line, without the stack trace that some of them carry. */
export function firstPart(message: string): string {
  const text = message
    .split(/\n\s*(?:Stack Trace:|Traceback \(most recent call last\))/, 1)[0]!
    .replace(/\s+/g, " ")
    .replace(/[.\s]+$/, "");
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
