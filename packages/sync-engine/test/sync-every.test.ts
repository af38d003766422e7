import { memoryDestination } from "@org/destination/memory";
import { type Source, SyncError, type SyncEveryOptions, type SyncLoopEvent, syncEvery } from "@org/sync-engine";
import { defineStream } from "@org/sync-engine/source";
import { describe, expect, test } from "vitest";
import { jobs } from "./factory.ts";

const MINUTE = 60_000;

/** A source that counts its syncs and runs the test's code in each. */
function sourceOf(name: string, read: (round: number, signal: AbortSignal) => unknown = () => undefined): Source {
  let rounds = 0;
  return {
    name,
    url: `http://${name}.example`,
    streams: [
      defineStream({
        name: "jobs",
        table: { ...jobs, name: `${name}_jobs` },
        revision: 1,
        async *read({ signal }) {
          rounds += 1;
          await read(rounds, signal);
          yield { state: rounds };
        },
      }),
    ],
    start: () => undefined,
    check: async () => ({ version: "1", notes: [] }),
  };
}

/** Runs a loop on a clock that only its own waits advance, for this many waits. */
async function looped(
  options: Omit<SyncEveryOptions, "signal">,
  { waits, slowness = {} }: { readonly waits: number; readonly slowness?: Record<string, number> },
) {
  const clock = { now: 1_800_000_000_000 };
  const stop = new AbortController();
  const waited: number[] = [];
  const ended: Extract<SyncLoopEvent, { type: "sync-succeeded" | "sync-failed" }>[] = [];
  await syncEvery({
    ...options,
    signal: stop.signal,
    now: () => clock.now,
    wait: async (ms) => {
      waited.push(ms);
      clock.now += ms;
      if (waited.length >= waits) stop.abort();
    },
    onEvent(event) {
      if (event.type === "stream-started") clock.now += slowness[event.pipeline] ?? 0;
      if (event.type === "sync-succeeded" || event.type === "sync-failed") ended.push(event);
      options.onEvent?.(event);
    },
  });
  return { waited, ended };
}

/** A client's error while the server is down. */
const away = (more: object = {}) => Object.assign(new Error("The server is away."), { retryable: true, ...more });
const once = { requests: { retries: 0 } };

test("syncs start an interval apart, however long they take", async () => {
  const syncs = [{ source: sourceOf("a"), destination: memoryDestination() }];
  const slowness = { "a@a.example": 20_000 };
  const { waited, ended } = await looped({ syncs, intervalMs: MINUTE }, { waits: 3, slowness });
  expect(waited).toEqual([40_000, 40_000, 40_000]);
  expect(ended.map(({ type, nextInMs }) => [type, nextInMs])).toEqual(Array(3).fill(["sync-succeeded", 40_000]));
});

test("after a sync that took longer than the interval, the next one starts right away", async () => {
  const syncs = [{ source: sourceOf("a"), destination: memoryDestination() }];
  const ended: number[] = [];
  const stop = new AbortController();
  let now = 0;
  await syncEvery({
    syncs,
    intervalMs: MINUTE,
    signal: stop.signal,
    now: () => now,
    wait: () => Promise.reject(new Error("There was nothing to wait for.")),
    onEvent({ type }) {
      if (type === "stream-started") now += 2 * MINUTE;
      if (type === "sync-succeeded") ended.push(now);
      if (ended.length === 2) stop.abort();
    },
  });
  expect(ended).toEqual([2 * MINUTE, 4 * MINUTE]);
});

test("two pipelines are synced one at a time, and every event names its pipeline", async () => {
  let running = 0;
  const alone = async () => {
    running += 1;
    expect(running).toBe(1);
    await new Promise(setImmediate);
    running -= 1;
  };
  const destination = memoryDestination();
  const syncs = ["a", "b"].map((name) => ({ source: sourceOf(name, alone), destination }));
  const seen = new Set<string>();
  const onEvent = ({ pipeline, type }: SyncLoopEvent) => void seen.add(`${pipeline} ${type}`);
  const { ended } = await looped({ syncs, intervalMs: MINUTE, onEvent }, { waits: 2 });
  expect(ended.map(({ type, pipeline }) => [type, pipeline])).toEqual(
    Array(2)
      .fill(["a@a.example", "b@b.example"].map((pipeline) => ["sync-succeeded", pipeline]))
      .flat(),
  );
  expect(seen).toContain("b@b.example batch-committed");
});

