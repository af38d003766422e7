/**
 * A small server before another one, which lies: it changes what is asked, and what is answered. What a broken cache, a
 * proxy, a plugin or somebody hostile does to a client is a few lines here, and goes over a real connection.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

// biome-ignore lint/suspicious/noExplicitAny: a liar reaches into answers whose types are not its own
type Free = any;

/** A question, and the answer to it as it can be changed. */
export interface Told {
  readonly method: string;
  /** What was asked, as it came: path and query. */
  readonly url: URL;
  /** The body of the question, where it had one in JSON. */
  readonly asked: Free;
  status: number;
  /** Sent as JSON, unless it is text. */
  body: Free;
  readonly headers: Record<string, string>;
}

export interface Lie {
  /** Changes the address that is asked of the true server. */
  readonly ask?: (url: URL) => void;
  /** Changes the answer. */
  readonly answer?: (told: Told) => void;
}

export interface LyingFront {
  readonly url: string;
  /** How many questions came. */
  readonly asked: () => number;
  /** What it does from now on; the truth without any. */
  tell(lie?: Lie): void;
}

/** Starts one before the server at an address; it goes with the test. */
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
