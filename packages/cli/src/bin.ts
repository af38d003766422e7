#!/usr/bin/env node
import { exitCodes, Interrupted } from "./index.ts";
import { main } from "./main.ts";
import { endPrograms } from "./run-program.ts";

const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  let firstAt: number | undefined;
  process.on(name, () => {
    // A terminal signals every process of the group, and npm then signals its child again: that still counts as the
    // first.
    if (firstAt !== undefined && performance.now() - firstAt > 1000) end(name);
    firstAt ??= performance.now();
    controller.abort(new Interrupted(name));
  });
}

// If our output is no longer read (`| head`), the sync continues, and its exit code still says how it ended. But output
// that could not be stored where it belongs (a full disk) is an error.
let unwritten: NodeJS.ErrnoException | undefined;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") unwritten ??= error;
});
process.stderr.on("error", () => {});

const { stdout, stderr, env } = process;
// Only a terminal can answer. It is opened only when there is a question.
const io = { stdout, stderr, env, signal: controller.signal };
process.exitCode = await main(process.argv.slice(2), {
  ...io,
  get stdin() {
    return process.stdin.isTTY ? process.stdin : undefined;
  },
});
await new Promise<void>((resolve) => stdout.write("", () => resolve()));
if (unwritten && process.exitCode === exitCodes.done) {
  stderr.write(`dagsync: the result could not be written (${unwritten.code ?? unwritten.message}).\n`);
  process.exitCode = exitCodes.incomplete;
}
const by = (["SIGINT", "SIGTERM"] as const).find((name) => process.exitCode === exitCodes.interrupted[name]);
// A hanging system call (a name lookup, a mount that does not answer) would keep the process alive.
if (by) setTimeout(() => end(by), 500).unref();

/** Ends at once, as by an unhandled signal: process.exit would wait for hanging system calls. */
function end(name: "SIGINT" | "SIGTERM"): void {
  endPrograms();
  process.removeAllListeners(name);
  process.kill(process.pid, name);
  // The first process of a container is not ended by its own signals.
  process.exit(exitCodes.interrupted[name]);
}
