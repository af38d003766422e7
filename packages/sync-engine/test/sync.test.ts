import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Destination, defineTable, type State } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { defaultPipeline, type Source, SyncError, type SyncEvent, sync } from "@org/sync-engine";
import { defineStream, type ReadContext, type StreamBatch } from "@org/sync-engine/source";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

const numbers = defineTable({
  name: "numbers",
  description: "Numbers.",
  primaryKey: ["n"],
  columns: { n: { type: "int64", description: "A number." }, parity: { type: "string", description: "odd or even." } },
});
const row = (n: number) => ({ n, parity: n % 2 ? "odd" : "even" });
const rows = (count: number) => Array.from({ length: count }, (_, n) => row(n));

type Read = (context: ReadContext) => AsyncIterable<StreamBatch>;

/** A source with the test's streams, each with its own table. */
function sourceOf(streams: Record<string, Read>, revision = 1): Source {
  return {
    name: "test",
    url: "http://127.0.0.1:1/",
    streams: Object.entries(streams).map(([name, read]) =>
      defineStream({ name, table: { ...numbers, name }, revision, read }),
    ),
    start: () => undefined,
    check: async () => ({ version: "1", notes: [] }),
  };
}

const counting: Read = async function* ({ state }) {
  const from = (state as number | undefined) ?? 0;
  yield { upserts: [row(from)], state: from + 1 };
};

let path: string;
let destination: Destination;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "sync-"));
  path = join(folder, "test.duckdb");
  destination = duckdb(path);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

const held = async (table: string, where = "true") =>
  (await queryDuckdb(path, `SELECT n FROM ${table} WHERE ${where} ORDER BY n`)).map(({ n }) => n);

test("each sync resumes where the last batch left off", async () => {
  const source = sourceOf({ a: counting });
  for (const _ of [1, 2, 3]) await sync({ source, destination });
  expect(await held("a")).toEqual([0, 1, 2]);
});

test("a stream that yields rows of another table fails, and stores none of them", async () => {
  const source = sourceOf({
    a: async function* () {
      yield { table: { ...numbers, name: "b" }, upserts: [row(1)], state: 1 };
    },
    b: counting,
  });
  await expect(sync({ source, destination })).rejects.toThrow("Stream a read rows of b: it may only write a.");
  expect([await held("a"), await held("b")]).toEqual([[], [0]]);
});

test("a full refresh drops the state, and the result says so", async () => {
  const source = sourceOf({ a: counting });
  await sync({ source, destination });
  const { streams } = await sync({ source, destination, fullRefresh: true });
  expect(streams[0]).toMatchObject({ mode: "full_refresh", unchanged: 1 });
  expect(await held("a")).toEqual([0]);
});

test("a stream whose revision rises has no state, and receives what the older revision stored", async () => {
  await sync({ source: sourceOf({ a: counting }), destination });
  const told: unknown[] = [];
  const renewed: Read = (context) => {
    told.push([context.state, context.outdated]);
    return counting(context);
  };
  for (const _ of [1, 2]) await sync({ source: sourceOf({ a: renewed }, 2), destination });
  expect(told).toEqual([
    [undefined, 1],
    [1, undefined],
  ]);
  await expect(sync({ source: sourceOf({ a: counting }), destination })).rejects.toMatchObject({ code: "NEWER_STATE" });
});

test("a state of an older version is used, and deletions are looked for; one of a newer version is rejected", async () => {
  const source = sourceOf({ a: counting });
  await sync({ source, destination });
  const [stream] = source.streams;
  const store = async (state: State) => {
    const session = await destination.open({ pipeline: defaultPipeline(source), signal: AbortSignal.timeout(60_000) });
    await session.prepare([stream!.table]);
    await session.commit("a", { table: stream!.table, upserts: [], state });
    await session.close();
  };
  await store({ version: 1, value: { revision: 1, data: 7 } });
  const reconciles: boolean[] = [];
  const noting: Read = (context) => {
    reconciles.push(context.reconcile);
    return counting(context);
  };
  await sync({ source: sourceOf({ a: noting }), destination });
  expect(await held("a")).toEqual([0, 7]);
  expect(reconciles).toEqual([true]);
  await store({ version: 5, value: { revision: 1, data: 7 } });
  await expect(sync({ source, destination })).rejects.toMatchObject({ code: "NEWER_STATE" });
});

