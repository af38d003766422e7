/**
 * Reads a file in a separate process. A pipe without a writer, or a mount that does not answer, blocks its reader
 * forever: here that would be a thread, without which this process could not even exit.
 */
import { readFile } from "node:fs/promises";
import { type Ended, runProgram } from "./run-program.ts";

export interface ReadOptions {
  /** The timeout, in ms. */
  readonly timeoutMs: number;
  /** The maximum size of the file, in bytes. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** The outcome: the text, or the system's error code. */
export type Read =
  | Exclude<Ended, { how: "failed" | "not started" }>
  | { readonly how: "failed"; readonly code: string };

/** @throws the signal's reason */
export async function readApart(path: string, options: ReadOptions): Promise<Read> {
  if (process.platform === "win32") return readHere(path, options);
  const { timeoutMs, maxBytes, signal } = options;
  // The other process does not inherit this one's files, unless they are passed on: /dev/stdin, or bash's <(…).
  const given = Number(/^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)?.[1] ?? (path === "/dev/stdin" ? 0 : Number.NaN));
  const isGiven = Number.isInteger(given);
  const { NODE_OPTIONS: _, NODE_DEBUG: __, ...inherited } = process.env;
  const env = { ...inherited, READ_PATH: isGiven ? "" : path, READ_BYTES: String(maxBytes) };
  const args = ["--input-type=commonjs", "--eval", reader];
  const fourth = isGiven ? { fourth: given } : {};
  // Its output is one letter longer than the file.
  const ended = await runProgram(process.execPath, args, { env, timeoutMs, maxBytes: maxBytes + 1, signal, ...fourth });
  if (ended.how === "not started") return { how: "failed", code: ended.code };
  if (ended.how === "failed") return { how: "failed", code: "it could not be read" };
  if (ended.how !== "done") return ended;
  const text = ended.stdout.slice(1);
  return ended.stdout.startsWith("=") ? { how: "done", stdout: text } : { how: "failed", code: text };
}

/** Prints a "=" and the file, or a "!" and the system's code. Without a path it reads file descriptor 3. */
const reader = `
const fs = require("node:fs");
const pause = new Int32Array(new SharedArrayBuffer(4));
try {
  const file = process.env.READ_PATH === "" ? 3 : fs.openSync(process.env.READ_PATH, "r");
  const buffer = Buffer.alloc(Number(process.env.READ_BYTES) + 1);
  let length = 0;
  while (length < buffer.length) {
    let more;
    try {
      more = fs.readSync(file, buffer, length, buffer.length - length, null);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 20);
      continue;
    }
    if (more === 0) break;
    length += more;
  }
  process.stdout.write(Buffer.concat([Buffer.from("="), buffer.subarray(0, length)]));
} catch (error) {
  process.stdout.write("!" + (error.code ?? error.name));
}
`;

async function readHere(path: string, { maxBytes, signal }: ReadOptions): Promise<Read> {
  try {
    const stdout = await readFile(path, { encoding: "utf8", ...(signal && { signal }) });
    return stdout.length > maxBytes ? { how: "too much" } : { how: "done", stdout };
  } catch (error) {
    signal?.throwIfAborted();
    return { how: "failed", code: (error as NodeJS.ErrnoException).code ?? "not a file" };
  }
}
