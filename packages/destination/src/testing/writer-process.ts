import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Fixture } from "./case.ts";
import { things } from "./sample.ts";

/**
 * The other process's script: it opens the place and commits batches, each with two new rows and the state that counts
 * them, and prints the number of each stored batch. It is text, so that it also works from a build.
 */
const script = `
const [module, argument, table, limit, pauseMs] = process.argv.slice(1);
const { connect } = await import(module);
const things = JSON.parse(table);
const session = await connect(argument).open({ pipeline: "pipeline" });
await session.prepare([things]);
const row = (id, size) => ({ id, kind: "a", label: null, size, weight: null, done: null, seen: null, data: null });
console.log("ready");
let number = (await session.states()).get("things")?.value ?? 0;
for (let left = Number(limit); left > 0; left -= 1) {
  number += 1;
  const upserts = [row(0, number), row(2 * number, number), row(2 * number + 1, number)];
  await session.commit("things", { table: things, upserts, state: { version: 1, value: number } });
  console.log(String(number));
  await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
}
process.stdin.resume();
process.stdin.on("end", async () => { await session.close(); process.exit(0); });
`;

/** Another process that writes to a place. */
export interface WriterProcess {
  readonly id: number;
  /** The next line that it prints: \`ready\`, then the number of each stored batch. */
  line(): Promise<string>;
  /** Kills it, without a chance to clean up. */
  kill(): Promise<void>;
  /** Suspends it at an arbitrary point, until it is woken. Not on Windows. */
  stop(): void;
  wake(): void;
  /** Lets it close its session and end. */
  end(): Promise<void>;
}

/**
 * @param batches how many it commits before it idles, with its session open
 * @param options pauseMs: wait after each batch, in ms. @default 0
 */
export function startWriter(fixture: Fixture, batches: number, { pauseMs = 0 } = {}): WriterProcess {
  // Only pass on how this process resolves packages, and no other option of the test runner.
  const conditions = process.execArgv.filter((argument) => /^(-C|--conditions)=/.test(argument));
  if (!fixture.process) throw new TypeError("The place does not say how another process connects to it.");
  const { module, argument } = fixture.process;
  const given = [module, argument, JSON.stringify(things), String(batches), String(pauseMs)];
  const child: ChildProcess = spawn(
    process.execPath,
    [...conditions, "--input-type=module", "--eval", script, "--", ...given],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
  let complaint = "";
  child.stderr?.on("data", (data) => {
    complaint += data;
  });
  const ended = once(child, "close");
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  return {
    id: child.pid as number,
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`The other process exited: ${complaint}`);
      return value;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    stop: () => void child.kill("SIGSTOP"),
    wake: () => void child.kill("SIGCONT"),
    async end() {
      child.stdin?.end();
      await ended;
      if (child.exitCode !== 0) throw new Error(`The other process failed: ${complaint}`);
    },
  };
}
