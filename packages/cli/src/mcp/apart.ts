/** Has tools called in a process of their own, which can be killed. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { InsightsTool, ToolArguments, ToolResult } from "@org/insights/tools";
import type { Asked } from "./tools.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

/** How long what was called off may take to end by itself, in ms. */
const graceMs = 1000;

const program = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url),
);

/** Calls one tool after the other: {@link CallsApart.call} must not be called while a call is under way. */
export class CallsApart {
  readonly #asked: Asked;
  #child: ChildProcess | undefined;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  /** The same tools, called there. */
  tools(tools: readonly InsightsTool[]): readonly InsightsTool[] {
    return tools.map((tool) => ({ ...tool, call: (given, signal) => this.#call(tool.name, given, signal) }));
  }

  /** Ends the process, by itself if it can: it may have files to remove. */
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

  async #call(tool: string, given: ToolArguments, signal: AbortSignal): Promise<ToolResult> {
    signal.throwIfAborted();
    const child = this.#started();
    const settled = new AbortController();
    const ended = once(child, "exit", { signal: settled.signal });
    let grace: NodeJS.Timeout | undefined;
    const abort = () => {
      send(child, { type: "abort" });
      grace = setTimeout(() => this.#kill(), graceMs);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      const answered = once(child, "message", { signal: settled.signal });
      send(child, { type: "call", tool, given });
      const [answer] = (await Promise.race([answered, ended.then(([code, by]) => [died(tool, code ?? by)])])) as [
        FromWorker,
      ];
      signal.throwIfAborted();
      if (answer.type === "result") return answer.result as ToolResult;
      throw Object.assign(new Error(answer.message), { code: answer.code });
    } finally {
      clearTimeout(grace);
      signal.removeEventListener("abort", abort);
      settled.abort();
      ended.catch(() => undefined);
    }
  }

  #started(): ChildProcess {
    if (this.#child) return this.#child;
    // Its stdout is ours for the protocol.
    const argument = JSON.stringify({ ...this.#asked, parent: process.pid });
    const child = fork(program, [argument], { stdio: ["ignore", 2, 2, "ipc"] });
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    // Told by "exit" as well.
    child.on("error", () => undefined);
    this.#child = child;
    return child;
  }
}

function send(child: ChildProcess, message: ToWorker): void {
  // One that is gone is told by "exit".
  child.send(message, () => undefined);
}

function died(tool: string, how: unknown): FromWorker {
  return {
    type: "error",
    message: `${tool}: the process that asked ended (${how}), perhaps for want of memory. Ask for less.`,
  };
}
