/**
 * The process that runs queries. SQLite blocks the calling thread, and a query may exhaust memory: the process that
 * talks to the client kills this one, and continues.
 */
import { Worker } from "node:worker_threads";
import type { ToolArguments } from "@org/insights/tools";
import { type Asked, type Tools, toolsFor } from "./tools.ts";

/** Messages to this process. */
export type ToWorker =
  | { readonly type: "call"; readonly tool: string; readonly given: ToolArguments }
  /** Aborts the current call. */
  | { readonly type: "abort" };

/** Messages from this process. */
export type FromWorker =
  /** It has received the call. */
  | { readonly type: "begun" }
  | { readonly type: "result"; readonly result: object }
  | { readonly type: "error"; readonly message: string; readonly code?: string };

const asked: Asked & { readonly parent: number } = JSON.parse(process.argv[2] ?? "");

// A parent that was killed cannot end this process, and a SQLite query keeps it from noticing; a separate thread does.
const watching = `const { ppid } = process;
  setInterval(() => { if (process.ppid !== ${asked.parent}) process.kill(process.pid, "SIGKILL"); }, 1000);`;
new Worker(watching, { eval: true }).unref();
process.on("disconnect", () => void end());

const { stdout, stderr, env } = process;
let place: Promise<Tools> | undefined;
let controller = new AbortController();

process.on("message", (message: ToWorker) => {
  if (message.type === "abort") controller.abort(new Error("The call was cancelled."));
  else void answer(message.tool, message.given);
});

async function answer(name: string, given: ToolArguments): Promise<void> {
  controller = new AbortController();
  say({ type: "begun" });
  try {
    place ??= toolsFor(asked, { stdout, stderr, env });
    const { tools } = await place;
    const tool = tools.find((each) => each.name === name);
    if (!tool) throw new Error(`Unknown tool ${name}.`);
    say({ type: "result", result: await tool.call(given, controller.signal) });
  } catch (error) {
    const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
    say({ type: "error", message: String(message ?? error), ...(typeof code === "string" && { code }) });
  }
}

async function end(): Promise<void> {
  controller.abort(new Error("The call was cancelled."));
  const opened = await place?.catch(() => undefined);
  await opened?.close();
  process.exit();
}

function say(message: FromWorker): void {
  process.send?.(message);
}
