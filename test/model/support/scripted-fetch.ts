/** Performs a step's events during a sync's requests: changes of the world in between, and failures. */
import type { DagsterLife } from "../dagster-life.ts";
import type { Failure, SyncStep } from "../dagster-steps.ts";

export interface ScriptedRequests {
  readonly fetch: typeof globalThis.fetch;
  /** Whether a failure occurred that may be permanent. */
  isLasting(): boolean;
}

export function scriptedFetch(
  fetch: typeof globalThis.fetch,
  { life, step, die }: { readonly life: DagsterLife; readonly step: SyncStep; readonly die: () => void },
): ScriptedRequests {
  let index = -1;
  let lasting = false;
  const scripted: typeof globalThis.fetch = async (input, init) => {
    index += 1;
    init?.signal?.throwIfAborted();
    if (step.dies?.where === "request" && step.dies.at === index) {
      die();
      init?.signal?.throwIfAborted();
    }
    const here = step.requests.filter(({ at }) => at === index);
    const { variables } = JSON.parse(String(init?.body)) as { variables?: { pageToken?: string } };
    const change = (when: "before" | "after") => {
      for (const each of here) {
        if ("world" in each && each.when === when)
          life.do(each.world, { pageToken: variables?.pageToken, pageSize: step.pageSize });
      }
    };
    change("before");
    const failing = step.requests.find((each) => "fails" in each && each.at <= index && index < each.at + each.times);
    const fails = failing && "fails" in failing ? failing : undefined;
    lasting ||= fails !== undefined && (fails.times > 2 || fails.fails === "html");
    const answer = () => fetch(input, init);
    const response = await (fails ? failed(fails.fails, answer) : answer());
    change("after");
    return response;
  };
  return { fetch: scripted, isLasting: () => lasting };
}

const headers = { "content-type": "application/json" };

async function failed(how: Failure, answer: () => Promise<Response>): Promise<Response> {
  switch (how) {
    case "429":
      return new Response("slow down", { status: 429, headers: { "retry-after": "0" } });
    case "503":
      return new Response("Service Unavailable", { status: 503 });
    case "html":
      return new Response("<html><title>Sign in</title></html>", { headers: { "content-type": "text/html" } });
    case "reset":
      throw new TypeError("fetch failed", {
        cause: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }),
      });
    case "cut": {
      const text = await (await answer()).text();
      return new Response(text.slice(0, Math.floor(text.length / 2)), { headers });
    }
    case "errors": {
      const { data } = (await (await answer()).json()) as { data: unknown };
      const errors = [{ message: "(sqlite3.OperationalError) database is locked" }];
      return new Response(JSON.stringify({ data: emptied(data), errors }), { headers });
    }
    case "python": {
      const { data } = (await (await answer()).json()) as { data: Record<string, { __typename?: string } | null> };
      const member = { __typename: "PythonError", message: "database is locked", className: "OperationalError" };
      const unions = Object.entries(data).map(([name, value]) => [name, value?.__typename ? member : value]);
      return new Response(JSON.stringify({ data: Object.fromEntries(unions) }), { status: 500, headers });
    }
  }
}

/** The same data with empty lists of runs. */
function emptied(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (name, inner) => (name === "results" ? [] : inner));
}
