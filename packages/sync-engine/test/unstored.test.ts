/** Rows that a destination cannot hold: skipped, reported, and retried. */
import { defineTable, type Row } from "@org/destination";
import { createMemory, memoryDestination } from "@org/destination/memory";
import { type Source, type SyncError, type SyncEvent, type SyncOptions, sync } from "@org/sync-engine";
import { defineStream, type ReadContext, type StreamBatch } from "@org/sync-engine/source";
import { beforeEach, expect, test } from "vitest";

const weights = defineTable({
  name: "weights",
  description: "Weights.",
  primaryKey: ["id"],
  columns: {
    id: { type: "string", description: "Key." },
    kind: { type: "string", description: "Kind." },
    weight: { type: "float64", nullable: true, description: "Weight." },
    more: { type: "json", nullable: true, description: "More." },
  },
});
type Weight = Row<typeof weights>;
const row = (id: string, weight: number | null = 1, kind = "a"): Weight => ({ id, kind, weight, more: null });
const bad = (id: string, kind = "a") => row(id, Number.NaN, kind);

type Read = (context: ReadContext) => AsyncIterable<StreamBatch<typeof weights>>;

let memory = createMemory();
beforeEach(() => {
  memory = createMemory();
});

const stored = () =>
  memoryDestination(memory)
    .rows("weights")
    .filter((each) => each._deleted_at === null)
    .map(({ id }) => id)
    .sort();

/** Syncs one stream. @returns what it reported; `error` if the stream failed */
async function syncNow(read: Read, options: Partial<SyncOptions> = {}) {
  const stream = defineStream({ name: "weights", table: weights, revision: 1, needs: ["kind", "more"], read });
  const source: Source = {
    name: "test",
    url: "http://127.0.0.1:1/",
    streams: [stream],
    start: () => undefined,
    check: async () => ({ version: "1", notes: [] }),
  };
  const events: SyncEvent[] = [];
  const destination = memoryDestination(memory);
  const failure = await sync({
    source,
    destination,
    onEvent: (event) => void events.push(event),
    ...(options as object),
  })
    .then(() => undefined)
    .catch((error: SyncError) => error);
  const problems = events.flatMap((event) => (event.type === "problem" ? [event] : []));
  return { failure, problems: problems.map(({ message }) => message), codes: problems.map(({ code }) => code) };
}

const yielding = (...batches: readonly Omit<StreamBatch<typeof weights>, "state">[]): Read =>
  async function* () {
    for (const batch of batches) yield { ...batch, state: 1 };
  };

test("I14: stores all others, advances, reports each, and fails at its end", async () => {
  const states: unknown[] = [];
  const read: Read = async function* ({ state }) {
    states.push(state);
    yield { upserts: [row("1"), bad("2"), row("3")], state: "first" };
    yield { upserts: [row("4"), { ...row("5"), kind: "half \ud83d" }], state: "second" };
  };
  const { failure, problems, codes } = await syncNow(read);
  expect(stored()).toEqual(["1", "3", "4"]);
  expect(problems).toEqual([
    'weights: the row with id "2" is not stored: column weight: expected a finite number, got number NaN. The next sync retries it.',
    'weights: the row with id "5" is not stored: column kind: half a surrogate pair, which UTF-8 cannot encode. The next sync retries it.',
  ]);
  expect(codes).toEqual(["UNSTORED_ROW", "UNSTORED_ROW"]);
  expect(failure).toMatchObject({ code: "STREAMS_FAILED", result: { problems: [{}, {}], streams: [{ inserted: 3 }] } });
  await syncNow(read);
  expect(states).toEqual([undefined, "second"]);
});

test("passes them to the stream, with the values it finds them by, until they fit or are gone", async () => {
  const told: unknown[] = [];
  const then =
    (...batches: readonly Omit<StreamBatch<typeof weights>, "state">[]): Read =>
    (context) => {
      told.push(context.unstored(weights));
      return yielding(...batches)(context);
    };
  await syncNow(then({ upserts: [bad("1"), bad("2", "b"), { ...bad("3", "x".repeat(300)), more: { a: 1 } }] }));
  await syncNow(then({ upserts: [row("1"), bad("2", "c")] }, { remove: [{ id: "3" }] } as never));
  const scope = { id: { in: ["1", "2"] } };
  const { failure } = await syncNow(then({ replace: [{ scope, rows: [row("1")] }] } as never));
  expect(failure).toBeUndefined();
  await syncNow(then());
  const more = null;
  expect(told).toEqual([
    [],
    [{ id: "1", kind: "a", more }, { id: "2", kind: "b", more }, { id: "3" }],
    [{ id: "2", kind: "c", more }],
    [],
  ]);
});

test("considers a row gone only by its known values, and if this sync did not see it", async () => {
  const left = async (replace: object, upserts: readonly Weight[] = []) => {
    memory = createMemory();
    await syncNow(yielding({ upserts: [bad("5", "m")] }));
    await syncNow(yielding({ upserts }, { replace: [replace] } as never));
    let rows: unknown;
    await syncNow(async function* (context) {
      rows = context.unstored(weights).length;
      yield { state: 1 };
    });
    return rows;
  };
  const rows: Weight[] = [];
  expect(await left({ scope: {}, rows })).toBe(0);
  expect(await left({ scope: { kind: { in: ["a", "m"] }, id: { gte: "5", lt: "6" } }, rows })).toBe(0);
  expect(await left({ scope: { kind: { in: ["a"] } }, rows })).toBe(1);
  expect(await left({ scope: { id: { gte: "6" } }, rows })).toBe(1);
  expect(await left({ scope: { id: { lt: "5" } }, rows })).toBe(1);
  expect(await left({ scope: { weight: { in: [1] } }, rows })).toBe(1);
  expect(await left({ scope: {}, rows }, [bad("5", "m")])).toBe(1);
});

