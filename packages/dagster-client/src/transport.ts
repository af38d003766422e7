import { isLostConnection, toNetworkError } from "./connection.ts";
import { type DagsterExchange, type DagsterMiddleware, throughAll } from "./middleware.ts";
import type { Redact } from "./redact.ts";

/** A request that is being sent. */
export interface Sending {
  /** Those of `auth` and `headers`. */
  readonly credentials: Headers;
  readonly redact: Redact;
  /** As its document names it, e.g. `query RunsPage`. */
  readonly operation: string;
  /** The operation and where it goes, for messages. */
  readonly request: string;
  readonly signal: AbortSignal;
}

/** Sends a request through the middleware, and reads its answer to the end. */
export type Transport = (init: RequestInit, sending: Sending) => Promise<DagsterExchange>;

export function createTransport(
  url: string,
  fetch: typeof globalThis.fetch,
  middleware: readonly DagsterMiddleware[],
): Transport {
  let answered = false;

  async function send(init: RequestInit, { redact, operation, request, signal }: Sending): Promise<DagsterExchange> {
    try {
      const response = await fetch(url, init).catch((error: unknown) => {
        // Dagster's server closes a connection after 5 idle seconds, and a request may already be on its way then.
        const repeatable = answered && !operation.startsWith("mutation") && !signal.aborted;
        if (repeatable && isLostConnection(error)) return fetch(url, init);
        throw error;
      });
      answered = true;
      return { response, body: await response.text() };
    } catch (error) {
      throw toNetworkError(error, request, redact);
    }
  }

  return (init, sending) => {
    const { operation, credentials } = sending;
    const seen = { operation, method: init.method ?? "POST", url, headers: new Headers(init.headers) };
    return throughAll(middleware, seen, () => {
      const headers = new Headers(seen.headers);
      for (const [name, value] of credentials) headers.set(name, value);
      return send({ ...init, headers }, sending);
    });
  };
}
