import type { PythonProblem } from "@org/dagster-client";

/** An exception's message, followed by those of the exceptions that caused it, a line each, without stack traces. */
export function textOfProblem({
  message,
  causes = [],
}: {
  readonly message: string;
  readonly causes?: readonly Pick<PythonProblem, "message">[] | undefined;
}): string {
  return [message, ...causes.map((cause) => cause.message)].map((text) => text.trim()).join("\n");
}
