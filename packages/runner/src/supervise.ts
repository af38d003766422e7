/**
 * The process between the runner and a job. It kills the job and everything that the job started once the runner is
 * gone. Its arguments are a program with arguments, or `--shell` and a command line.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";

const [program = "", ...args] = process.argv.slice(2);
const isShell = program === "--shell";
const isWindows = process.platform === "win32";

// Registered before the job starts, since the signal may come right away. The handler only runs once `job` is set.
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
    // The group has no processes left.
  }
}

// As in a shell: 127 if the command is not found, 126 if it cannot be executed.
job.on("error", ({ code }: NodeJS.ErrnoException) => {
  const isMissing = code === "ENOENT";
  process.stderr.write(
    `The command cannot be run: ${isMissing ? "there is no such program" : (code ?? "it failed")}.\n`,
  );
  process.exit(isMissing ? 127 : 126);
});
job.on("exit", (code, by) => {
  // Processes that the job left running may stay, unless the job was stopped.
  if (isStopped) signal("SIGKILL");
  process.exit(code ?? 128 + (by ? constants.signals[by] : 0));
});

// The runner never writes to this pipe. It closes when the runner ends, however that happens.
process.stdin
  .on("error", () => {})
  .on("close", () => {
    signal("SIGKILL");
    process.exit(128 + constants.signals.SIGKILL);
  });
process.stdin.resume();
