/** Tokens that change: read from a file that something renews, or asked from a command. Never part of a message. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createDagsterClient, type DagsterClient, type DagsterClientOptions, DagsterError } from "@org/dagster-client";
import { UsageError } from "./errors.ts";

/** Gets a token anew. @throws UsageError that names where it should have come from, and nothing of what came */
export type Token = { readonly get: (signal?: AbortSignal) => Promise<string> };

/** A command may take so long, in ms. */
const COMMAND_MS = 30_000;

/** The token in a file, without the line break at its end. */
export function tokenFromFile(path: string, label: string): Token {
  return {
    async get(signal) {
      const text = await readFile(path, { encoding: "utf8", ...(signal && { signal }) }).catch((cause) => {
        signal?.throwIfAborted();
        throw new UsageError(`${label}: the file ${path} cannot be read (${cause.code ?? "it is no file"}).`);
      });
      return checked(text, `${label}: the file ${path}`);
    },
  };
}

/**
 * What a command prints, as the token.
 *
 * @param command one text for the shell, or a program and its arguments
 * @param options.timeoutMs how long it may take, in ms. @default 30000
 */
export function tokenFromCommand(
  command: string | readonly string[],
  label: string,
  { env, timeoutMs = COMMAND_MS }: { readonly env: NodeJS.ProcessEnv; readonly timeoutMs?: number },
): Token {
  const [program, args, shell] =
    typeof command === "string" ? [command, [], true] : [command[0]!, command.slice(1), false];
  return {
    get: (signal) =>
      new Promise((resolve, reject) => {
        const limits = {
          timeout: timeoutMs,
          killSignal: "SIGKILL",
          maxBuffer: 1_000_000,
          ...(signal && { signal }),
        } as const;
        const child = execFile(program, args, { ...limits, shell, env, windowsHide: true }, (error, stdout) => {
          if (signal?.aborted) return reject(signal.reason);
          try {
            if (error)
              throw new UsageError(`${label}: the command ${failure(error, timeoutMs)}. Run it by hand to see why.`);
            resolve(checked(stdout, `${label}: the command`));
          } catch (thrown) {
            reject(thrown);
          }
        });
        child.stdin?.end();
      }),
  };
}

/** How a command ended. Its output and its own text may hold secrets. */
function failure({ code, killed }: { code?: unknown; killed?: boolean }, timeoutMs: number): string {
  if (killed) return `did not end within ${timeoutMs / 1000} s`;
  return typeof code === "number" ? `ended with exit code ${code}` : `could not be run (${code ?? "it was stopped"})`;
}

function checked(text: string, where: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(`${where} holds ${token === "" ? "nothing" : "more than a token: one word is expected"}.`);
}

/** A client of Dagster that asks for its token again once the server refuses it, and sends the request once more. */
export function dagsterWithToken(options: DagsterClientOptions, token: Token): DagsterClient {
  let current: Promise<string> | undefined;
  const headers = async () => ({ "Dagster-Cloud-Api-Token": (await current) ?? "" });
  const client = createDagsterClient({ ...options, auth: headers });
  const rawRequest: DagsterClient["rawRequest"] = async (...call) => {
    current ??= token.get();
    const used = current;
    const forget = () => {
      // Another request may have got a new one meanwhile.
      if (current === used) current = undefined;
    };
    // Asked before the request, so that what goes wrong is said as it is.
    await used.catch(forget).then(() => used);
    try {
      return await client.rawRequest(...call);
    } catch (error) {
      if (!(error instanceof DagsterError) || error.code !== "UNAUTHORIZED") throw error;
      forget();
      current ??= token.get();
      await current;
      return client.rawRequest(...call);
    }
  };
  return { url: client.url, rawRequest, request: async (...call) => (await rawRequest(...call)).data };
}
