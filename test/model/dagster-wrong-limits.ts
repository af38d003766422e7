/** Sources that observe the limit of the history wrongly. */
import type { Json } from "@org/destination";
import type { Source, Stream } from "@org/sync-engine/source";
import type { Beginning, SyncStep } from "./dagster-steps.ts";
import type { WrongCase } from "./dagster-wrong.ts";
import { rewriting } from "./support/rewrite.ts";

const newest: Beginning = { version: 2, hours: 0, overlapMs: 1000, runs: 60 };
const sync: SyncStep = { do: "sync", pageSize: 20, reconcile: false, requests: [] };
const hour = 3_600_000;

export const limitCases: Record<string, WrongCase> = {
  "the limit of the history begins a run too late": {
    wrong: {
      fetch: (fetch) =>
        rewriting(fetch, {
          ask: (operation, variables) => {
            const { filter } = variables ?? {};
            if (operation !== "RunsPage" || !filter?.updatedAfter) return variables;
            return { ...variables, filter: { ...filter, updatedAfter: filter.updatedAfter + 900 } };
          },
        }),
    },
    because: /missing: run/,
    beginning: newest,
    steps: [{ ...sync, historyMs: 1.1 * hour }],
  },
  "a first sync that resumes forgets its limit": {
    wrong: {
      source: (source) => withRunsContext(source, withoutFloor),
    },
    because: /older than the limit: run/,
    beginning: newest,
    steps: [
      // They come before the initial runs in the listing.
      { do: "brief", count: 55, agoMs: 0 },
      { ...sync, pageSize: 20, historyMs: 3.1 * hour, dies: { at: 1, where: "after" } },
      { ...sync, pageSize: 20, historyMs: 3.1 * hour },
    ],
  },
  "a longer limit adds nothing": {
    wrong: {
      source: (source) =>
        withRunsContext(source, (context) => (context.state ? { ...context, historyMs: undefined } : context)),
    },
    because: /missing: run/,
    beginning: newest,
    steps: [
      { ...sync, historyMs: 1.1 * hour },
      { ...sync, historyMs: Number.POSITIVE_INFINITY },
    ],
  },
};

type Context = Parameters<Stream["read"]>[0];

/** Changes what the stream of runs is told. */
function withRunsContext(source: Source, change: (context: Context) => Context): Source {
  const streams = source.streams.map((stream): Stream => {
    if (stream.name !== "runs") return stream;
    return { ...stream, read: (context) => stream.read(change(context)) };
  });
  return { ...source, streams };
}

function withoutFloor(context: Context): Context {
  const { history } = (context.state ?? {}) as { readonly history?: { readonly [name: string]: Json } };
  if (!history) return context;
  const { floor: _, ...rest } = history;
  return { ...context, historyMs: undefined, state: { history: rest } };
}
