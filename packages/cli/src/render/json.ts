import { toError } from "@org/kit";
import type { SyncEvent, SyncResult } from "@org/sync-engine";
import type { ErrorFacts } from "../exit-code.ts";
import { failureText } from "./failure.ts";
import { escaped } from "./safe-output.ts";

/** One line of JSON. Errors are reduced to their own fields, without stack trace or cause. */
export function jsonLine(value: SyncEvent | object): string {
  return `${JSON.stringify(value, (key, each: unknown) => {
    if (each instanceof Error) return errorFacts(each);
    if (key === "message" && typeof each === "string") return escaped(each);
    return typeof each === "bigint" ? Number(each) : each;
  })}\n`;
}

/** The last line of a sync with --json. @param pipeline set if there are several */
export function resultLine(
  exitCode: number,
  result: SyncResult | undefined,
  thrown: unknown,
  pipeline?: string,
): string {
  const error = thrown === undefined ? {} : { error: toError(thrown) };
  return jsonLine({ type: "result", exitCode, ...(pipeline !== undefined && { pipeline }), ...result, ...error });
}

function errorFacts(error: Error): object {
  const { code, retryable } = error as ErrorFacts;
  return { name: error.name, code, retryable, message: failureText(error) };
}
