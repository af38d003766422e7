import { DagsterResultError, unwrap } from "@org/dagster-client";
import { expect, test } from "vitest";

type Result =
  | { __typename: "Runs"; results: string[] }
  | { __typename: "PythonError"; message: string; className: string | null }
  | { __typename: "RunNotFoundError"; message: string };

function thrown(result: unknown): DagsterResultError {
  try {
    unwrap(result as Result, "Runs");
  } catch (error) {
    return error as DagsterResultError;
  }
  throw new Error("nothing was thrown");
}

test("the requested member is returned unchanged", () => {
  const runs: Result = { __typename: "Runs", results: ["a"] };
  expect(unwrap(runs as Result, "Runs")).toBe(runs);
});

test.each([
  ["RunNotFoundError", "NOT_FOUND"],
  ["InvalidSubsetError", "RESULT"],
  ["RepositoryLocationNotFound", "NOT_FOUND"],
  ["UnauthorizedError", "FORBIDDEN"],
  ["SomethingNewerError", "RESULT"],
  ["Unknown", "RESULT"],
])("%s is permanent", (typename, code) => {
  const error = thrown({ __typename: typename, message: "It is so." });
  expect(error).toBeInstanceOf(DagsterResultError);
  expect(error).toMatchObject({ code, typename, className: undefined, retryable: false });
  expect(error.message).toContain(`Dagster: It is so (${typename})`);
});

test.each([
  ["OperationalError", true],
  ["QueryCanceled", true],
  ["DagsterUserCodeUnreachableError", true],
  [null, true],
  ["DagsterCodeLocationNotFoundError", false],
  ["TypeError", false],
  ["OverflowError", false],
])("a PythonError of class %s has retryable %s", (className, retryable) => {
  const error = thrown({ __typename: "PythonError", message: "x", className });
  expect(error).toMatchObject({ typename: "PythonError", className: className ?? undefined, retryable });
});

test("a PythonError's message is shown on one line, without its stack trace, and shortened", () => {
  const message = `Failed:\n  really\n\nStack Trace:\n  File "x.py"`;
  expect(thrown({ __typename: "PythonError", message }).message).toBe("Dagster: Failed: really (PythonError).");
  expect(thrown({ __typename: "PythonError", message: "x".repeat(10_000) }).message.length).toBeLessThan(600);
});

test.each([null, undefined])("%s in place of a union is an error", (nothing) => {
  expect(thrown(nothing)).toMatchObject({ typename: "nothing", retryable: false });
});

test.each([
  ["UnauthorizedError", " The server is read-only, or this user lacks the permission."],
  ["PipelineNotFoundError", " Its code location may have failed to load: see `codeLocations.list`."],
])("%s comes with advice", (typename, says) => {
  const error = thrown({ __typename: typename, message: "No." });
  expect(error).toMatchObject({ typename, retryable: false });
  expect(error.message).toBe(`Dagster: No (${typename}).${says}`);
});

test("a PythonError's causes are reported, the last of them being the reason", () => {
  const error = thrown({
    __typename: "PythonError",
    className: "DagsterUserCodeLoadError",
    message: "DagsterUserCodeLoadError: Error during the loading\n",
    causes: [
      { className: "RuntimeError", message: "RuntimeError: no connection\n" },
      { className: null, message: "KeyError: 'connection'\n" },
    ],
  });
  expect(error.causes).toEqual([
    { className: "RuntimeError", message: "RuntimeError: no connection" },
    { className: undefined, message: "KeyError: 'connection'" },
  ]);
  expect(error.message).toMatch(
    /: DagsterUserCodeLoadError: Error during the loading \(PythonError \(DagsterUserCodeLoadError\)\)\. Cause: RuntimeError: no connection\. Cause: KeyError: 'connection'\.$/,
  );
});

test("missing run configuration is reported with its location", () => {
  const entries = [{ fieldName: "ops" }, { listIndex: 0 }, { fieldName: "config" }];
  const errors = [
    { message: 'Missing "a".', reason: "MISSING_REQUIRED_FIELD", stack: { entries } },
    { message: 'Unexpected "b".', reason: "FIELD_NOT_DEFINED" },
  ];
  const error = thrown({ __typename: "RunConfigValidationInvalid", errors });
  expect(error.message).toBe('Dagster: Missing "a"; Unexpected "b" (RunConfigValidationInvalid).');
  expect(error.configErrors).toEqual([
    { message: 'Missing "a"', reason: "MISSING_REQUIRED_FIELD", path: ["ops", "0", "config"] },
    { message: 'Unexpected "b"', reason: "FIELD_NOT_DEFINED", path: [] },
  ]);
});

test("members without a message say what they are about", () => {
  expect(thrown({ __typename: "InvalidStepError", invalidStepKey: "load" }).message).toMatch(
    /: there is no step load \(InvalidStepError\)\.$/,
  );
  expect(thrown({ __typename: "InvalidOutputError", stepKey: "load", invalidOutputName: "x" }).message).toMatch(
    /: step load has no output x \(InvalidOutputError\)\.$/,
  );
});
