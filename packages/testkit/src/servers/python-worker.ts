import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { CommandError } from "./processes.ts";

/** A Python process that runs scripts one at a time, each as if in its own process. */
export interface PythonWorker {
  /**
   * @returns the script's standard output
   * @throws CommandError: If the script fails, with its traceback.
   */
  run(script: string, input: unknown): Promise<string>;
  stop(): Promise<void>;
}

/** Maximum time of one script. Then the worker is killed. */
const scriptDeadlineMs = 600_000;

/**
 * Starts a worker. `worker` is a Python script that answers each line of its input, like `dagster/worker.py`. It exits when
 * its input ends, so it never outlives this process.
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
  // If it exits before it has read everything, that shows up as a missing answer.
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
