import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../time.ts";
import { type Answer, answerOf, type Handler, parseJson } from "./answer.ts";
import type { Fault, Faults, SimulatedRequest } from "./faults.ts";
import type { RequestLog } from "./request-log.ts";

export interface ListenOptions {
  /** @default 0, any free one */
  readonly port?: number | undefined;
}

/** A server that answers on 127.0.0.1 until it is closed. */
export interface ListeningServer {
  readonly url: string;
  /** Closes all connections and frees the port. */
  close(): Promise<void>;
}

export async function listen(
  core: {
    readonly handler: Handler;
    readonly clock: Clock;
    readonly faults: Faults;
    readonly requests: RequestLog;
  },
  { port: wanted = 0 }: ListenOptions,
): Promise<ListeningServer> {
  const { faults, requests } = core;
  const closing = new AbortController();

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    const entry = requests.add(request);
    const fault = faults.take(request);
    await fault?.before?.(request);
    if (fault?.stall === "headers") await silence(fault, closing.signal);
    if (fault?.reset) return void incoming.socket.resetAndDestroy();
    const answer = answerOf(fault) ?? (await core.handler(request, fault?.clampPage));
    await fault?.after?.(request);
    if (outgoing.destroyed) return;
    entry.status = answer.status;
    await send(outgoing, answer, fault);
  }

  async function send(outgoing: ServerResponse, answer: Answer, fault: Fault | undefined): Promise<void> {
    const body = Buffer.from(answer.body);
    outgoing.sendDate = false;
    outgoing.writeHead(answer.status, {
      date: new Date(core.clock.now()).toUTCString(),
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
    server.listen(wanted, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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
