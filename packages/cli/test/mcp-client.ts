/** `dagsync mcp` with the official client. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { expect, onTestFinished } from "vitest";

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url));

interface Result {
  readonly isError: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: each tool's own
  readonly structured: any;
}

/** The same as {@link start}, until the test ends. */
export async function startForTest(...args: Parameters<typeof start>) {
  const started = await start(...args);
  onTestFinished(() => started.client.close());
  return started;
}

/** Starts the command with a client. */
export async function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  mode: "legacy" | "auto" = "legacy",
) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ["--conditions=@org/source", bin, "mcp", ...args],
    env: { PATH: process.env.PATH ?? "", ...env },
    stderr: "pipe",
  });
  let stderr = "";
  transport.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const client = new Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode } });
  const closed = new Promise<void>((resolve) => {
    client.onclose = resolve;
  });
  await client.connect(transport);
  const call = async (name: string, given: object = {}, options: object = {}): Promise<Result> => {
    const { content, structuredContent, isError } = await client.callTool(
      { name, arguments: given as Record<string, unknown> },
      { timeout: 60_000, ...options },
    );
    const [first] = content as { text: string }[];
    return { isError: isError === true, text: first?.text ?? "", structured: structuredContent };
  };
  return { client, call, closed, pid: transport.pid as number, stderr: () => stderr };
}

/** The process that a process started. */
export async function childOf(pid: number): Promise<number> {
  let child = 0;
  await expect
    .poll(() => {
      const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
      child = Number(
        lines.map((line) => line.trim().split(/\s+/)).find(([, parent]) => Number(parent) === pid)?.[0] ?? 0,
      );
      return child;
    })
    .toBeGreaterThan(0);
  return child;
}
