/**
 * Subscriptions over a WebSocket, with the only protocol that Dagster's server supports: `graphql-ws` as in Apollo's
 * subscriptions-transport-ws (`start`, `data`, `complete`), not the later `graphql-transport-ws`.
 */

import { defaultMaxResponseBytes, eitherSignal } from "@org/kit";
import type { DagsterClient } from "./client.ts";
import { checkDocument } from "./client-options.ts";
import type { AnyDocument, DataOf, VariablesOf } from "./document.ts";
import { DagsterError, type DagsterErrorCode, DagsterNetworkError } from "./errors.ts";
import { firstPart } from "./unwrap.ts";

export interface SubscribeOptions {
  /** Aborts with its reason. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Considers the connection lost after this time without a message, in ms. @default none: it waits forever */
  readonly idleMs?: number | undefined;
  /** The timeout for connecting, until the server has accepted, in ms. @default 10000 */
  readonly connectMs?: number | undefined;
}

interface Message {
  readonly type: string;
  readonly payload?: {
    readonly data?: unknown;
    readonly message?: unknown;
    readonly errors?: unknown;
  };
}

/**
 * The results of a subscription, until the server ends it. Leaving the loop ends it too.
 *
 * ```ts
 * for await (const { locationStateChangeEvents } of subscribe(client, locationChangesDocument, {})) …
 * ```
 *
 * @throws DagsterError `INVALID_OPTIONS`: this runtime has no WebSocket, or it could not do what the client does (see
 * `DagsterClient.webSocketUrl`); `INVALID_REQUEST`: the server rejects the query; `UNEXPECTED_ANSWER`: a message has no data;
 * `RESPONSE_TOO_LARGE`: unread messages exceed the client's `maxResponseBytes`, a single one or together.
 * @throws DagsterNetworkError: the connection failed, or was lost.
 */
export async function* subscribe<Document extends AnyDocument>(
  client: DagsterClient,
  document: Document,
  variables: VariablesOf<Document>,
  { idleMs, connectMs = 10_000, ...options }: SubscribeOptions = {},
): AsyncGenerator<DataOf<Document>, void, void> {
  const query = checkDocument(document);
  const { webSocketUrl, maxResponseBytes = defaultMaxResponseBytes } = client;
  const signal = eitherSignal(client.signal, options.signal);
  signal?.throwIfAborted();
  if (webSocketUrl === undefined || globalThis.WebSocket === undefined) {
    throw failed(
      "INVALID_OPTIONS",
      "WebSockets do not support this client's `auth`, `headers` or `fetch`, or are not available here",
    );
  }
  const inbox = openInbox(new WebSocket(webSocketUrl, "graphql-ws"), webSocketUrl, maxResponseBytes, signal);
  try {
    inbox.send({ type: "connection_init", payload: {} });
    inbox.send({ id: "1", type: "start", payload: { query, variables } });
    for (let patienceMs: number | undefined = connectMs; ; patienceMs = idleMs) {
      const { type, payload } = await inbox.next(patienceMs);
      const errors = [payload?.errors ?? (type.endsWith("error") ? payload : [])].flat();
      if (errors.length > 0) throw failed("INVALID_REQUEST", errors.map(messageOf).join("; "));
      if (type === "complete") return;
      if (type !== "data") continue;
      if (typeof payload?.data !== "object" || payload.data === null)
        throw failed("UNEXPECTED_ANSWER", "a message has no data");
      yield payload.data as DataOf<Document>;
    }
  } finally {
    inbox.close();
  }
}

/** A socket's messages in order, for one reader. */
function openInbox(socket: WebSocket, webSocketUrl: string, limit: number, signal: AbortSignal | undefined) {
  const messages: { readonly message: Message; readonly length: number }[] = [];
  /** The length of all messages together, in UTF-16 units: a WebSocket returns text. */
  let length = 0;
  const toSend: string[] = [];
  let lost = false;
  let wake = () => {};
  const listen = new AbortController();
  const on = (target: EventTarget, type: string, listener: (event: Event) => void) =>
    target.addEventListener(type, listener, { signal: listen.signal });
  on(socket, "open", () => {
    for (const text of toSend.splice(0)) socket.send(text);
  });
  const lose = () => {
    lost = true;
    wake();
  };
  on(socket, "message", (event) => {
    const text = String((event as MessageEvent).data);
    length += text.length;
    if (length > limit) {
      // Releases the content: it may take long until anyone reads it.
      messages.length = 0;
      socket.close();
      return wake();
    }
    const message = parse(text);
    if (message === undefined) return lose();
    messages.push({ message, length: text.length });
    wake();
  });
  // An error event does not say what went wrong.
  on(socket, "error", lose);
  on(socket, "close", lose);
  if (signal) on(signal, "abort", () => wake());
  return {
    send(message: object): void {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
      else toSend.push(JSON.stringify(message));
    },
    async next(patienceMs = Number.POSITIVE_INFINITY): Promise<Message> {
      const tooLate = Date.now() + patienceMs;
      for (;;) {
        signal?.throwIfAborted();
        if (length > limit) {
          const what = `a message was longer than ${limit} bytes, and was not read. Raise \`maxResponseBytes\``;
          throw failed("RESPONSE_TOO_LARGE", what);
        }
        const first = messages.shift();
        length -= first?.length ?? 0;
        if (first) return first.message;
        if (lost || Date.now() >= tooLate) {
          const what = lost ? "the connection failed or was lost" : `nothing arrived for ${patienceMs} ms`;
          throw new DagsterNetworkError({
            code: lost ? "CONNECTION_LOST" : "TIMEOUT",
            message: `The Dagster subscription to ${webSocketUrl} ended: ${what}.`,
            retryable: true,
          });
        }
        let timer: ReturnType<typeof setTimeout> | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (Number.isFinite(tooLate)) timer = setTimeout(resolve, tooLate - Date.now());
        });
        clearTimeout(timer);
      }
    },
    close(): void {
      listen.abort();
      socket.close();
    },
  };
}

/** Undefined for a message that no Dagster sends. */
function parse(text: string): Message | undefined {
  try {
    const message = JSON.parse(text) as Message;
    return typeof message.type === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  const message: unknown = (error as { readonly message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? firstPart(message) : "an error without a message";
}

function failed(code: DagsterErrorCode, reason: string): DagsterError {
  return new DagsterError({ code, message: `Cannot subscribe to Dagster: ${reason}.` });
}