test("keeps the older version that the table holds", async () => {
  await syncNow(yielding({ upserts: [row("1"), row("2"), row("3")] }));
  const { problems } = await syncNow(yielding({ replace: [{ scope: {}, rows: [row("1"), bad("2")] }] } as never));
  expect(stored()).toEqual(["1", "2"]);
  expect(problems).toHaveLength(1);
});

test("reports a row once per sync, and again in the next one, even if it was not read", async () => {
  const twice = yielding({ upserts: [bad("1")] }, { upserts: [bad("1"), row("2")] });
  expect((await syncNow(twice)).problems).toHaveLength(1);
  expect((await syncNow(twice)).problems).toHaveLength(1);
  const { problems, failure } = await syncNow(yielding({ upserts: [row("3")] }));
  expect(problems).toEqual([
    'weights: the row with id "1" is not stored: an earlier sync could not store it, and this one did not read it again. The next sync retries it.',
  ]);
  expect(failure).toMatchObject({ code: "STREAMS_FAILED" });
});

test("remembers keys that no column and no state could hold", async () => {
  await syncNow(yielding({ upserts: [bad("half \ud83d"), bad("日本"), row("1")] }));
  const told: unknown[] = [];
  await syncNow(async function* (context) {
    told.push(...context.unstored(weights).map(({ id }) => id));
    yield { state: 1 };
  });
  expect(told).toEqual(["half \ud83d", "日本"]);
  const [json] = [...memory.states.values()].map((states) => states.get("weights")?.json);
  expect(json).toMatch(/^[\x20-\x7e]+$/);
});

test("a full refresh forgets them, and finds them again", async () => {
  await syncNow(yielding({ upserts: [bad("1"), bad("2")] }));
  const { problems } = await syncNow(yielding({ upserts: [bad("1"), row("2")] }), { fullRefresh: true });
  expect(problems).toHaveLength(1);
});

test("with too many, the state does not advance: all others are stored, and read again until those fit", async () => {
  const many = Array.from({ length: 1001 }, (_, index) => bad(`bad ${index}`));
  let seen: unknown[] = [];
  const reading = (...batches: readonly (readonly Weight[])[]): Read =>
    async function* ({ state }) {
      seen.push(state);
      for (const [index, upserts] of batches.entries()) yield { upserts, state: index + 1 };
    };
  for (const begun of [undefined, 1, 1]) {
    const { failure, problems } = await syncNow(reading([row("1")], [...many, row("2")], [row("3"), bad("late")]));
    expect(seen).toEqual([begun]);
    seen = [];
    expect(stored()).toEqual(["1", "2", "3"]);
    expect(problems).toHaveLength(1000);
    const [error] = failure?.result?.streams.flatMap((stream) => stream.error ?? []) ?? [];
    expect(error).toMatchObject({
      code: "TOO_MANY_UNSTORED",
      message: expect.stringMatching(/^weights: 1002 rows .*All others are stored.*NaN/),
    });
    expect(failure?.message.length).toBeLessThan(10_000);
  }
  expect((await syncNow(reading(many.map(({ id }) => row(id))))).failure).toBeUndefined();
  expect(stored()).toHaveLength(1004);
});

test("a first batch with too many leaves no state, and the next sync is a first one", async () => {
  const many = Array.from({ length: 1001 }, (_, index) => bad(`bad ${index}`));
  const seen: unknown[] = [];
  const read: Read = async function* ({ state, unstored }) {
    seen.push(state, unstored(weights).length);
    yield { upserts: [...many, row("1")], state: 1 };
  };
  for (const _ of [1, 2]) expect((await syncNow(read)).failure?.message).toContain("1001 rows");
  expect(seen).toEqual([undefined, 0, undefined, 0]);
  expect(stored()).toEqual(["1"]);
});

test("if hardly anything fits, the stream ends before memory runs out", async () => {
  const most = Array.from({ length: 20_001 }, (_, index) => bad(`bad ${index}`));
  const { failure, problems } = await syncNow(yielding({ upserts: most }, { upserts: [row("1")] }));
  expect(failure?.message).toMatch(/20001 rows cannot be stored.*stopped there/);
  expect(problems).toEqual([]);
  expect(stored()).toEqual([]);
});

test("long keys add up, and one that is too long is reported without being remembered", async () => {
  const long = (index: number) => bad(`${index} ${"k".repeat(10_000)}`);
  const { failure } = await syncNow(yielding({ upserts: Array.from({ length: 30 }, (_, index) => long(index)) }));
  expect(failure?.message).toContain("30 rows cannot be stored");
  const { problems } = await syncNow(yielding({ upserts: [bad("k".repeat(20_000)), row("1")] }));
  expect(problems[0]?.length).toBeLessThan(300);
  expect((await syncNow(yielding())).failure).toBeUndefined();
});

test("an error that names no row of the batch ends the stream", async () => {
  const destination = memoryDestination(memory);
  const blaming = {
    ...destination,
    async open(options: Parameters<typeof destination.open>[0]) {
      const session = await destination.open(options);
      const { commit } = session;
      session.commit = async (stream, batch) =>
        commit.call(session, stream, { ...batch, upserts: [bad("other")] } as never);
      return session;
    },
  };
  const { failure } = await syncNow(yielding({ upserts: [row("1")] }), { destination: blaming });
  expect(failure?.result?.streams[0]?.error).toMatchObject({ code: "INVALID_ROW" });
});
