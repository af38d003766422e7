import { defineTable } from "@org/destination";
import { createMemory, memoryDestination } from "@org/destination/memory";
import { type SyncOptions, sync } from "@org/sync-engine";
import { defineStream, type Source, samples } from "@org/sync-engine/source";
import { expect, test } from "vitest";

const table = defineTable({
  name: "hall_samples",
  description: "How warm it was.",
  primaryKey: ["hall", "sampled_at"],
  columns: {
    hall: { type: "string", description: "Where." },
    sampled_at: { type: "timestamp", description: "When." },
    degrees: { type: "int64", description: "How warm." },
  },
});

const day = 24 * 60 * 60 * 1000;
const start = 1_800_000_000_000;
const textOf = (time: number) => `${new Date(time).toISOString().slice(0, -1)}000Z`;

function halls() {
  const server = { now: start, degrees: 20 };
  const stream = defineStream<void, typeof table>({
    name: "samples",
    table,
    revision: 1,
    isSampled: true,
    read(context) {
      const at = server.now;
      const rows = ["a", "b"].map((hall) => ({ hall, sampled_at: textOf(at), degrees: server.degrees }));
      return samples(table, { rows, at, state: {} }, context);
    },
  });
  const source: Source<void> = {
    name: "halls",
    url: "http://halls.example",
    streams: [stream],
    start() {},
    check: async () => ({ version: "1", notes: [] }),
  };
  const memory = memoryDestination(createMemory());
  const syncNow = (options: Partial<SyncOptions> = {}) =>
    sync({ source, destination: memory, ...options } as SyncOptions).then(({ streams }) => streams[0]!);
  /** Days since the start of the rows that are there, deleted ones included. */
  const days = () => [
    ...new Set(memory.rows(table.name).map((row) => (Date.parse(String(row.sampled_at)) - start) / day)),
  ];
  return { server, syncNow, days };
}

test("samples older than 90 days are removed for good", async () => {
  const { server, syncNow, days } = halls();
  for (const at of [0, 1, 30, 90]) {
    server.now = start + at * day;
    await syncNow();
  }
  expect(days()).toEqual([0, 1, 30, 90]);
  server.now = start + 91 * day;
  expect(await syncNow()).toMatchObject({ inserted: 2, removed: 2, deleted: 0 });
  expect(days()).toEqual([1, 30, 90, 91]);
});

/** What a table of samples holds, by time, and how often it was asked. */
async function removal(times: readonly number[], at: number) {
  const left = new Map(times.map((time) => [textOf(time), time]));
  let asked = 0;
  const within = (scope: { readonly sampled_at: { readonly gte: string; readonly lt: string } }) => {
    asked += 1;
    const { gte, lt } = scope.sampled_at;
    return [...left.keys()].filter((text) => text >= gte && text < lt);
  };
  const stored = {
    count: async (_: unknown, scope: object) => within(scope as never).length,
    keys: async (_: unknown, scope: object) => within(scope as never).map((sampled_at) => ({ sampled_at })),
  };
  const sizes: number[] = [];
  const options = { rows: [], at, state: {} };
  for await (const { remove = [] } of samples(table, options, { stored: stored as never, keepSamplesMs: 90 * day })) {
    for (const { sampled_at } of remove) left.delete(sampled_at);
    if (remove.length > 0) sizes.push(remove.length);
  }
  return { left: [...left.values()], sizes, asked };
}

test("what is left of a time long ago is removed in one step, whatever time has passed without samples", async () => {
  expect(await removal([start, start + 500 * day], start + 500 * day)).toEqual({
    left: [start + 500 * day],
    sizes: [1],
    asked: 2,
  });
  const many = Array.from({ length: 25_000 }, (_, n) => start + n * 60_000 + (n > 12_000 ? 400 * day : 0));
  const { left, sizes, asked } = await removal(many, start + 1000 * day);
  expect(left).toEqual([]);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10_000);
  expect(asked).toBeLessThan(150);
});

test("a shorter time removes all that is older, and no time nothing", async () => {
  const { server, syncNow, days } = halls();
  for (const at of [0, 1, 30, 89]) {
    server.now = start + at * day;
    await syncNow();
  }
  server.now = start + 400 * day;
  expect(await syncNow({ keepSamplesMs: Number.POSITIVE_INFINITY })).toMatchObject({ removed: 0 });
  expect(await syncNow({ keepSamplesMs: 2 * day })).toMatchObject({ inserted: 0, removed: 8 });
  expect(days()).toEqual([400]);
});

test("two syncs at one moment of the server's make one sample, as the second saw it", async () => {
  const { server, syncNow, days } = halls();
  await syncNow();
  server.degrees = 21;
  expect(await syncNow({ fullRefresh: true })).toMatchObject({ inserted: 0, updated: 2 });
  expect(days()).toEqual([0]);
});
