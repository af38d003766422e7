/** Tokens that change: read from a file that something renews, or asked from a command. Never part of a message. */
import {
  createDagsterClient,
  type DagsterAuth,
  type DagsterClient,
  type DagsterClientOptions,
} from "@org/dagster-client";
import { eitherSignal } from "@org/kit";
import { UsageError } from "./errors.ts";
import { readApart } from "./read-apart.ts";
import { type Ended, runProgram } from "./run-program.ts";

/** Gets a token anew. @throws UsageError that names where it should have come from, and nothing of what came */
export type Token = { readonly get: (signal?: AbortSignal) => Promise<string> };

/** A command, and a file, may take so long, in ms. */
const TIMEOUT_MS = 30_000;

/** No token is longer, in bytes. */
const MAX_BYTES = 65_536;

export interface TokenOptions {
  /** How long it may take, in ms. @default 30000 */
  readonly timeoutMs?: number;
  /** Ends what is being waited for, whoever asked. @default never */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The token in a file, without the line break at its end. It may be a pipe.
 *
 * @param label where its path stands, for messages: the path itself is not repeated, since it may be a token in the wrong
 * place
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
 * What a command prints, as the token.
 *
 * @param command one text for the shell, or a program and its arguments
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

/** How a command ended. Its output and its own text may hold secrets. */
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
  // A byte order mark counts as a blank.
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(`${where} holds ${token === "" ? "nothing" : "more than a token: a single word is expected"}.`);
}

/** A client of Dagster that asks for its token again once the server refuses it, and sends the request once more. */
export function dagsterWithToken(options: DagsterClientOptions, token: Token): DagsterClient {
  return createDagsterClient({ ...options, auth: tokenHeaders(token) });
}

const HEADER = "Dagster-Cloud-Api-Token";

/** One token for all requests, until it is refused. */
function tokenHeaders(token: Token): DagsterAuth {
  let current: Promise<string> | undefined;
  return async ({ refused }) => {
    const before = current;
    // Another request may have got a new one meanwhile.
    const isRefused = refused && (await before?.catch(() => undefined)) === refused.get(HEADER);
    if (isRefused && current === before) current = undefined;
    current ??= token.get();
    const used = current;
    const forget = () => {
      if (current === used) current = undefined;
    };
    await used.catch(forget);
    return { [HEADER]: await used };
  };
}
