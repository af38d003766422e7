/** Deliberately broken sources and engines, each with a history that exposes it: they test the model itself. */
import type { Destination, Json } from "@org/destination";
import type { Source, Stream, StreamBatch } from "@org/sync-engine/source";
import type { Wrong } from "./dagster-model.ts";
import type { Beginning, Step, SyncStep } from "./dagster-steps.ts";
import { limitCases } from "./dagster-wrong-limits.ts";
import { rewriting } from "./support/rewrite.ts";
import { withSmallKey } from "./support/small-key.ts";

export interface WrongCase {
  readonly wrong: Wrong;
  /** The model's message. */
  readonly because: RegExp;
  /** The shortest history that exposes it. */
  readonly beginning: Beginning;
  readonly steps: readonly Step[];
}

const newest: Beginning = { version: 2, hours: 0, overlapMs: 1000, runs: 60 };
const sync: SyncStep = { do: "sync", pageSize: 20, reconcile: false, requests: [] };
const reconcile: SyncStep = { ...sync, reconcile: true };
const hour = 3_600_000;
const wait: Step = { do: "advance", byMs: 10 * 60_000 + 7000 };
const day: Step = { do: "advance", byMs: 25 * 3_600_000 };
/** A run that is no longer among the newest. */
const old = 57;
const none = { __typename: "Runs", results: [] };

