#!/usr/bin/env node
import { exitCodes } from "./index.ts";
import { Interrupted } from "./io.ts";
import { main } from "./main.ts";

const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  let firstAt: number | undefined;
  process.on(name, () => {
    // A terminal signals every process of the group, and npm signals its child once more: that is still the first.
    if (firstAt !== undefined && performance.now() - firstAt > 1000) process.exit(exitCodes.interrupted[name]);
    firstAt ??= performance.now();
    controller.abort(new Interrupted(name));
  });
}
// Whoever read our output went away (`| head`): the sync goes on, and its exit code still says how it ended.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const { stdout, stderr, env } = process;
// Without a terminal nobody would answer. It is opened only when somebody is asked.
const io = { stdout, stderr, env, signal: controller.signal };
process.exitCode = await main(process.argv.slice(2), {
  ...io,
  get stdin() {
    return process.stdin.isTTY ? process.stdin : undefined;
  },
});
