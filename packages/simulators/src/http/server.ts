import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../time.ts";
import { type Fault, Faults, type SimulatedRequest } from "./faults.ts";

/** A simulated server's response. */
export interface Answer {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body: string;
}

/** @param clampPage the maximum number of rows, from a fault */
export type Handler = (request: SimulatedRequest, clampPage: number | undefined) => Answer | Promise<Answer>;

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  /** The query as it was sent, without the question mark. */
  readonly query: string;
  /** The status of the response; 0 if a fault hung up or is still silent. */
  status: number;
  /** The JSON that was sent, without credentials. */
  readonly body: unknown;
}

/** The requests in order of arrival. */
export class RequestLog extends Array<LoggedRequest> {
  clear(): void {
    this.length = 0;
  }
}

/** A server that answers on 127.0.0.1 until it is closed. */
export interface RunningServer {
  readonly url: string;
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** Closes all connections and frees the port. */
  close(): Promise<void>;
}

export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

export function textAnswer(status: number, body: string): Answer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body };
}

export function htmlAnswer(): Answer {
  const body = "<!doctype html>\n<html><head><title>Sign in</title></head><body></body></html>";
  return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

export async function startServer(options: { handler: Handler; clock: Clock; port?: number }): Promise<RunningServer> {
  const faults = new Faults();
  const requests = new RequestLog();
  const closing = new AbortController();

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    const secret = request.path.startsWith("/auth/");
    const entry: LoggedRequest = {
      method: request.method,
      path: request.path,
      query: request.query.toString(),
      status: 0,
      body: secret ? undefined : request.json,
    };
    requests.push(entry);
    const fault = faults.take(request);
    await fault?.before?.(request);
    if (fault?.stall === "headers") await silence(fault, closing.signal);
    if (fault?.reset) return void incoming.socket.resetAndDestroy();
    const answer = answerOf(fault) ?? (await options.handler(request, fault?.clampPage));
    await fault?.after?.(request);
    if (outgoing.destroyed) return;
    entry.status = answer.status;
    await send(outgoing, answer, fault);
  }

  async function send(outgoing: ServerResponse, answer: Answer, fault: Fault | undefined): Promise<void> {
    const body = Buffer.from(answer.body);
    outgoing.sendDate = false;
    outgoing.writeHead(answer.status, {
      date: new Date(options.clock.now()).toUTCString(),
      server: "uvicorn",
      ...answer.headers,
      ...(answer.status === 204 ? {} : { "content-length": body.length }),
      ...fault?.headers,
    });
    if (fault?.cutBodyAt !== undefined) {
      outgoing.flushHeaders();
      // Only once the bytes are sent: destroying the socket at once would discard them.
      outgoing.write(body.subarray(0, fault.cutBodyAt), () => outgoing.destroy());
      return;
    }
    if (fault?.stall === "body") {
      const middle = Math.floor(body.length / 2);
      outgoing.write(body.subarray(0, middle));
      await silence(fault, closing.signal);
      outgoing.end(body.subarray(middle));
      return;
    }
    outgoing.end(outgoing.req.method === "HEAD" ? undefined : body);
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch((error: unknown) => {
      if (closing.signal.aborted || outgoing.headersSent) return void outgoing.destroy();
      outgoing.writeHead(500, { "content-type": "text/plain" });
      outgoing.end(`The simulator failed: ${error instanceof Error ? error.stack : String(error)}`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    faults,
    requests,
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The response of a fault that replaces the server's. */
export function answerOf(fault: Fault | undefined): Answer | undefined {
  if (fault?.html200) return htmlAnswer();
  if (fault?.status === undefined && fault?.body === undefined) return undefined;
  const status = fault.status ?? 200;
  const body = fault.body ?? { detail: "scripted fault" };
  return typeof body === "string" ? textAnswer(status, body) : jsonAnswer(status, body);
}

function silence(fault: Fault, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (fault.stallMs !== undefined) setTimeout(resolve, fault.stallMs);
  });
}

async function readRequest(incoming: IncomingMessage): Promise<SimulatedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const [path = "/", query = ""] = splitOnce(incoming.url ?? "/", "?");
  return {
    method: incoming.method ?? "GET",
    path,
    query: new URLSearchParams(query),
    headers: incoming.headers,
    text,
    json: parseJson(text),
  };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
