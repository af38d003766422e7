import type { Clock } from "../time.ts";
import { type Fault, Faults, type SimulatedRequest } from "./faults.ts";
import { type Answer, answerOf, type Handler, RequestLog } from "./server.ts";

/** A server without a socket: its `fetch` answers. For models that send some hundred thousand requests. */
export interface DirectServer {
  readonly fetch: typeof globalThis.fetch;
  readonly faults: Faults;
  /** The requests since it was last cleared. */
  readonly requests: RequestLog;
}

/**
 * The same script of faults as over a socket, except `stall`, which is rejected: it needs time. A truncated body ends
 * in an error, as it does if its length was announced.
 */
export function directServer({ handler, clock }: { readonly handler: Handler; readonly clock: Clock }): DirectServer {
  const faults = new Faults();
  const requests = new RequestLog();

  const answer: typeof globalThis.fetch = async (input, init) => {
    init?.signal?.throwIfAborted();
    const request = await readRequest(input, init);
    const entry = { method: request.method, path: request.path, query: request.query.toString(), body: request.json };
    const logged = { ...entry, status: 0 };
    requests.push(logged);
    const fault = faults.take(request);
    await fault?.before?.(request);
    if (fault?.stall) throw new Error("A server without a socket cannot stall.");
    if (fault?.reset) throw lost("read ECONNRESET");
    const given = answerOf(fault) ?? (await handler(request, fault?.clampPage));
    await fault?.after?.(request);
    logged.status = given.status;
    return responseOf(given, fault, new Date(clock.now()).toUTCString());
  };
  return { fetch: answer, faults, requests };
}

function responseOf({ status, headers, body }: Answer, fault: Fault | undefined, date: string): Response {
  const all = { date, ...headers, ...fault?.headers };
  if (fault?.cutBodyAt === undefined || fault.cutBodyAt >= body.length) {
    return new Response(status === 204 ? null : body, { status, headers: all });
  }
  const beginning = new TextEncoder().encode(body).subarray(0, fault.cutBodyAt);
  const cut = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(beginning),
    pull: (controller) => controller.error(lost("other side closed")),
  });
  return new Response(cut, { status, headers: all });
}

/** The error of Node's own `fetch` for a lost connection. */
function lost(message: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code: "ECONNRESET" }) });
}

async function readRequest(input: RequestInfo | URL, init: RequestInit | undefined): Promise<SimulatedRequest> {
  const isRequest = input instanceof Request;
  const url = new URL(isRequest ? input.url : input);
  const text = isRequest ? await input.text() : typeof init?.body === "string" ? init.body : "";
  return {
    method: (isRequest ? input.method : init?.method) ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(isRequest ? input.headers : new Headers(init?.headers)),
    text,
    json: parsed(text),
  };
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
