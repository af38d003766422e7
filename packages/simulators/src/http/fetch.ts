import type { Clock } from "../time.ts";
import { type Answer, answerOf, type Handler, parseJson } from "./answer.ts";
import type { Fault, Faults, SimulatedRequest } from "./faults.ts";
import type { RequestLog } from "./request-log.ts";

/** A `fetch` that answers by itself. It can be passed wherever the global one can. */
export type SimulatorFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * The same script of faults as over a socket. A truncated body ends in an error, as it does if its length was announced.
 */
export function createFetch(core: {
  readonly url: string;
  readonly handler: Handler;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly requests: RequestLog;
}): SimulatorFetch {
  const { handler, clock, faults, requests } = core;
  return async (input, init) => {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    signal?.throwIfAborted();
    const request = await readRequest(input, init, core.url);
    const logged = requests.add(request);
    const fault = faults.take(request);
    await fault?.before?.(request);
    if (fault?.stall === "headers") await silence(fault.stallMs, signal);
    if (fault?.reset) throw lost("read ECONNRESET");
    const given = answerOf(fault) ?? (await handler(request, fault?.clampPage));
    await fault?.after?.(request);
    signal?.throwIfAborted();
    logged.status = given.status;
    return responseOf(given, { fault, signal, date: new Date(clock.now()).toUTCString() });
  };
}

function responseOf(
  { status, headers, body }: Answer,
  { fault, signal, date }: { readonly fault: Fault | undefined; readonly signal: Signal; readonly date: string },
): Response {
  const init = { status, headers: { date, ...headers, ...fault?.headers } };
  const cutAt = fault?.cutBodyAt ?? body.length;
  if (fault?.stall !== "body" && cutAt >= body.length) return new Response(status === 204 ? null : body, init);
  const bytes = new TextEncoder().encode(body);
  const middle = Math.min(cutAt, fault?.stall === "body" ? Math.floor(bytes.length / 2) : bytes.length);
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes.subarray(0, middle)),
    async pull(controller) {
      if (fault?.stall !== "body") return controller.error(lost("other side closed"));
      try {
        await silence(fault.stallMs, signal);
        controller.enqueue(bytes.subarray(middle));
        controller.close();
      } catch (reason) {
        controller.error(reason);
      }
    },
  });
  return new Response(stream, init);
}

type Signal = AbortSignal | null | undefined;

/** @param durationMs undefined: until the signal aborts */
function silence(durationMs: number | undefined, signal: Signal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (durationMs !== undefined) setTimeout(resolve, durationMs);
  });
}

/** The error of Node's own `fetch` for a lost connection. */
function lost(message: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code: "ECONNRESET" }) });
}

async function readRequest(
  input: string | URL | Request,
  init: RequestInit | undefined,
  base: string,
): Promise<SimulatedRequest> {
  const isPlain = !(input instanceof Request) && (init?.body == null || typeof init.body === "string");
  // Creating a request costs more than all the rest, and models send some hundred thousand.
  const { url, method, headers, text } = isPlain
    ? { url: input, method: init?.method, headers: new Headers(init?.headers), text: String(init?.body ?? "") }
    : await readWhole(new Request(input instanceof Request ? input : new URL(input, base), init));
  const { pathname: path, searchParams: query } = new URL(url, base);
  return { method: method ?? "GET", path, query, headers: Object.fromEntries(headers), text, json: parseJson(text) };
}

async function readWhole(request: Request) {
  return { url: request.url, method: request.method, headers: request.headers, text: await request.text() };
}
