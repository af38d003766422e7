/** Runs programs for their output. Neither they nor their children outlive the timeout or the command. */
import { type ChildProcess, type IOType, spawn } from "node:child_process";

/** How a program ended. Its output may contain secrets, and so may its own text. */
export type Ended =
  | { readonly how: "done"; readonly stdout: string }
  | { readonly how: "failed"; readonly exitCode: number | null }
  | { readonly how: "not started"; readonly code: string }
  | { readonly how: "too slow" }
  | { readonly how: "too much" };

export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Whether the program is a text for the shell. @default false */
  readonly shell?: boolean;
  /** The timeout, in ms. */
  readonly timeoutMs: number;
  /** The maximum size of its output, in bytes. */
  readonly maxBytes: number;
  /** Its stdin: nothing, or files that are open here. @default nothing */
  readonly stdin?: IOType | number;
  /** A file that is open here, passed as its fourth. */
  readonly fourth?: number | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

const running = new Set<ChildProcess>();

/**
 * Runs a program in its own process group, so that all its children can be ended with it. It has no terminal.
 *
 * @throws the signal's reason
 */
export async function runProgram(program: string, args: readonly string[], options: ProgramOptions): Promise<Ended> {
  const { timeoutMs, maxBytes, signal } = options;
  signal?.throwIfAborted();
  let child: ChildProcess;
  try {
    child = start(program, args, options);
  } catch (error) {
    // An impossible argument, such as one with a NUL: the message repeats it.
    return { how: "not started", code: codeOf(error as NodeJS.ErrnoException) };
  }
  if (running.size === 0) process.on("exit", endPrograms);
  running.add(child);
  let stop = () => {};
  try {
    return await new Promise<Ended>((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const timer = setTimeout(() => resolve({ how: "too slow" }), timeoutMs);
      const onAbort = () => reject(signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      stop = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      child.stdout?.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) resolve({ how: "too much" });
        else chunks.push(chunk);
      });
      child.on("error", (error: NodeJS.ErrnoException) => resolve({ how: "not started", code: codeOf(error) }));
      child.on("close", (exitCode) => {
        const stdout = Buffer.concat(chunks).toString("utf8");
        resolve(exitCode === 0 ? { how: "done", stdout } : { how: "failed", exitCode });
        running.delete(child);
      });
    });
  } finally {
    stop();
    // A program that ended by itself may have left something running on purpose, such as an agent that keeps a
    // password.
    if (running.delete(child)) end(child);
    if (running.size === 0) process.off("exit", endPrograms);
  }
}

function start(
  program: string,
  args: readonly string[],
  { env, shell = false, stdin = "ignore", fourth }: ProgramOptions,
): ChildProcess {
  return spawn(program, args, {
    env,
    shell,
    detached: process.platform !== "win32",
    windowsHide: true,
    stdio: [stdin, "pipe", "ignore", ...(fourth === undefined ? [] : [fourth])],
  });
}

const codeOf = ({ code, name }: NodeJS.ErrnoException) => code ?? name;

/** Ends all running programs, for a process that cannot wait any more. */
export function endPrograms(): void {
  for (const child of running) end(child);
}

function end(child: ChildProcess): void {
  // A program in a hanging system call cannot be ended, and is not waited for.
  child.stdout?.destroy();
  child.unref();
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore", windowsHide: true }).unref();
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The whole group has ended.
  }
}
