/** Calls tools in a separate process, which can be killed. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { InsightsTool, ToolArguments, ToolResult } from "@org/insights/tools";
import type { Asked } from "./tools.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

type Answer = Exclude<FromWorker, { readonly type: "begun" }>;

/** Grace period of an aborted call, in ms. */
const graceMs = 1000;

const program = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url),
);

/** Calls one tool after the other: do not call {@link CallsApart.call} while a call is running. */
export class CallsApart {
  readonly #asked: Asked;
  #child: ChildProcess | undefined;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  /** The same tools, called in that process. */
  tools(tools: readonly InsightsTool[]): readonly InsightsTool[] {
    return tools.map((tool) => ({ ...tool, call: (given, signal) => this.#call(tool.name, given, signal) }));
  }

  /** Ends the process, gracefully if possible, since it may have files to remove. */
  async close(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    const ended = once(child, "exit");
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    if (child.connected) child.disconnect();
    await ended;
    clearTimeout(timer);
  }

  #kill(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  async #call(tool: string, given: ToolArguments, signal: AbortSignal, isAgain = false): Promise<ToolResult> {
    signal.throwIfAborted();
    const child = this.#started();
    const { promise: answered, resolve } = Promise.withResolvers<Answer | undefined>();
    let hasBegun = isAgain;
    const onMessage = (message: FromWorker) => {
      if (message.type === "begun") hasBegun = true;
      else resolve(message);
    };
    // A process that died since the last call is replaced by another one.
    const onExit = (code: number | null, by: string | null) => resolve(hasBegun ? died(tool, code ?? by) : undefined);
    let grace: NodeJS.Timeout | undefined;
    const abort = () => {
      send(child, { type: "abort" });
      grace = setTimeout(() => this.#kill(), graceMs);
    };
    child.on("message", onMessage).once("exit", onExit);
    signal.addEventListener("abort", abort, { once: true });
    try {
      send(child, { type: "call", tool, given });
      const answer = await answered;
      signal.throwIfAborted();
      if (!answer) return await this.#call(tool, given, signal, true);
      if (answer.type === "result") return answer.result as ToolResult;
      throw Object.assign(new Error(answer.message), { code: answer.code });
    } finally {
      clearTimeout(grace);
      signal.removeEventListener("abort", abort);
      child.off("message", onMessage).off("exit", onExit);
    }
  }

  #started(): ChildProcess {
    if (this.#child) return this.#child;
    // Its stdout must not mix with ours, which carries the protocol.
    const argument = JSON.stringify({ ...this.#asked, parent: process.pid });
    const child = fork(program, [argument], { stdio: ["ignore", 2, 2, "ipc"] });
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    // Reported by "exit" as well.
    child.on("error", () => undefined);
    this.#child = child;
    return child;
  }
}

function send(child: ChildProcess, message: ToWorker): void {
  // A dead process is reported by "exit".
  child.send(message, () => undefined);
}

function died(tool: string, how: unknown): Answer {
  return {
    type: "error",
    message: `${tool}: the query process ended (${how}), perhaps out of memory. Narrow the question.`,
  };
}
