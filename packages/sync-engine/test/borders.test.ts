/** Input that a sync must not trust: rows with colliding keys, and times that a wrong clock wrote. */
import { type Destination, defineTable } from "@org/destination";
import { memoryDestination } from "@org/destination/memory";
import { type Source, SyncError, sync } from "@org/sync-engine";
import { defineStream, type ReadContext, type StreamBatch } from "@org/sync-engine/source";
import { describe, expect, test } from "vitest";

const things = defineTable({
  name: "things",
  description: "Things.",
  primaryKey: ["id"],
  columns: { id: { type: "int64", description: "A number." }, region: { type: "string", description: "Where it is." } },
});

function sourceOf(read: (context: ReadContext) => AsyncIterable<StreamBatch<typeof things>>): Source {
  return {
    name: "test",
    url: "http://127.0.0.1:1/",
    streams: [defineStream({ name: "things", table: things, revision: 1, read })],
    start: () => undefined,
    check: async () => ({ version: "1", notes: [] }),
  };
}

describe("I13: a batch with two different rows of one key", () => {
  const colliding = [
    { id: 1, region: "a" },
    { id: 2, region: "b" },
    { id: 1, region: "c" },
  ];
  const batches: Record<string, StreamBatch<typeof things>> = {
    "as upserts": { upserts: colliding, state: 1 },
    "in a scope": { replace: [{ scope: {}, rows: colliding }], state: 1 },
    "in a scope and beside it": {
      replace: [{ scope: { id: { in: [1] } }, rows: colliding.slice(0, 1) }],
      upserts: colliding.slice(1),
      state: 1,
    },
    "in two scopes": { replace: colliding.map((row) => ({ scope: { id: { in: [row.id] } }, rows: [row] })), state: 1 },
  };

  test.each(Object.entries(batches))("stores nothing, %s", async (_, batch) => {
    const destination = memoryDestination();
    const source = sourceOf(async function* () {
      yield { upserts: [{ id: 9, region: "before" }], state: 0 };
      yield batch;
    });
    const failed = (await sync({ source, destination }).catch((error: unknown) => error)) as SyncError;
    expect(failed).toBeInstanceOf(SyncError);
    const [stream] = failed.result?.streams ?? [];
    expect(stream?.error).toMatchObject({
      code: "KEY_COLLISION",
      message: expect.stringMatching(/table things.*id 1; and id 1.* differ in region \("a", "c"\)/),
    });
    expect(destination.rows("things").map(({ id }) => Number(id))).toEqual([9]);
  });

  test("counts them as one row if they are equal", async () => {
    const destination = memoryDestination();
    const same = { id: 1, region: "a" };
    const source = sourceOf(async function* () {
      const rows = [same, { ...same }, { id: 2, region: "b" }];
      yield { replace: [{ scope: {}, rows }], upserts: [same, { id: 3, region: "c" }], state: 1 };
    });
    const { streams } = await sync({ source, destination });
    expect(streams[0]).toMatchObject({ inserted: 3 });
  });
});

describe("timestamps that a wrong clock wrote", () => {
  const year = 365 * 24 * 3_600_000;
  const start = Date.UTC(2026, 0, 1);
  /** Returns whether each sync looked for deletions. */
  const looking = () => {
    const looked: boolean[] = [];
    const source = sourceOf(async function* ({ reconcile }) {
      looked.push(reconcile);
      yield reconcile ? { state: 1, reconciled: true } : { state: 1 };
    });
    return { source, looked };
  };

  test("do not delay the search for deletions", async () => {
    const { source, looked } = looking();
    const destination = memoryDestination();
    for (const now of [start, start + 80 * year, start + year, start + year + 1]) {
      await sync({ source, destination, now: () => now });
    }
    expect(looked).toEqual([false, true, true, false]);
  });

  test("nor does a first sync", async () => {
    const { source, looked } = looking();
    const destination = memoryDestination();
    await sync({ source, destination, now: () => start + 80 * year });
    await sync({ source, destination, now: () => start, reconcile: false });
    await sync({ source, destination, now: () => start });
    await sync({ source, destination, now: () => start + 1 });
    expect(looked).toEqual([false, false, true, false]);
  });

  test.each([-1, 1e300, -8_640_000_000_000_000])("count as never if no clock can show them: %d", async (wrong) => {
    const { source, looked } = looking();
    const memory = memoryDestination();
    await sync({ source, destination: memory, now: () => start });
    const destination: Destination = {
      ...memory,
      async open(options) {
        const session = await memory.open(options);
        const statesOf = session.states.bind(session);
        const states = async () =>
          new Map(
            [...(await statesOf())].map(([name, { version, value }]) => [
              name,
              { version, value: { ...(value as object), reconciled_at: wrong } },
            ]),
          );
        return Object.assign(session, { states });
      },
    };
    await sync({ source, destination, now: () => start + 1 });
    expect(looked).toEqual([false, true]);
  });
});
