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

test("the member that was asked for is returned as it is", () => {
  const runs: Result = { __typename: "Runs", results: ["a"] };
  expect(unwrap(runs as Result, "Runs")).toBe(runs);
});

test.each(["RunNotFoundError", "InvalidSubsetError", "UnauthorizedError", "SomethingNewerError", "Unknown"])(
  "%s is permanent",
  (typename) => {
    const error = thrown({ __typename: typename, message: "It is so." });
    expect(error).toBeInstanceOf(DagsterResultError);
    expect(error).toMatchObject({ code: "RESULT", typename, className: undefined, retryable: false });
    expect(error.message).toBe(`Dagster answered ${typename} where Runs was asked for: It is so`);
  },
);

test.each([
  ["OperationalError", true],
  ["QueryCanceled", true],
  ["DagsterUserCodeUnreachableError", true],
  [null, true],
  ["DagsterCodeLocationNotFoundError", false],
  ["TypeError", false],
])("a PythonError of class %s has retryable %s", (className, retryable) => {
  const error = thrown({ __typename: "PythonError", message: "x", className });
  expect(error).toMatchObject({ typename: "PythonError", className: className ?? undefined, retryable });
});

test("a PythonError's message is shown on one line, without its stack trace, and not endless", () => {
  const message = `Failed:\n  really\n\nStack Trace:\n  File "x.py"`;
  expect(thrown({ __typename: "PythonError", message }).message).toBe(
    "Dagster answered PythonError where Runs was asked for: Failed: really",
  );
  expect(thrown({ __typename: "PythonError", message: "x".repeat(10_000) }).message.length).toBeLessThan(600);
});

test.each([null, undefined])("%s, where a union should be, is an error", (nothing) => {
  expect(thrown(nothing)).toMatchObject({ typename: "nothing", retryable: false });
});
