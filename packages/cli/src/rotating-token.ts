/** Tokens that change: read from a file that something renews, or from a command's output. Never part of a message. */
import { createDagsterClient, type DagsterClient, type DagsterClientOptions } from "@org/dagster-client";
import { eitherSignal } from "@org/kit";
import { UsageError } from "./errors.ts";
import { readApart } from "./read-apart.ts";
import { type Ended, runProgram } from "./run-program.ts";

/** Gets a new token. @throws UsageError that names where it should have come from, and repeats nothing of it */
export type Token = { readonly get: (signal?: AbortSignal) => Promise<string> };

/** The timeout of a command or a file, in ms. */
const TIMEOUT_MS = 30_000;

/** The maximum length of a token, in bytes. */
const MAX_BYTES = 65_536;

export interface TokenOptions {
  /** The timeout, in ms. @default 30000 */
  readonly timeoutMs?: number;
  /** Ends the wait for all callers. @default never */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the token from a file, without the line break at its end. It may be a pipe.
 *
 * @param label where its path was given, for messages: the path itself is not repeated, since it may be a token in the
 * wrong place
 */
export function tokenFromFile(path: string, label: string, options: TokenOptions = {}): Token {
  const { timeoutMs = TIMEOUT_MS } = options;
  return {
    async get(signal) {
      const either = eitherSignal(options.signal, signal);
      const read = await readApart(path, { timeoutMs, maxBytes: MAX_BYTES, signal: either });
      if (read.how === "done") return checked(read.stdout, `${label}: the file`);
      const why = { "too slow": `nothing arrived within ${timeoutMs / 1000} s`, "too much": "it is too long" };
      throw new UsageError(`${label}: the file cannot be read (${read.how === "failed" ? read.code : why[read.how]}).`);
    },
  };
}

/**
 * Uses a command's output as the token.
 *
 * @param command a text for the shell, or a program and its arguments
 */
export function tokenFromCommand(
  command: string | readonly string[],
  label: string,
  { env, timeoutMs = TIMEOUT_MS, ...options }: TokenOptions & { readonly env: NodeJS.ProcessEnv },
): Token {
  const [program, args, shell] =
    typeof command === "string" ? [command, [], true] : [command[0]!, command.slice(1), false];
  return {
    async get(signal) {
      const either = eitherSignal(options.signal, signal);
      const ended = await runProgram(program, args, { shell, env, timeoutMs, maxBytes: MAX_BYTES, signal: either });
      if (ended.how === "done") return checked(ended.stdout, `${label}: the command`);
      throw new UsageError(`${label}: the command ${failure(ended, timeoutMs)}. Run it by hand to see why.`);
    },
  };
}

/** How a command ended. Its output and its own text may contain secrets. */
function failure(ended: Exclude<Ended, { how: "done" }>, timeoutMs: number): string {
  switch (ended.how) {
    case "too slow":
      return `did not end within ${timeoutMs / 1000} s`;
    case "too much":
      return "printed more than a token";
    case "not started":
      return `could not be run (${ended.code})`;
    case "failed":
      return ended.exitCode === null ? "was stopped" : `ended with exit code ${ended.exitCode}`;
  }
}

function checked(text: string, where: string): string {
  // A byte order mark counts as whitespace.
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(`${where} holds ${token === "" ? "nothing" : "more than a token: a single word is expected"}.`);
}

/** A Dagster client that gets a new token once the server rejects it, and sends the request again. */
export function dagsterWithToken(options: DagsterClientOptions, token: Token): DagsterClient {
  return createDagsterClient({ ...options, auth: ({ signal }) => token.get(signal) });
}
