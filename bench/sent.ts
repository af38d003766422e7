/** The requests that a sync sent, and what sending them again takes: the ceiling of any client with that concurrency. */
import type { SyncEvent } from "@org/sync-engine";
import { readJson, type Target, writeJson } from "./contender.ts";

interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
  /** The limit of concurrent requests when it was sent. */
  readonly limit: number;
  /** How many were running, it included: less than the limit where a page's request needs the response before it. */
  readonly running: number;
}

const FILE = "sent.json";

/** Notes the requests of a sync: its client gets `fetch`, and its events go to `onEvent`. */
export function recorder() {
  const sent: SentRequest[] = [];
  let limit = 2;
  let running = 0;
  const record: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    if (!pathname.startsWith("/auth")) {
      const body = request.method === "GET" ? null : await request.clone().text();
      sent.push({ method: request.method, path: pathname + search, body, limit, running: running + 1 });
    }
    running += 1;
    return fetch(request).finally(() => {
      running -= 1;
    });
  };
  return {
    fetch: record,
    onEvent(event: SyncEvent) {
      if (event.type === "concurrency-changed") limit = event.to;
    },
    save: (target: Target) => writeJson(target, FILE, sent),
  };
}

/**
 * Sends them again, and discards the responses.
 *
 * @param atOnce as many as were allowed, or as were running
 */
export async function replay(
  target: Target,
  headers: Readonly<Record<string, string>>,
  atOnce: "limit" | "running",
): Promise<number> {
  const sent = readJson<SentRequest[]>(target, FILE);
  const { origin } = new URL(target.url);
  const running = new Set<Promise<void>>();
  for (const { method, path, body, [atOnce]: most } of sent) {
    while (running.size >= most) await Promise.race(running);
    const request = { method, headers: { "content-type": "application/json", ...headers }, body };
    const one = fetch(origin + path, request)
      .then((response) => response.arrayBuffer())
      .then(() => void running.delete(one));
    running.add(one);
  }
  await Promise.all(running);
  return sent.length;
}
