import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A request as the server got it. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: { readonly query: string; readonly variables?: Record<string, unknown> };
}

/** Starts a server on a free port, until the test ends. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A server that answers as `handle` says; `received` has every request that reached it. */
export async function serve(
  handle: (received: Received, response: ServerResponse, request: IncomingMessage) => void,
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const one = { path: request.url ?? "", headers: request.headers, body: text === "" ? {} : JSON.parse(text) };
    received.push(one);
    handle(one, response, request);
  };
  const port = await listen(createServer(listener));
  return { url: `http://127.0.0.1:${port}/graphql`, received };
}

/** A JSON answer. */
export function json(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** The error that a promise rejects with. */
export async function rejection<Expected extends Error = Error>(promise: Promise<unknown>): Promise<Expected> {
  const value = await promise.then(
    () => new Error("it did not reject"),
    (error: unknown) => error,
  );
  return value as Expected;
}
