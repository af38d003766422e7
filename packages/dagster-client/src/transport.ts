import { type Redact, readBody, through } from "@org/kit";
import { DagsterError, DagsterResponseError } from "./errors.ts";
import type { DagsterExchange, DagsterMiddleware } from "./middleware.ts";
import { isLostConnection, toNetworkError } from "./network-error.ts";

/** A request that is being sent. */
export interface Sending {
  /** Those of `auth` and `headers`. */
  readonly credentials: Headers;
  readonly redact: Redact;
  /** As named in its document, e.g. `query RunsPage`. */
  readonly operation: string;
  /** The operation and its URL, for messages. */
  readonly request: string;
  readonly signal: AbortSignal;
  /** The maximum size of the response, in bytes. */
  readonly limit: number;
  /** Receives the length of the response, in bytes. */
  readonly onRead: (bytes: number) => void;
}

/** Sends a request through the middleware, and reads its response to the end. */
export type Transport = (init: RequestInit, sending: Sending) => Promise<DagsterExchange>;

export function createTransport(
  url: string,
  fetch: typeof globalThis.fetch,
  middleware: readonly DagsterMiddleware[],
): Transport {
  let answered = false;

  async function send(init: RequestInit, sending: Sending): Promise<DagsterExchange> {
    const { redact, operation, request, signal, limit, onRead } = sending;
    try {
      const response = await fetch(url, init).catch((error: unknown) => {
        // Dagster's server closes a connection after 5 idle seconds, when a request may already be on its way.
        const repeatable = answered && !operation.startsWith("mutation") && !signal.aborted;
        if (repeatable && isLostConnection(error)) return fetch(url, init);
        throw error;
      });
      answered = true;
      const read = await readBody(response, limit);
      if (!read) throw tooLarge(request, response.status, limit);
      if (!read.isUtf8 && response.ok) throw garbled(request, response.status);
      onRead(read.bytes);
      return { response, body: read.text };
    } catch (error) {
      if (error instanceof DagsterError) throw error;
      throw toNetworkError(error, request, redact);
    }
  }

  return (init, sending) => {
    const { operation, credentials } = sending;
    const seen = { operation, method: init.method ?? "POST", url, headers: new Headers(init.headers) };
    return through(middleware, seen, () => {
      const headers = new Headers(seen.headers);
      for (const [name, value] of credentials) headers.set(name, value);
      return send({ ...init, headers }, sending);
    });
  };
}

function garbled(request: string, status: number): DagsterResponseError {
  const message = `The Dagster ${request} was answered (HTTP ${status}) with text that is not UTF-8: something in between garbled it.`;
  return new DagsterResponseError(message, { code: "INVALID_ANSWER", retryable: true, status, errors: [] });
}

function tooLarge(request: string, status: number, limit: number): DagsterResponseError {
  const message =
    `The Dagster ${request} was answered (HTTP ${status}) with more than ${limit} bytes after decompression, and was not ` +
    "read any further. Request less at once, or raise `maxResponseBytes`.";
  return new DagsterResponseError(message, { code: "RESPONSE_TOO_LARGE", status, errors: [] });
}
