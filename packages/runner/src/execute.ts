/** Carries out one attempt of a job, as a process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { lineSplitter } from "./lines.ts";
import type { JobCommand } from "./schedule.ts";

/** What an attempt needs to know. */
export interface AttemptOptions {
  readonly command: JobCommand;
  /** Set for the job, in addition to this process's own. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the job: it gets SIGTERM, and after the grace period SIGKILL. */
  readonly signal: AbortSignal;
  readonly onLine: (stream: "stdout" | "stderr", line: string) => void;
}

/** Carries out one attempt. @returns the exit code. Never rejects. */
export type Execute = (options: AttemptOptions) => Promise<number>;

export interface ProcessOptions {
  /** How `dagsync` is run: a program and its first arguments. */
  readonly dagsync: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long a job that is stopped may take to end by itself, in ms. @default 20_000 */
  readonly graceMs?: number;
}

/** How long what a job has left running may keep its output open, in ms. */
const LINGER = 1000;

/** Runs jobs as processes, none of which outlives this one. */
export function processExecutor({ dagsync, env, graceMs = 20_000 }: ProcessOptions): Execute {
  return async ({ command, signal, onLine, ...rest }) => {
    const child = start(argumentsOf(command, dagsync), { ...env, ...rest.env });
    for (const name of ["stdout", "stderr"] as const) {
      const lines = lineSplitter((line) => onLine(name, line));
      child[name]?.on("data", lines.write).on("end", lines.end);
    }
    let killer: NodeJS.Timeout | undefined;
    const stop = () => {
      // Windows has no signal that a program could listen to.
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
  // Beside this file, as TypeScript in the checkout and compiled in the package.
  const supervisor = new URL(import.meta.url.replace(/execute(\.\w+)$/, "supervise$1"));
  const options = ["--no-warnings", decodeURIComponent(supervisor.pathname.replace(/^\/(?=\w:)/, "")), ...args];
  return spawn(process.execPath, options, {
    env,
    // A terminal's Ctrl-C is for the runner, which then stops its jobs.
    detached: process.platform !== "win32",
    windowsHide: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
}
