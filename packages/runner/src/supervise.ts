/**
 * The process between the runner and a job: it ends the job, and all that the job started, when the runner is gone. What
 * comes after its own name is a program and its arguments, or `--shell` and a text.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";

const [program = "", ...args] = process.argv.slice(2);
const isShell = program === "--shell";
const isWindows = process.platform === "win32";

// Before the job starts: it may be stopped as soon as it does. By then there is a job.
let isStopped = false;
process.on("SIGTERM", () => {
  isStopped = true;
  signal("SIGTERM");
});

const job = spawn(isShell ? args[0]! : program, isShell ? [] : args, {
  shell: isShell,
  detached: !isWindows,
  windowsHide: true,
  stdio: ["ignore", "inherit", "inherit"],
});

function signal(name: NodeJS.Signals): void {
  try {
    if (isWindows) job.kill(name);
    else if (job.pid !== undefined) process.kill(-job.pid, name);
  } catch {
    // Nobody of the group is left.
  }
}

// As shells have it: 127 for what is not there, 126 for what cannot be run.
job.on("error", ({ code }: NodeJS.ErrnoException) => {
  const isMissing = code === "ENOENT";
  process.stderr.write(
    `The command cannot be run: ${isMissing ? "there is no such program" : (code ?? "it failed")}.\n`,
  );
  process.exit(isMissing ? 127 : 126);
});
job.on("exit", (code, by) => {
  // What it has left running on purpose may stay, but not where it was told to end.
  if (isStopped) signal("SIGKILL");
  process.exit(code ?? 128 + (by ? constants.signals[by] : 0));
});

// Nothing is ever written there: it ends when the runner does, however that ends.
process.stdin
  .on("error", () => {})
  .on("close", () => {
    signal("SIGKILL");
    process.exit(128 + constants.signals.SIGKILL);
  });
process.stdin.resume();
