import { SyncError, type SyncResult } from "@org/sync-engine";
import { credentialVariables } from "../credentials.ts";
import { Interrupted, UsageError } from "../errors.ts";
import { type ErrorFacts, exitCodeOf, exitCodes } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { escaped, shortened } from "./safe-output.ts";

/** Reports an error on stderr. @returns the exit code */
export function reportFailure(thrown: unknown, io: Pick<Io, "stderr" | "env">): number {
  const exitCode = exitCodeOf(thrown);
  io.stderr.write(`dagsync: ${failureText(thrown)}\n`);
  if (exitCode === exitCodes.comeBackLater) io.stderr.write("Try the same command again later.\n");
  if (io.env.DAGSYNC_DEBUG) io.stderr.write(`${shortened(debugText(thrown))}\n`);
  return exitCode;
}

/** An error in readable form: without a stack trace, secrets, and excessive length. */
export function failureText(thrown: unknown): string {
  return shortened(textOf(thrown));
}

function textOf(thrown: unknown): string {
  if (thrown instanceof Interrupted) {
    return `${thrown.message}. Nothing is lost: what is stored stays, and the same command resumes from there.`;
  }
  if (thrown instanceof SyncError && thrown.result) return resultText(thrown.result);
  if (!(thrown instanceof Error)) return escaped(String(thrown));
  // Its line breaks are intended: a configuration may have several mistakes.
  if (thrown instanceof UsageError) return thrown.message;
  // To the client a token comes from a function; the user needs the key in the file.
  if (authCodes.has((thrown as ErrorFacts).code) && isUsageError(thrown.cause)) return thrown.cause.message;
  // Our own errors have a code and a message that says what to do; anything else is a bug.
  if ("code" in thrown || "failureType" in thrown) return `${escaped(inOptions(thrown.message))}${advice(thrown)}`;
  return `${escaped(thrown.message)} (this is a bug; DAGSYNC_DEBUG=1 shows the stack trace)`;
}

/** The engine's options, and their names on the command line. */
const names: Readonly<Record<string, string>> = {
  "`allowMassDelete`": "--allow-mass-delete",
  "`exportState`": '"dagsync state export"',
  "`pipeline`": "--pipeline",
};

function inOptions(message: string): string {
  return message.replace(/`\w+`/g, (name) => names[name] ?? name);
}

const authCodes: ReadonlySet<unknown> = new Set(["AUTH_FAILED"]);

/** Or a copy of one, without its class. */
function isUsageError(cause: unknown): cause is Error {
  return cause instanceof Error && cause.name === "UsageError";
}

/** Clients have options; users of the command set variables. */
function advice(error: ErrorFacts): string {
  if (error.code !== "UNAUTHENTICATED") return "";
  const { airflow, dagster } = credentialVariables;
  return ` Set ${String(error.name).startsWith("Dagster") ? dagster : airflow}.`;
}

/** What was synced and what was not. Streams that failed for the same reason share a line. */
function resultText({ streams, problems }: SyncResult): string {
  const reasons = new Map<string, string[]>();
  for (const { stream, error } of streams) {
    if (error) reasons.set(textOf(error), [...(reasons.get(textOf(error)) ?? []), stream]);
  }
  const failed = [...reasons].map(([reason, names]) => `  not synced: ${names.join(", ")}: ${reason}`);
  const around = problems.map(({ stream, message }) => `  skipped: ${stream ?? "?"}: ${escaped(message)}`);
  const done = streams.filter(({ error }) => !error).map(({ stream }) => stream);
  const rest = done.length > 0 ? `  synced: ${done.join(", ")}` : "  No stream was synced completely.";
  return ["Not everything was synced.", ...failed, ...around, rest].join("\n");
}

function debugText(thrown: unknown): string {
  const lines: string[] = [];
  for (let at = thrown; at instanceof Error; at = at.cause) lines.push(at.stack ?? at.message);
  return lines.join("\ncaused by ");
}
