import { eitherSignal, type HeaderEntries, withDeadline } from "@org/kit";
import { type DagsterFetch, invalid } from "./client-options.ts";
import type { Credentials } from "./credentials.ts";
import { DagsterNetworkError } from "./errors.ts";
import { toNetworkError } from "./network-error.ts";
import { isRefused } from "./transport.ts";

/** What `DagsterClient.fetch` sends. */
export interface DagsterFetchOptions {
  /** @default "GET" */
  readonly method?: string | undefined;
  /** The client's own headers and credentials take precedence. @default none */
  readonly headers?: HeaderEntries | undefined;
  /** @default none */
  readonly body?: string | Uint8Array | undefined;
}

interface Server {
  readonly url: string;
  readonly fetch: DagsterFetch;
  readonly credentials: Credentials;
  readonly signal: AbortSignal | undefined;
}

/** See `DagsterClient.fetch`. */
export async function fetchPath(
  server: Server,
  path: string,
  { method = "GET", headers, body }: DagsterFetchOptions = {},
  call: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Response> {
  const base = baseOf(server.url);
  const target = URL.parse(path.startsWith("/") ? base + path : path);
  if (target?.origin !== new URL(base).origin) {
    throw invalid(`\`fetch\` requests a path that begins with / or a URL of ${new URL(base).origin}, and no other`);
  }
  const request = `${method} of ${target.origin}${target.pathname}`;
  const { timeoutMs } = call;
  const timeout = () => {
    const message = `The Dagster ${request} had no response after ${timeoutMs} ms (see \`timeoutMs\`).`;
    return new DagsterNetworkError({ code: "TIMEOUT", message, retryable: true });
  };
  // Its body is read later, and can be aborted until its end.
  const outer = eitherSignal(server.signal, call.signal);
  const send = async (signal: AbortSignal): Promise<Response> => {
    const attempt = async (secret: Headers) => {
      const all = new Headers(headers as Record<string, string> | undefined);
      for (const [name, value] of secret) all.set(name, value);
      const init = { method, headers: all, redirect: "manual", signal: eitherSignal(signal, outer) } as RequestInit;
      try {
        return await server.fetch(target.href, body === undefined ? init : ({ ...init, body } as RequestInit));
      } catch (error) {
        throw toNetworkError(error, request, server.credentials.redact);
      }
    };
    const first = await server.credentials.headers(signal);
    const response = await attempt(first);
    const second = isRefused(response) ? await server.credentials.renewed(first, signal) : undefined;
    return second ? attempt(second) : response;
  };
  return withDeadline(send, { timeoutMs, signals: [server.signal, call.signal], timeout });
}

/** Dagster's own URL, without a slash at its end, from that of its GraphQL endpoint. */
export const baseOf = (url: string): string => url.replace(/\/graphql$/, "");
