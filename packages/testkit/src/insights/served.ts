/** A server with a handler, and requests to it. */
import { createServer, type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Destination } from "@org/destination";
import { createHandler, type HandlerOptions } from "@org/insights/serve";
import { onTestFinished } from "vitest";
import { store, type World } from "./world.ts";

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Ask = (path: string, options?: RequestOptions) => Promise<Got>;

export async function fill(
  destination: Destination,
  worlds: Readonly<Record<string, Partial<World>>>,
  synced?: string,
): Promise<void> {
  for (const [pipeline, world] of Object.entries(worlds)) {
    const session = await destination.open({ pipeline });
    await store(session, world, synced);
    await session.close();
  }
}

export async function start(
  options: HandlerOptions,
): Promise<{ readonly ask: Ask; readonly port: number; close(): Promise<void> }> {
  const server = createServer(createHandler({ timezone: "UTC", ...options }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const ask: Ask = (path, more) =>
    new Promise((resolve, reject) => {
      const asking = request({ port, host: "127.0.0.1", path, ...more }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text) => {
          body += text;
        });
        response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      });
      asking.on("error", reject).end();
    });
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { ask, port, close };
}

/** Aborts when the test ends. */
export async function served(options: HandlerOptions): Promise<Ask> {
  const { ask, close } = await start(options);
  onTestFinished(close);
  return ask;
}

/** The message of an error response. */
export function errorOf({ body }: Got): { readonly code: string; readonly message: string } {
  return JSON.parse(body).error;
}
