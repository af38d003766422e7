/** A proxy in front of a real server that injects scripted faults of networks, proxies and busy servers. */
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from "node:net";

/** A request as the proxy received it. */
export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A response as the proxy sends it. */
export interface ProxiedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** What to do with a request, in this order. With only `match`, it is passed through. */
export interface ProxyFault {
  /** Which requests it applies to. @default all */
  readonly match?: (request: ProxiedRequest) => boolean;
  /** How many of them. @default 1 */
  readonly times?: number;
  /** Stops responding: from the start, within the headers, or within the body. */
  readonly stall?: "silent" | "headers" | "body";
  /** Hangs up: before forwarding the request, after it, or within the headers. */
  readonly reset?: "before" | "after" | "headers";
  /** Responds in place of the server. */
  readonly answer?: Partial<ProxiedAnswer> | ((request: ProxiedRequest) => Partial<ProxiedAnswer>);
  /** Headers to forward instead of the original ones. */
  readonly sendHeaders?: Readonly<Record<string, string>>;
  /** Changes the server's response. */
  readonly spoil?: (answer: ProxiedAnswer, request: ProxiedRequest) => ProxiedAnswer;
  /**
   * Sends this many bytes of the body, then hangs up. `end`: how the body's end is marked: by its length, or, as in
   * HTTP/1.0, by closing the connection, so that a cut looks like the end.
   */
  readonly cut?: Cut | ((body: Buffer) => Cut | undefined);
  /** Forwards repeated requests only once, and replays the response. @default false */
  readonly replay?: boolean;
}

interface Cut {
  readonly at: number;
  readonly end: "length" | "close";
}

export interface FaultProxy {
  readonly url: string;
  /** Requests since it was last cleared. */
  readonly requests: ProxiedRequest[];
  /** Adds a fault. Each request takes the first one that matches. */
  script(...faults: ProxyFault[]): void;
  /** Number of unused faults. */
  pending(): number;
  clear(): void;
  close(): Promise<void>;
}

/** @param target the server's URL. Its path is prepended to each request, so the proxy's URL has none */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const requests: ProxiedRequest[] = [];
  const replayed = new Map<string, Promise<ProxiedAnswer>>();
  let script: { readonly fault: ProxyFault; left: number }[] = [];

  function take(request: ProxiedRequest): ProxyFault {
    const entry = script.find(({ fault }) => fault.match?.(request) ?? true);
    if (!entry) return {};
    entry.left -= 1;
    if (entry.left <= 0) script = script.filter((other) => other !== entry);
    return entry.fault;
  }

  function again(request: ProxiedRequest): Promise<ProxiedAnswer> {
    const key = `${request.method} ${request.path} ${request.query} ${request.text}`;
    const known = replayed.get(key) ?? ask(target, agent, request);
    replayed.set(key, known);
    return known;
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await read(incoming);
    requests.push(request);
    const fault = take(request);
    const { socket } = incoming;
    if (fault.stall === "silent") return;
    if (fault.reset === "before") return void socket.resetAndDestroy();
    const given = typeof fault.answer === "function" ? fault.answer(request) : fault.answer;
    const own = given && { status: 200, headers: {}, body: Buffer.alloc(0), ...given };
    const onward = { ...request, headers: { ...request.headers, ...fault.sendHeaders } };
    const said = own ?? (await (fault.replay ? again(onward) : ask(target, agent, onward)));
    const { status, headers, body } = fault.spoil?.(said, request) ?? said;
    if (fault.reset === "after") return void socket.resetAndDestroy();
    if (fault.reset === "headers" || fault.stall === "headers") {
      socket.write(`HTTP/1.1 ${status} OK\r\ncontent-type: application/js`);
      if (fault.reset) socket.end();
      return;
    }
    const cut = typeof fault.cut === "function" ? fault.cut(body) : fault.cut;
    const at = fault.stall === "body" ? Math.floor(body.length / 2) : cut?.at;
    if (cut?.end === "close") {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      socket.write(`HTTP/1.1 ${status} OK\r\n${lines.join("")}connection: close\r\n\r\n`);
      return void socket.end(body.subarray(0, at));
    }
    outgoing.writeHead(status, { ...headers, "content-length": String(body.length) });
    if (at === undefined) return void outgoing.end(body);
    outgoing.flushHeaders();
    outgoing.write(body.subarray(0, at), () => {
      if (fault.stall === undefined) outgoing.destroy();
    });
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const { url, close } = await listen(server);
  return {
    url,
    requests,
    script: (...faults) => void script.push(...faults.map((fault) => ({ fault, left: fault.times ?? 1 }))),
    pending: () => script.length,
    clear() {
      script = [];
      requests.length = 0;
      replayed.clear();
    },
    async close() {
      agent.destroy();
      await close();
    },
  };
}

/** A server that accepts connections, and never responds. */
export async function startSilentServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  return listen(createNetServer((socket) => void socket.resume().on("error", () => {})));
}

/** A third party's server: it responds to everything, and records what it received. */
export async function startStranger(): Promise<{
  readonly url: string;
  readonly received: readonly ProxiedRequest[];
  close(): Promise<void>;
}> {
  const received: ProxiedRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    received.push(await read(incoming));
    outgoing.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  return { ...(await listen(server)), received };
}

async function listen(server: Server): Promise<{ readonly url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { url: `http://127.0.0.1:${port}`, close };
}

async function read(incoming: IncomingMessage): Promise<ProxiedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://proxy");
  const { method = "GET", headers } = incoming;
  return { method, path: pathname, query: searchParams, headers, text: Buffer.concat(chunks).toString("utf8") };
}

/** Forwards a request, asking for an uncompressed response. */
function ask(
  target: string,
  agent: Agent,
  { method, path, query, headers, text }: ProxiedRequest,
): Promise<ProxiedAnswer> {
  const address = new URL(`${path}${query.size > 0 ? `?${query}` : ""}`, target);
  const { "accept-encoding": _, host: __, ...rest } = headers;
  return new Promise((resolve, reject) => {
    const onward = httpRequest(address, { method, agent, headers: rest }, async (answer) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of answer) chunks.push(chunk as Buffer);
        const { connection: _, "transfer-encoding": __, "content-length": ___, ...kept } = answer.headers;
        resolve({
          status: answer.statusCode ?? 502,
          headers: kept as Record<string, string>,
          body: Buffer.concat(chunks),
        });
      } catch (error) {
        reject(error);
      }
    });
    onward.on("error", reject);
    onward.end(text);
  });
}