test("a stream sees other streams' last states: of this sync, an earlier one, or from before a full refresh", async () => {
  const said: unknown[] = [];
  const first: Read = async function* ({ stateOf }) {
    said.push(stateOf("b"));
    yield { upserts: [row(1)], state: "first" };
  };
  const second: Read = async function* ({ stateOf, state }) {
    said.push(stateOf("a"));
    yield { upserts: [row(1)], state: state === undefined ? "begun" : "again" };
  };
  const source = sourceOf({ a: first, b: second });
  await sync({ source, destination });
  await sync({ source, destination });
  await sync({ source, destination, streams: ["a"] });
  await sync({ source, destination, fullRefresh: true });
  expect(said).toEqual([undefined, "first", "begun", "first", "again", "again", "first"]);
});

test("I1: a failing stream's commits stay, the others are synced, and the sync fails with both", async () => {
  const failing: Read = async function* () {
    yield { upserts: [row(1)], state: "one" };
    throw new Error("no more");
  };
  const error = await sync({ source: sourceOf({ a: failing, b: counting }), destination }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(SyncError);
  expect(error).toMatchObject({ code: "STREAMS_FAILED", retryable: false });
  expect(error.message).toBe("Not everything was synced. a: no more. Synced: b.");
  expect([await held("a"), await held("b")]).toEqual([[1], [0]]);
});

test("a problem that a stream skipped makes the sync fail at its end, with all rows stored", async () => {
  const around: Read = async function* ({ emit }) {
    emit({ type: "problem", code: "UNREADABLE_ROW", message: "row 7 cannot be read" });
    yield { upserts: rows(3), state: null };
  };
  await expect(sync({ source: sourceOf({ a: around }), destination })).rejects.toMatchObject({
    code: "STREAMS_FAILED",
    result: { problems: [{ stream: "a", code: "UNREADABLE_ROW" }] },
  });
  expect(await held("a")).toEqual([0, 1, 2]);
});

test("an abort ends the sync with its reason, even if a stream ignores it, and releases the destination", async () => {
  const controller = new AbortController();
  const deaf: Read = async function* () {
    yield { upserts: [row(1)], state: 1 };
    controller.abort(new Error("enough"));
    await new Promise(() => {});
  };
  const aborted = sync({ source: sourceOf({ a: deaf, b: counting }), destination, signal: controller.signal });
  await expect(aborted).rejects.toThrow("enough");
  expect(await held("a")).toEqual([1]);
  await sync({ source: sourceOf({ b: counting }), destination });
});

test("unknown streams, and none at all, are rejected before anything is opened", async () => {
  const source = sourceOf({ a: counting });
  await expect(sync({ source, destination, streams: ["b"] })).rejects.toThrow('test has no stream "b". It has: a.');
  await expect(sync({ source, destination, streams: [] })).rejects.toMatchObject({ code: "INVALID_OPTION" });
});

test("a limit of the history is rejected where the source has none, and everything is none", async () => {
  const source = sourceOf({ a: counting });
  await expect(sync({ source, destination, historyMs: 86_400_000 })).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringContaining("cannot limit its history"),
  });
  await sync({ source, destination, historyMs: Number.POSITIVE_INFINITY });
  await sync({ source: { ...source, limitsHistory: true }, destination, historyMs: 86_400_000 });
});

test("one pipeline cannot write another's tables", async () => {
  await sync({ source: sourceOf({ a: counting }), destination, pipeline: "one" });
  const other = sync({ source: sourceOf({ a: counting }), destination, pipeline: "other" });
  await expect(other).rejects.toMatchObject({ code: "OWNED" });
});

