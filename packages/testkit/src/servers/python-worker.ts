import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { CommandError } from "./processes.ts";

/** A Python process that runs scripts one after the other, each as if it were a process of its own. */
export interface PythonWorker {
  /**
   * @returns what the script wrote to its standard output
   * @throws CommandError: with its traceback when it fails
   */
  run(script: string, input: unknown): Promise<string>;
  stop(): Promise<void>;
}

/** How long one script may take; then the worker is ended. */
const scriptDeadlineMs = 600_000;

/**
 * Starts a worker: `worker` is a Python script that answers lines, as `dagster/worker.py` does. It ends when its input
 * ends, so it never outlives this process.
 */
export function startPythonWorker(
  python: string,
  worker: string,
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): PythonWorker {
  const child = spawn(python, ["-u", worker], { ...options, stdio: ["pipe", "pipe", "pipe"] });
  let tail = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-4000);
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve()));
  // It may end before it has read all: that shows as an answer that does not come.
  child.stdin.on("error", () => {});
  let last: Promise<unknown> = Promise.resolve();

  async function ask(script: string, input: unknown): Promise<string> {
    child.stdin.write(`${JSON.stringify({ script, input })}\n`);
    const timer = setTimeout(() => child.kill("SIGKILL"), scriptDeadlineMs);
    const { value, done } = await answers.next().finally(() => clearTimeout(timer));
    if (done) throw new CommandError(`${python} ended while it ran ${script}:\n${tail}`);
    const { output, error } = JSON.parse(value) as { output?: string; error?: string };
    if (output === undefined) throw new CommandError(`${script} failed:\n${error}`);
    return output;
  }

  return {
    run(script, input) {
      const answer = last.then(() => ask(script, input));
      last = answer.catch(() => {});
      return answer;
    },
    async stop() {
      child.stdin.end();
      await gone;
    },
  };
}
