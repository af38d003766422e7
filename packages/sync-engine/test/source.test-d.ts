import { defineTable, type Json } from "@org/destination";
import { batchOf, defineStream, type ReadContext, type Source, type Stored } from "@org/sync-engine/source";
import { expectTypeOf, test } from "vitest";

const pools = defineTable({
  name: "pools",
  description: "Pools.",
  primaryKey: ["team", "name"],
  columns: {
    team: { type: "string", description: "Team." },
    name: { type: "string", description: "Name." },
    slots: { type: "int64", nullable: true, description: "Slots." },
    seen_at: { type: "timestamp", description: "When it was seen." },
  },
});
const uses = defineTable({
  name: "uses",
  description: "Uses of pools.",
  primaryKey: ["id"],
  columns: { id: { type: "string", description: "Key." } },
});
type PoolsState = { readonly readAt: number };

const row = { team: "a", name: "b", slots: 1, seen_at: "2026-01-01T00:00:00.000000Z" };
const misspelt = { team: "a", nmae: "b", slots: 1, seen_at: "2026-01-01T00:00:00.000000Z" };
const key = { team: "a", name: "b" };
const state = { readAt: 1 };
const stream = { name: "pools", table: pools, revision: 1 };
const yields = <B>(...batches: readonly B[]) =>
  async function* () {
    yield* batches;
  };

test("a stream's rows fit its table", () => {
  const define = defineStream<unknown, typeof pools>;
  define({ ...stream, read: yields({ upserts: [row, { ...row, slots: null }, { ...row, slots: 9n }], state }) });
  define({ ...stream, read: yields({ replace: [{ scope: { team: { in: ["a"] } }, rows: [row] }], state }) });
  define({
    ...stream,
    // @ts-expect-error a misspelled column
    read: yields({ upserts: [misspelt], state }),
  });
  define({
    ...stream,
    // @ts-expect-error a value of the wrong type
    read: yields({ upserts: [{ ...row, slots: "five" }], state }),
  });
  define({
    ...stream,
    // @ts-expect-error null in a column that is not nullable
    read: yields({ upserts: [{ ...row, seen_at: null }], state }),
  });
  define({
    ...stream,
    // @ts-expect-error a replaced row that lacks a column
    read: yields({ replace: [{ scope: {}, rows: [key] }], state }),
  });
  define({
    ...stream,
    // @ts-expect-error a scope with an unknown column
    read: yields({ replace: [{ scope: { nmae: { in: ["a"] } }, rows: [] }], state }),
  });
  define({
    ...stream,
    // @ts-expect-error needs an unknown column
    needs: ["nmae"],
    read: yields(),
  });
});

test("a stream's table is inferred if it is not named", () => {
  defineStream({
    ...stream,
    // @ts-expect-error a misspelled column
    read: yields({ upserts: [misspelt], state }),
  });
  const inferred = defineStream({ ...stream, read: yields({ upserts: [row], state }) });
  expectTypeOf(inferred.table).toEqualTypeOf(pools);
});

test("a stream's keys fit its table", () => {
  const define = defineStream<unknown, typeof pools>;
  define({ ...stream, read: yields({ remove: [key], keep: [row], state }) });
  define({
    ...stream,
    // @ts-expect-error an incomplete key
    read: yields({ remove: [{ team: "a" }], state }),
  });
  define({
    ...stream,
    // @ts-expect-error a key of the wrong type
    read: yields({ keep: [{ ...key, name: 1 }], state }),
  });
  const columns = { id: { type: "string", description: "Key." } } as const;
  defineTable({
    name: "things",
    description: "Things.",
    // @ts-expect-error a key with an unknown column
    primaryKey: ["ID"],
    columns,
  });
});

test("a stream's state is what it declares, and any JSON if it declares none", () => {
  const define = defineStream<unknown, typeof pools, PoolsState>;
  define({
    ...stream,
    async *read({ state, outdated }) {
      expectTypeOf(state).toEqualTypeOf<PoolsState | undefined>();
      expectTypeOf(outdated).toEqualTypeOf<Json | undefined>();
      yield { state: { readAt: (state?.readAt ?? 0) + 1 } };
    },
  });
  define({
    ...stream,
    // @ts-expect-error an undeclared field
    read: yields({ state: { readat: 1 } }),
  });
  // @ts-expect-error JSON cannot represent it
  defineStream<unknown, typeof pools, { readonly at: Date }>;
  defineStream({
    ...stream,
    async *read({ state }) {
      expectTypeOf(state).toEqualTypeOf<Json | undefined>();
      yield { state: [1, "a"] };
    },
  });
});

test("a stream cannot write another stream's table", () => {
  defineStream<unknown, typeof pools, PoolsState>({
    ...stream,
    // @ts-expect-error another table
    read: yields(batchOf(uses, { upserts: [{ id: "1" }], state })),
  });
  // @ts-expect-error rows that do not fit the given table
  batchOf(uses, { upserts: [row], state });
});

test("stored rows come with their key and the requested columns, typed", () => {
  async function asked(stored: Stored) {
    const [held] = await stored.keys(pools, {});
    expectTypeOf(held!).branded.toEqualTypeOf<{ readonly team: string; readonly name: string }>();
    const [more] = await stored.keys(pools, { team: { in: ["a"] } }, ["slots", "name"]);
    type WithSlots = { readonly team: string; readonly name: string; readonly slots: number | bigint | null };
    expectTypeOf(more!).branded.toEqualTypeOf<WithSlots>();
    // @ts-expect-error not a requested column
    more!.seen_at;
    // @ts-expect-error an unknown column
    await stored.keys(pools, {}, ["slot"]);
    // @ts-expect-error a scope with an unknown column
    await stored.keys(pools, { slot: { in: [1] } });
    const [counted] = await stored.countBy(pools, {}, ["team"]);
    expectTypeOf(counted!.values).toEqualTypeOf<{ readonly team: string }>();
    // @ts-expect-error an unknown column
    await stored.countBy(pools, {}, ["slot"]);
  }
  expectTypeOf(asked).toBeFunction();
  expectTypeOf<ReadContext>().toHaveProperty("unstored");
  const slotsOf = (context: ReadContext) => context.unstored(pools)[0]!.slots;
  expectTypeOf(slotsOf).returns.toEqualTypeOf<number | bigint | null | undefined>();
});

test("a source accepts streams of any table and any state", () => {
  type Shared = { readonly at: number };
  const streams = [
    defineStream<Shared, typeof pools, PoolsState>({ ...stream, read: yields() }),
    defineStream<Shared, typeof uses>({ name: "uses", table: uses, revision: 1, read: yields() }),
  ];
  expectTypeOf({ streams }).toExtend<Pick<Source<Shared>, "streams">>();
});