describe("a failed sync", () => {
  test("does not end the loop, and backs off while nothing can be synced", async () => {
    const source = sourceOf("a", (round) => {
      if (round < 5) throw away();
    });
    const options = { syncs: [{ source, destination: memoryDestination(), ...once }], intervalMs: MINUTE };
    const { waited, ended } = await looped({ ...options, maxIntervalMs: 5 * MINUTE }, { waits: 6 });
    expect(waited.map((ms) => ms / MINUTE)).toEqual([1, 2, 4, 5, 1, 1]);
    expect(ended.map((event) => (event.type === "sync-failed" ? event.failures : event.type))).toEqual([
      ...[1, 2, 3, 4],
      ...["sync-succeeded", "sync-succeeded"],
    ]);
    expect(ended[0]).toMatchObject({ error: { code: "STREAMS_FAILED" }, result: { streams: [{ error: away() }] } });
  });

  test("does not slow down a pipeline whose other streams were synced", async () => {
    const source = sourceOf("a");
    const broken = defineStream({
      ...{ name: "broken", table: { ...jobs, name: "broken" }, revision: 1 },
      // biome-ignore lint/correctness/useYield: it fails before it reads anything
      async *read() {
        throw new Error("no such thing");
      },
    });
    const both = { ...source, streams: [...source.streams, broken] };
    const { waited, ended } = await looped(
      { syncs: [{ source: both, destination: memoryDestination() }], intervalMs: MINUTE },
      { waits: 3 },
    );
    expect(waited).toEqual([MINUTE, MINUTE, MINUTE]);
    expect(ended.at(-1)).toMatchObject({ type: "sync-failed", failures: 3 });
  });

  test("leaves the interval of another pipeline alone", async () => {
    const failing = sourceOf("a", () => {
      throw away();
    });
    const destination = memoryDestination();
    const syncs = [
      { source: failing, destination, ...once },
      { source: sourceOf("b"), destination },
    ];
    const { ended } = await looped({ syncs, intervalMs: MINUTE }, { waits: 4 });
    expect(ended.map(({ pipeline }) => pipeline[0]).join("")).toBe("abab" + "b" + "ab");
  });

  test("waits as long as a destination or a server asked for", async () => {
    const destination = {
      ...memoryDestination(),
      open: () => Promise.reject(away({ retryAfterMs: 10 * MINUTE })),
    };
    const busy = sourceOf("b", () => {
      throw away({ retryAfterMs: 7 * MINUTE });
    });
    const syncs = [
      { source: sourceOf("a"), destination },
      { source: busy, destination: memoryDestination(), ...once },
    ];
    const { waited, ended } = await looped({ syncs, intervalMs: MINUTE }, { waits: 1 });
    expect(waited).toEqual([7 * MINUTE]);
    expect(ended).toMatchObject([{ result: undefined, nextInMs: 10 * MINUTE }, { nextInMs: 7 * MINUTE }]);
  });
});

test("setting the clock back does not extend the wait beyond the interval", async () => {
  let now = 10 * MINUTE;
  const waited: number[] = [];
  const stop = new AbortController();
  await syncEvery({
    syncs: [{ source: sourceOf("a"), destination: memoryDestination() }],
    intervalMs: MINUTE,
    signal: stop.signal,
    now: () => now,
    wait: async (ms) => {
      waited.push(ms);
      stop.abort();
    },
    onEvent({ type }) {
      if (type === "stream-started") now = 0;
    },
  });
  expect(waited).toEqual([MINUTE]);
});

describe("an abort ends the loop", () => {
  test("during a sync, which then has no outcome", async () => {
    const stop = new AbortController();
    const source = sourceOf("a", () => {
      stop.abort();
      return new Promise(() => {});
    });
    const types: string[] = [];
    const syncs = [source, sourceOf("b")].map((each) => ({ source: each, destination: memoryDestination() }));
    await syncEvery({
      ...{ syncs, intervalMs: MINUTE, signal: stop.signal },
      onEvent: ({ type }) => void types.push(type),
    });
    expect(types).toEqual(["sync-started", "stream-started"]);
  });

  test("during a wait", async () => {
    const stop = new AbortController();
    const syncs = [{ source: sourceOf("a"), destination: memoryDestination() }];
    await syncEvery({
      ...{ syncs, intervalMs: MINUTE, signal: stop.signal },
      onEvent: ({ type }) => type === "sync-succeeded" && setImmediate(() => stop.abort()),
    });
  });

  test("before it starts, so nothing is synced", async () => {
    const source = sourceOf("a", () => expect.unreachable());
    await syncEvery({
      syncs: [{ source, destination: memoryDestination() }],
      intervalMs: 1,
      signal: AbortSignal.abort(),
    });
  });
});

test("rejects invalid options before the first sync", async () => {
  const given = { source: sourceOf("a"), destination: memoryDestination() };
  const thrown = (options: Partial<SyncEveryOptions>) =>
    syncEvery({ syncs: [given], intervalMs: 1, signal: AbortSignal.abort(), ...options }).catch((error) => error);
  const cases: [Partial<SyncEveryOptions>, string][] = [
    [{ intervalMs: 0 }, "intervalMs must be a number of ms above 0, not 0."],
    [{ intervalMs: Number.NaN }, "intervalMs must be a number of ms above 0, not NaN."],
    [{ maxIntervalMs: Number.POSITIVE_INFINITY }, "maxIntervalMs must be a number of ms above 0, not Infinity."],
    [{ intervalMs: 10, maxIntervalMs: 9 }, "maxIntervalMs (9) must not be less than intervalMs (10)."],
    [{ syncs: [] }, "syncs is empty: give it at least one source with its destination."],
    [{ syncs: [{ ...given, streams: ["job"] }] }, 'a has no stream "job". It has: jobs.'],
  ];
  for (const [options, message] of cases) {
    const error = await thrown(options);
    expect(error).toBeInstanceOf(SyncError);
    expect(error).toMatchObject({ message, failureType: "config" });
  }
});
