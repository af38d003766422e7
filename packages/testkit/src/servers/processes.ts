import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { onExit } from "./on-exit.ts";

/** How many of a process's last characters an error quotes: enough for a Python traceback. */
const tailLength = 4000;

/** A command that ended with another exit code than 0, could not be started, or ran out of time. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code = "COMMAND_FAILED";
  readonly retryable = false;
}

/** A server that did not become ready, or died; the message ends with the last lines of its log. */
class ServerError extends Error {
  override readonly name = "ServerError";
  readonly code = "SERVER_NOT_READY";
  readonly retryable = true;
}

export interface RunOptions {
  /** The whole environment, not additions to it. Default: that of this process. */
  env?: NodeJS.ProcessEnv;
  cwd?: string | undefined;
  /** User and group to run as, where this process is root. */
  uid?: number | undefined;
  gid?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Default: ten minutes, since an installation may have to download. */
  timeoutMs?: number;
}

/**
 * Runs a command to its end.
 *
 * @returns What it wrote to its standard output.
 * @throws CommandError: With the end of its output when it fails.
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

/** A process that runs until it is stopped, in a process group of its own. */
export interface Service {
  readonly pid: number;
  /** The end of what it wrote, for error messages. */
  tail(): string;
  /** The exit code or signal name once it has ended, otherwise undefined. */
  ended(): number | string | undefined;
  /** Ends the whole group: politely first, by force after `graceMs` (default 3 s). Waits until it has gone. */
  stop(graceMs?: number): Promise<void>;
}

export interface ServiceOptions extends Omit<RunOptions, "signal" | "timeoutMs"> {
  /** What ends it. Default: SIGTERM when it is stopped, SIGKILL when this process ends first. */
  endBy?: NodeJS.Signals;
  /** Told its exit code or signal name when it ends, whoever ended it. */
  onEnd?: (how: number | string) => void;
}

/** Starts a process of its own group and remembers it, so that it goes when this process goes. */
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
      // Its children may have outlived it. Later the id may be another process's.
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

/** A port of 127.0.0.1 on which nobody listened a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("The system gave no free port on 127.0.0.1.");
  return address.port;
}

/**
 * Asks again and again until the answer is true.
 *
 * @throws ServerError: When a service ends or the deadline passes, with the ends of the services' logs.
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
