import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { onExit } from "./on-exit.ts";

/** How much of a process's output an error quotes, in characters from its end: enough for a Python traceback. */
const tailLength = 4000;

/** A command failed, could not be started, or timed out. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code = "COMMAND_FAILED";
  readonly retryable = false;
}

/** A server did not become ready, or died. The message ends with the last lines of its log. */
class ServerError extends Error {
  override readonly name = "ServerError";
  readonly code = "SERVER_NOT_READY";
  readonly retryable = true;
}

export interface RunOptions {
  /** The complete environment. Default: this process's. */
  env?: NodeJS.ProcessEnv;
  cwd?: string | undefined;
  /** User and group to run as, if this process is root. */
  uid?: number | undefined;
  gid?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Default: ten minutes, since installations may download. */
  timeoutMs?: number;
}

/**
 * Runs a command to completion.
 *
 * @returns Its standard output.
 * @throws CommandError: If it fails, with the end of its output.
 */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { signal, timeoutMs, ...spawnOptions } = options;
  const child = spawn(command, args, {
    ...spawnOptions,
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs ?? 600_000), ...(signal ? [signal] : [])]),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let everything = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    everything = (everything + text).slice(-tailLength);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    everything = (everything + text).slice(-tailLength);
  });
  const title = `${command} ${args.join(" ")}`;
  const exitCode = await new Promise<number | string | null>((resolve, reject) => {
    child.once("error", (error) =>
      reject(new CommandError(`${title} did not run: ${error.message}\n${everything}`, { cause: error })),
    );
    child.once("close", (code, signalName) => resolve(code ?? signalName));
  });
  if (exitCode !== 0) throw new CommandError(`${title} ended with ${exitCode}:\n${everything}`);
  return stdout;
}

/** A long-running process in its own process group. */
export interface Service {
  readonly pid: number;
  /** The end of its output, for error messages. */
  tail(): string;
  /** Its exit code or signal name. Undefined while it is running. */
  ended(): number | string | undefined;
  /** Stops the whole group: gracefully first, by force after `graceMs` (default 3 s). Waits until it is gone. */
  stop(graceMs?: number): Promise<void>;
}

export interface ServiceOptions extends Omit<RunOptions, "signal" | "timeoutMs"> {
  /** The signal that stops it. Default: SIGTERM, or SIGKILL if this process ends first. */
  endBy?: NodeJS.Signals;
  /** Called with its exit code or signal name when it ends. */
  onEnd?: (how: number | string) => void;
}

/** Starts a process in its own group, and stops it when this process ends. */
export function startService(command: string, args: string[], options: ServiceOptions = {}): Service {
  const { endBy, onEnd, ...spawnOptions } = options;
  const child = spawn(command, args, { ...spawnOptions, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let tail = "";
  let ended: number | string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      tail = (tail + text).slice(-tailLength);
    });
  }
  const forget = onExit(() => killGroup(child, endBy ?? "SIGKILL"));
  const gone = new Promise<void>((resolve) => {
    const end = (how: number | string) => {
      ended = how;
      // Kill children that outlived it now. Later, the id may belong to another process.
      killGroup(child, "SIGKILL");
      forget();
      resolve();
      onEnd?.(how);
    };
    child.once("error", (error) => end(error.message));
    child.once("exit", (code, signalName) => end(code ?? signalName ?? "nothing"));
  });
  return {
    pid: child.pid ?? 0,
    tail: () => tail,
    ended: () => ended,
    async stop(graceMs = 3000) {
      if (ended === undefined) killGroup(child, endBy ?? "SIGTERM");
      const force = setTimeout(() => killGroup(child, "SIGKILL"), graceMs);
      await gone;
      clearTimeout(force);
    },
  };
}

function killGroup(child: ChildProcess, signalName: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signalName);
  } catch {
    // The group has ended already.
  }
}

/**
 * A port of 127.0.0.1 on which nothing listens, for a server that does so later, or for none.
 *
 * It is below those that systems give to whoever asks for any port. One of these could be given to another test, or to
 * one end of a connection, before a server is ready to listen, or while a test expects no answer.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(10_000, 32_768);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) =>
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true)),
    );
    await new Promise<void>((resolve) => server.close(() => resolve()));
    if (isFree) return port;
  }
  throw new Error("Of 100 random ports of 127.0.0.1 from 10000 to 32767, none is free.");
}

/**
 * Polls until the check returns true.
 *
 * @throws ServerError: If a service ends or the deadline passes, with the end of the services' logs.
 */
export async function waitUntil(
  what: string,
  ready: () => Promise<boolean>,
  services: Service[],
  options: { deadlineMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const logs = () => services.map((service) => service.tail()).join("\n---\n");
  const deadline = Date.now() + options.deadlineMs;
  while (!(await ready().catch(() => false))) {
    options.signal?.throwIfAborted();
    const dead = services.find((service) => service.ended() !== undefined);
    if (dead) throw new ServerError(`${what}: the process ended with ${dead.ended()}. Its last lines:\n${logs()}`);
    if (Date.now() > deadline) {
      throw new ServerError(`${what}: not ready after ${options.deadlineMs} ms. The last lines of the log:\n${logs()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
