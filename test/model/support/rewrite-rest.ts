/** A `fetch` that rewrites requests to a REST server, or its responses, like a broken client. */
import type { FetchFunction } from "@org/airflow-client";

// biome-ignore lint/suspicious/noExplicitAny: broken clients change responses of any type
type Free = any;

export interface RestRewriting {
  /** Changes the requested URL. */
  readonly ask?: (url: URL) => void;
  /** @returns the response to use instead: its status, and its body if that is JSON */
  readonly answer?: (
    url: URL,
    given: { readonly status: number; readonly body: Free },
  ) => { status: number; body: Free };
}

export function rewritingRest(fetch: FetchFunction, { ask, answer }: RestRewriting): FetchFunction {
  return async (address, init) => {
    const url = new URL(address);
    ask?.(url);
    const response = await fetch(url.href, init);
    if (!answer || url.pathname.startsWith("/auth/")) return response;
    const text = await response.text();
    const headers = new Headers(response.headers);
    const isJson = headers.get("content-type")?.includes("json");
    const { status, body } = answer(new URL(address), {
      status: response.status,
      body: isJson ? JSON.parse(text) : text,
    });
    if (typeof body === "object") headers.set("content-type", "application/json");
    return new Response(typeof body === "object" ? JSON.stringify(body) : body, { status, headers });
  };
}