export const wrongCases: Record<string, WrongCase> = {
  "the head is not walked on to the last one": {
    wrong: {
      fetch: (fetch) => {
        let isFirst = true;
        return rewriting(fetch, {
          answer: (operation, { filter }, body) => {
            isFirst &&= operation !== "RunChanges";
            return operation === "RunsPage" && !filter && !isFirst ? { data: { runs: none } } : body;
          },
        });
      },
    },
    because: /missing: run/,
    beginning: newest,
    steps: [sync, wait, { do: "brief", count: 55, agoMs: 5 * hour }, sync],
  },
  "the key of runs is too small": {
    wrong: { source: (source) => withSmallKey(source, "dagster_runs", ["pipeline_name"]) },
    because: /two different rows have the same key/,
    beginning: newest,
    steps: [sync],
  },
  "the database is assumed to be in UTC": {
    wrong: {
      fetch: (fetch, { world }) => {
        const offset = () => world.databaseOffset / 1e6;
        const shifted = (name: string, value: unknown) =>
          (name === "updateTime" || name === "creationTime") && typeof value === "number" ? value - offset() : value;
        return rewriting(fetch, { answer: (_, __, body) => JSON.parse(JSON.stringify(body), shifted) });
      },
    },
    because: /stale: run/,
    beginning: { ...newest, hours: -5 },
    steps: [sync, wait, { do: "tag", run: old, value: 1 }, sync],
  },
  "the position is the latest updateTime that was seen": {
    wrong: {
      source: (source) =>
        withRuns(source, async function* (batches) {
          let latest = 0;
          for await (const batch of batches) {
            for (const row of [...(batch.upserts ?? []), ...(batch.replace ?? []).flatMap(({ rows }) => rows)])
              latest = Math.max(latest, Date.parse(row.update_time as string));
            yield withPosition(batch, latest);
          }
        }),
    },
    because: /stale: run/,
    beginning: newest,
    steps: [{ do: "brief", count: 1, agoMs: -24 * hour }, sync, wait, { do: "tag", run: old, value: 1 }, day, sync],
  },
  "no run is read again once it has ended": {
    wrong: {
      fetch: (fetch) =>
        rewriting(fetch, {
          answer: (_, __, body) => {
            if (body.data?.again) body.data.again = none;
            return body;
          },
        }),
    },
    because: /stale: run/,
    beginning: newest,
    steps: [
      sync,
      { do: "finish late", run: old, status: "FAILURE", agoMs: 5 * hour },
      ...Array.from({ length: 40 }).flatMap((): Step[] => [wait, reconcile]),
    ],
  },
  "an empty page is taken for the end of the listing": {
    wrong: {
      fetch: (fetch) =>
        rewriting(fetch, {
          answer: (operation, { filter }, body) =>
            operation === "RunIdsPage" && filter?.runIds
              ? { data: { runIds: { __typename: "RunIds", results: filter.runIds } } }
              : body,
        }),
    },
    because: /missing: run/,
    beginning: newest,
    steps: [{ ...sync, requests: [{ at: 3, when: "before", world: { do: "delete-cursor", page: false } }] }],
  },
  "open runs are not asked for by their ids": {
    wrong: {
      destination: (destination) =>
        withSession(destination, (session) => ({
          ...session,
          keys: async (table, scope, columns) =>
            table.name === "dagster_runs" && !columns && "status" in scope ? [] : session.keys(table, scope, columns),
        })),
    },
    because: /stale: run/,
    beginning: { ...newest, runs: 0 },
    steps: [
      { do: "add", location: 0 },
      { do: "brief", count: 55, agoMs: 0 },
      sync,
      wait,
      { do: "finish", run: 0, status: "FAILURE", agoMs: 2 * hour },
      sync,
    ],
  },
  "what a location that fails to load defined is deleted": {
    wrong: {
      fetch: (fetch) =>
        rewriting(fetch, {
          answer: (operation, _, body) => {
            if (operation !== "Definitions") return body;
            const { workspace } = body.data;
            workspace.locationEntries = workspace.locationEntries.filter(
              ({ locationOrLoadError }: { locationOrLoadError?: { __typename: string } }) =>
                locationOrLoadError?.__typename === "RepositoryLocation",
            );
            return body;
          },
        }),
    },
    because: /missing: dagster_schedules/,
    beginning: newest,
    steps: [sync, { do: "location", which: 0, becomes: "failed" }, sync],
  },
  "assets that are known by their events only are left out": {
    wrong: {
      fetch: (fetch) =>
        rewriting(fetch, {
          answer: (operation, _, body) => {
            if (operation !== "Definitions") return body;
            const { assetNodes, assetKeys } = body.data;
            assetKeys.nodes = assetNodes.map(({ assetKey }: { assetKey: unknown }) => ({ key: assetKey }));
            return body;
          },
        }),
    },
    because: /missing: dagster_assets/,
    beginning: newest,
    steps: [{ do: "materialize", asset: 5 }, sync],
  },
  "the position is the clock at the end": {
    wrong: {
      source: (source, { world }) =>
        withRuns(source, async function* (batches) {
          for await (const batch of batches) yield withPosition(batch, world.clock.now());
        }),
    },
    because: /stale: run/,
    beginning: newest,
    steps: [
      sync,
      // More new runs than fit in a response, so their walk needs another request after the window.
      { do: "brief", count: 55, agoMs: 5 * hour },
      {
        ...sync,
        requests: [
          { at: 2, when: "before", world: { do: "tag", run: 112, value: 1 } },
          { at: 2, when: "before", world: wait },
        ],
      },
      sync,
    ],
  },
  "the runs are counted after the window": {
    wrong: {
      fetch: (fetch, { world }) =>
        rewriting(fetch, {
          answer: (operation, _, body) => {
            if (operation === "RunChanges" && body.data.count) body.data.count.count = world.runs.size;
            return body;
          },
        }),
    },
    because: /deleted before the sync/,
    beginning: newest,
    steps: [
      sync,
      wait,
      { do: "delete", run: 5, count: 1 },
      { ...reconcile, requests: [{ at: 1, when: "after", world: { do: "add", location: 0 } }] },
    ],
  },
  "the state is stored before the rows": {
    wrong: {
      destination: (destination) =>
        withSession(destination, (session) => ({
          ...session,
          commit: async (stream, { table, state, ...rows }) => {
            await session.commit(stream, { table, state });
            return session.commit(stream, { table, state, ...rows });
          },
        })),
    },
    because: /missing: run/,
    beginning: newest,
    steps: [{ ...sync, dies: { at: 4, where: "after" } }, sync],
  },
  "`errors` beside `data` are ignored": {
    wrong: {
      fetch: (fetch) => rewriting(fetch, { answer: (_, __, { data, errors }) => (data ? { data } : { errors }) }),
    },
    because: /stale: run/,
    beginning: newest,
    steps: [
      sync,
      wait,
      { do: "tag", run: old, value: 1 },
      { ...sync, requests: [{ at: 1, fails: "errors", times: 1 }] },
    ],
  },
  "the window has no overlap": {
    wrong: {
      fetch: (fetch) =>
        rewriting(fetch, {
          ask: (operation, variables) => {
            const { window } = variables ?? {};
            if (operation !== "RunChanges" || !window) return variables;
            return { ...variables, window: { ...window, updatedAfter: window.updatedAfter + 1 } };
          },
        }),
    },
    because: /stale: run/,
    beginning: newest,
    steps: [{ do: "advance", byMs: 100_000 }, sync, { do: "tag", run: old, value: 1 }, sync],
  },
  "a run that is not in a listing is taken for deleted": {
    wrong: {
      fetch: (fetch) =>
        rewriting(fetch, {
          answer: (operation, { filter }, body) =>
            operation === "RunsPage" && filter?.runIds ? { data: { runs: none } } : body,
        }),
    },
    because: /is there, and marked as deleted/,
    beginning: { ...newest, runs: 1 },
    steps: [...Array.from({ length: 25 }, (): Step => ({ do: "add", location: 0 })), wait, sync],
  },
  ...limitCases,
};

type Batches = AsyncIterable<StreamBatch>;

function withRuns(source: Source, change: (batches: Batches) => Batches): Source {
  const streams = source.streams.map((stream): Stream => {
    if (stream.name !== "runs") return stream;
    return { ...stream, read: (context) => change(stream.read(context)) };
  });
  return { ...source, streams };
}

/** Replaces a state's position, without one that our own clock could correct. */
function withPosition(batch: StreamBatch, server: number): StreamBatch {
  const state = batch.state as { readonly [name: string]: Json };
  if (!("position" in state)) return batch;
  return { ...batch, state: { ...state, position: { server, local: Date.UTC(9999, 0) } } };
}

type Session = Awaited<ReturnType<Destination["open"]>>;

function withSession(destination: Destination, change: (session: Session) => Session): Destination {
  return { ...destination, open: async (options) => change(await destination.open(options)) };
}
