import { readBody, through } from "@org/kit";
import type { DagsterFetch } from "./client-options.ts";
import type { Credentials } from "./credentials.ts";
import { DagsterError, DagsterResponseError } from "./errors.ts";
import type { DagsterExchange, DagsterMiddleware } from "./middleware.ts";
import { isLostConnection, toNetworkError } from "./network-error.ts";

/** One request, and what is known of it. */
export interface Sending {
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

/** Whether a response rejects the credentials. */
export const isRefused = ({ status }: { readonly status: number }): boolean => status === 401 || status === 403;

interface TransportOptions {
  readonly url: string;
  readonly fetch: DagsterFetch;
  readonly middleware: readonly DagsterMiddleware[];
  readonly credentials: Credentials;
}

export function createTransport({ url, fetch, middleware, credentials }: TransportOptions): Transport {
  let answered = false;

  async function send(init: RequestInit, sending: Sending): Promise<DagsterExchange> {
    const { operation, request, signal, limit, onRead } = sending;
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
      throw toNetworkError(error, request, credentials.redact);
    }
  }

  return async (init, sending) => {
    const { operation, signal } = sending;
    const attempt = (secret: Headers) => {
      const seen = { operation, method: init.method ?? "POST", url, headers: new Headers(init.headers) };
      return through(middleware, seen, () => {
        const headers = new Headers(seen.headers);
        for (const [name, value] of secret) headers.set(name, value);
        return send({ ...init, headers }, sending);
      });
    };
    const first = await credentials.headers(signal);
    const exchange = await attempt(first);
    if (!isRefused(exchange.response)) return exchange;
    // Nothing has been done yet, so even a mutation can be sent again.
    const second = await credentials.renewed(first, signal);
    return second ? attempt(second) : exchange;
  };
}

function garbled(request: string, status: number): DagsterResponseError {
  const message = `The Dagster ${request} was answered (HTTP ${status}) with text that is not UTF-8: something in between garbled it.`;
  return new DagsterResponseError({ code: "INVALID_JSON", message, retryable: true, status, errors: [] });
}

function tooLarge(request: string, status: number, limit: number): DagsterResponseError {
  const message =
    `The Dagster ${request} was answered (HTTP ${status}) with more than ${limit} bytes after decompression, and was not ` +
    "read any further. Request less at once, or raise `maxResponseBytes`.";
  return new DagsterResponseError({ code: "RESPONSE_TOO_LARGE", message, status, errors: [] });
}
