/** Runs one attempt of a job as a process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { lineSplitter } from "./lines.ts";
import type { JobCommand } from "./schedule.ts";

/** The input of one attempt. */
export interface AttemptOptions {
  readonly command: JobCommand;
  /** Variables to set, on top of the runner's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Stops the job: SIGTERM, then SIGKILL after the grace period. */
  readonly signal: AbortSignal;
  readonly onLine: (stream: "stdout" | "stderr", line: string) => void;
}

/** Runs one attempt. @returns the exit code. Never rejects. */
export type Execute = (options: AttemptOptions) => Promise<number>;

export interface ProcessOptions {
  /** How to start `dagsync`: a program and its first arguments. */
  readonly dagsync: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Time between SIGTERM and SIGKILL when a job is stopped, in ms. @default 20_000 */
  readonly graceMs?: number;
}

/** How long to wait for output after a job has exited, if its own children keep the pipes open, in ms. */
const LINGER = 1000;

/** Runs jobs as processes that do not outlive this one. */
export function processExecutor({ dagsync, env, graceMs = 20_000 }: ProcessOptions): Execute {
  return async ({ command, signal, onLine, ...rest }) => {
    const child = start(argumentsOf(command, dagsync), { ...env, ...rest.env });
    for (const name of ["stdout", "stderr"] as const) {
      const lines = lineSplitter((line) => onLine(name, line));
      child[name]?.on("data", lines.write).on("end", lines.end);
    }
    let killer: NodeJS.Timeout | undefined;
    const stop = () => {
      // Windows has no signal that a program could handle.
      if (process.platform !== "win32") child.kill("SIGTERM");
      killer = setTimeout(() => child.stdin?.destroy(), process.platform === "win32" ? 0 : graceMs);
    };
    const closed = once(child, "close").catch(() => undefined);
    const exited = new Promise<number>((resolve) => {
      child.on("error", () => resolve(126));
      child.on("exit", (code) => resolve(code ?? 137));
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    const exitCode = await exited;
    clearTimeout(killer);
    signal.removeEventListener("abort", stop);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, LINGER).unref())]);
    for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    return exitCode;
  };
}

function argumentsOf(command: JobCommand, dagsync: readonly string[]): readonly string[] {
  if (command.kind === "shell") return ["--shell", command.text];
  return command.kind === "dagsync" ? [...dagsync, ...command.args] : command.args;
}

function start(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  // Next to this file: TypeScript in the checkout, JavaScript in the published package.
  const supervisor = new URL(import.meta.url.replace(/execute(\.\w+)$/, "supervise$1"));
  const options = ["--no-warnings", decodeURIComponent(supervisor.pathname.replace(/^\/(?=\w:)/, "")), ...args];
  return spawn(process.execPath, options, {
    env,
    // Keeps a terminal's Ctrl-C from the job: the runner gets it, and stops its jobs in order.
    detached: process.platform !== "win32",
    windowsHide: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
}
