/**
 * A proxy that tampers with requests and responses. It simulates, in a few lines and over a real connection, what a
 * broken cache, a proxy, a plugin or an attacker does to a client.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

// biome-ignore lint/suspicious/noExplicitAny: it tampers with responses of any type
type Free = any;

/** A request, and its response to tamper with. */
export interface Told {
  readonly method: string;
  /** The original path and query. */
  readonly url: URL;
  /** The request's JSON body, if it has one. */
  readonly asked: Free;
  status: number;
  /** Sent as JSON, unless it is text. */
  body: Free;
  readonly headers: Record<string, string>;
}

export interface Lie {
  /** Changes the URL that is requested from the real server. */
  readonly ask?: (url: URL) => void;
  /** Changes the response. */
  readonly answer?: (told: Told) => void;
}

export interface LyingFront {
  readonly url: string;
  /** Number of requests received. */
  readonly asked: () => number;
  /** Sets how it lies from now on. Undefined: not at all. */
  tell(lie?: Lie): void;
}

/** Starts one in front of a server. It stops when the test ends. */
export async function startLyingFront(target: string, first: Lie = {}): Promise<LyingFront> {
  let lie = first;
  let asked = 0;
  const server = createServer(async (request, response) => {
    asked += 1;
    const told = await forward(request, target, lie);
    lie.answer?.(told);
    const body = typeof told.body === "string" ? told.body : JSON.stringify(told.body);
    response.sendDate = false;
    response.writeHead(told.status, told.headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    tell: (next = {}) => {
      lie = next;
    },
  };
}

async function forward(request: IncomingMessage, target: string, { ask }: Lie): Promise<Told> {
  const { method = "GET", headers } = request;
  const url = new URL(request.url ?? "/", target);
  const real = new URL(url);
  ask?.(real);
  const sent = await text(request);
  const passed = ["authorization", "content-type"].flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  const answer = await fetch(real, { method, headers: Object.fromEntries(passed), ...(sent && { body: sent }) });
  const came = await answer.text();
  const [type, date] = ["content-type", "date"].map((name) => answer.headers.get(name));
  return {
    method,
    url,
    asked: sent.startsWith("{") ? JSON.parse(sent) : sent,
    status: answer.status,
    body: type?.includes("json") ? JSON.parse(came) : came,
    headers: { ...(type && { "content-type": type }), ...(date && { date }) },
  };
}
