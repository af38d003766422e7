import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Io, main } from "@org/cli";
import type { Outcome } from "@org/testkit/cli/serving";
import { freePort } from "@org/testkit/servers/processes";

export type { Outcome };

import { onTestFinished } from "vitest";

/** Runs the command in this process. Requests are not repeated unless the test says so. */
export async function dagsync(args: readonly string[], io: Partial<Io> = {}): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  const writer = (name: keyof typeof written) => ({
    write(text: string) {
      written[name] += text;
    },
  });
  const code = await main(args, {
    stdout: writer("stdout"),
    stderr: writer("stderr"),
    env: {},
    requests: { retries: 0 },
    ...io,
  });
  return { code, ...written };
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "dagsync-"));
  // A destination that was still opening when its sync was stopped closes a moment later.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Starts a server on a free port of 127.0.0.1, until the test ends. @returns its host and port */
export async function listen(server: Server | RequestListener): Promise<string> {
  const listening = typeof server === "function" ? createServer(server) : server;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    listening.closeAllConnections();
    await new Promise((resolve) => listening.close(resolve));
  });
  return `127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

/** A server that answers everything with one JSON document, or by path. */
export function answering(byPath: Readonly<Record<string, unknown>>): RequestListener {
  return (request, response) => {
    const found = byPath[request.url?.split("?")[0] ?? ""];
    response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(found ?? { detail: "Not Found" }));
  };
}

/** Starts a simulator until the test ends. */
export async function until<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  onTestFinished(() => started.close());
  return started;
}

/** A host and port where nothing listens: one that was free an instant ago. */
export async function closedPort(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

/** Whether a process is there, and not only waits for somebody to ask how it ended. */
export function isRunning(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return /^[^Z\s]/.test(stdout.trim());
}