test("events report everything in order, and the pipeline is named after the source's host", async () => {
  const events: SyncEvent[] = [];
  await sync({ source: sourceOf({ a: counting }), destination, onEvent: (event) => events.push(event) });
  expect(events.map(({ type }) => type)).toEqual([
    "sync-started",
    "stream-started",
    "batch-committed",
    "stream-finished",
    "sync-finished",
  ]);
  expect(events[0]).toMatchObject({ pipeline: "test@127.0.0.1:1", streams: ["a"] });
});

test("a destination that does not answer ends the sync in bounded time", async () => {
  const stuck = wrapSession(destination, () => ({ commit: () => new Promise(() => {}) }));
  const ended = sync({ source: sourceOf({ a: counting }), destination: stuck, destinationMs: 3_000 });
  await expect(ended).rejects.toThrow(/storing a: no response within 3 s/);
});

describe("I8: deletions", () => {
  const listing = (count: () => number): Read =>
    async function* ({ reconcile, state }) {
      const all = { scope: {}, rows: rows(count()) };
      yield state === undefined || reconcile ? { replace: [all], state: 1, reconciled: true } : { state: 1 };
    };

  test("are looked for once a day automatically, when requested, and not when disabled", async () => {
    let [now, count] = [1_000_000, 5];
    const source = sourceOf({ a: listing(() => count) });
    const syncAt = (hours: number, reconcile?: boolean) => {
      now = 1_000_000 + hours * 3_600_000;
      return sync({ source, destination, now: () => now, ...(reconcile !== undefined && { reconcile }) });
    };
    await syncAt(0);
    count = 4;
    await syncAt(23);
    expect(await held("a", "_deleted_at IS NULL")).toHaveLength(5);
    await syncAt(25, false);
    expect(await held("a", "_deleted_at IS NULL")).toHaveLength(5);
    await syncAt(25);
    expect(await held("a", "_deleted_at IS NULL")).toHaveLength(4);
    count = 3;
    await syncAt(48);
    expect(await held("a", "_deleted_at IS NULL")).toHaveLength(4);
    await syncAt(48, true);
    expect(await held("a", "_deleted_at IS NULL")).toHaveLength(3);
  });

  test.each([
    { held: 1000, left: 880, refused: false, why: "more than 100, less than 20 %" },
    { held: 200, left: 101, refused: false, why: "more than 20 %, less than 100" },
    { held: 500, left: 380, refused: true, why: "both" },
    { held: 500, left: 0, refused: true, why: "all" },
  ])(
    "of $held rows to $left: refused $refused ($why), and never when allowed",
    async ({ held: before, left, refused }) => {
      let count = before;
      const source = sourceOf({ a: listing(() => count) });
      await sync({ source, destination });
      count = left;
      const again = sync({ source, destination, reconcile: true });
      if (refused) await expect(again).rejects.toThrow(`${before - left} of ${before} rows`);
      else await again;
      expect(await held("a", "_deleted_at IS NULL")).toHaveLength(refused ? before : left);
      await sync({ source, destination, reconcile: true, allowMassDelete: true });
      expect(await held("a", "_deleted_at IS NULL")).toHaveLength(left);
    },
  );

  test("add up over the batches of a sync", async () => {
    let gone = 0;
    const sliced: Read = async function* ({ state }) {
      for (let slice = 0; slice < 10; slice += 1) {
        const of = rows(500).filter(({ n }) => n >= slice * 50 && n < slice * 50 + 50 - gone);
        yield { replace: [{ scope: { n: { gte: slice * 50, lt: slice * 50 + 50 } }, rows: of }], state: state ?? 1 };
      }
    };
    const source = sourceOf({ a: sliced });
    await sync({ source, destination });
    gone = 15;
    await expect(sync({ source, destination })).rejects.toThrow("105 of 500 rows (21 %)");
  });
});
