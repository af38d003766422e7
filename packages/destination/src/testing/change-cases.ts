/** What a batch changes, and what it does not. */
import assert from "node:assert/strict";
import { defineTable } from "../define-table.ts";
import type { StoredValues } from "../table.ts";
import type { DestinationCase } from "./case.ts";
import {
  commitOnce,
  commitThings,
  content,
  noCounts,
  presentAndDeleted,
  storedThings,
  thing,
  things,
} from "./sample.ts";

const group = "changes";
const syncedAt = (row: StoredValues | undefined) => row?._synced_at as string;

export const changeCases: readonly DestinationCase[] = [
  {
    group,
    name: "counts new, changed and unchanged rows",
    async run(subject) {
      await subject.during(async (session) => {
        const first = await commitThings(session, { upserts: [thing(1), thing(2), thing(3)] });
        assert.deepEqual(first, { ...noCounts, inserted: 3 });
        const upserts = [thing(1), thing(2, { label: "new" }), thing(3, { size: 1 }), thing(4)];
        assert.deepEqual(await commitThings(session, { upserts }), {
          ...noCounts,
          inserted: 1,
          updated: 2,
          unchanged: 1,
        });
      });
      assert.deepEqual((await presentAndDeleted(subject)).present, [1, 2, 3, 4]);
    },
  },
  {
    group,
    name: "stores every row of a batch",
    async run(subject) {
      const upserts = Array.from({ length: 20_000 }, (_, index) =>
        thing(index, { label: `label ${index}`, size: index }),
      );
      assert.equal((await commitOnce(subject, { upserts })).inserted, 20_000);
      const stored = await storedThings(subject);
      assert.equal(stored.size, 20_000);
      for (const row of upserts) assert.deepEqual(content(stored.get(Number(row.id))), row);
    },
  },
  {
    group,
    name: "does not rewrite unchanged rows",
    async run(subject) {
      await commitOnce(subject, {
        upserts: [thing(1), thing(2), thing(3, { data: { a: 1, b: [2, { c: 3, d: 4 }] } })],
      });
      const before = await storedThings(subject);
      const reordered = thing(3, { data: { b: [2, { d: 4, c: 3 }], a: 1 } });
      const result = await commitOnce(subject, { upserts: [thing(1), thing(2, { done: false }), reordered] });
      assert.deepEqual(result, { ...noCounts, updated: 1, unchanged: 2 }, "another order of keys in JSON is no change");
      const after = await storedThings(subject);
      assert.equal(syncedAt(after.get(1)), syncedAt(before.get(1)), "an unchanged row keeps its _synced_at");
      assert.equal(syncedAt(after.get(3)), syncedAt(before.get(3)), "an unchanged row keeps its _synced_at");
      assert.ok(syncedAt(after.get(2)) > syncedAt(before.get(2)), "a changed row gets a later _synced_at");
    },
  },
  {
    group,
    name: "records in _synced_at when a row was written, in UTC",
    async run(subject) {
      const from = new Date(Date.now() - 1).toISOString();
      await commitOnce(subject, { upserts: [thing(1)] });
      const row = (await storedThings(subject)).get(1);
      const to = new Date(Date.now() + 1).toISOString();
      assert.match(syncedAt(row), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      assert.ok(syncedAt(row) > from && syncedAt(row) < to, `${from} < ${syncedAt(row)} < ${to}`);
      assert.equal(row?._deleted_at, null);
    },
  },
  {
    group,
    name: "detects changes from and to null in every column",
    async run(subject) {
      const known = { label: "", size: 0, weight: 0, done: false, seen: "1970-01-01T00:00:00.000000Z", data: [] };
      for (const [index, [column, value]] of Object.entries(known).entries()) {
        await subject.during(async (session) => {
          await commitThings(session, { upserts: [thing(index)] });
          const there = await commitThings(session, { upserts: [thing(index, { [column]: value })] });
          assert.deepEqual(there, { ...noCounts, updated: 1 }, `${column} from null`);
          const back = await commitThings(session, { upserts: [thing(index)] });
          assert.deepEqual(back, { ...noCounts, updated: 1 }, `${column} to null`);
        });
      }
      for (const row of (await storedThings(subject)).values()) assert.deepEqual(content(row), thing(Number(row.id)));
    },
  },
  {
    group,
    name: "finds the row that differs among unchanged ones, with and without null next to it",
    async run(subject) {
      const known = { label: "x", size: 1, weight: 1, done: true, seen: "1970-01-01T00:00:00.000001Z", data: { a: 1 } };
      const other = {
        label: "y",
        size: 2,
        weight: 2,
        done: false,
        seen: "1970-01-01T00:00:00.000002Z",
        data: { a: 2 },
      };
      await subject.during(async (session) => {
        for (const rest of [known, {}]) {
          const upserts = [thing(1, known), thing(2, known), thing(3, rest)];
          await commitThings(session, { upserts });
          for (const [column, value] of Object.entries(other)) {
            const changed = upserts.with(1, thing(2, { ...known, [column]: value }));
            const result = await commitThings(session, { upserts: changed });
            assert.deepEqual(result, { ...noCounts, updated: 1, unchanged: 2 }, column);
            await commitThings(session, { upserts });
          }
          assert.deepEqual(await commitThings(session, { upserts }), { ...noCounts, unchanged: 3 });
        }
      });
    },
  },
  {
    group,
    name: "counts what follows batches of another kind: new, unchanged, changed, both",
    async run(subject) {
      const batches = [
        { rows: [thing(1), thing(2)], result: { inserted: 2 } },
        { rows: [thing(1), thing(2)], result: { unchanged: 2 } },
        { rows: [thing(3), thing(4)], result: { inserted: 2 } },
        { rows: [thing(4), thing(5)], result: { inserted: 1, unchanged: 1 } },
        { rows: [thing(6)], result: { inserted: 1 } },
        { rows: [thing(6, { size: 1 }), thing(1)], result: { updated: 1, unchanged: 1 } },
        { rows: [thing(7)], result: { inserted: 1 } },
        { rows: [thing(2), thing(3)], result: { unchanged: 2 } },
      ];
      await subject.during(async (session) => {
        for (const { rows, result } of batches) {
          assert.deepEqual(await commitThings(session, { upserts: rows }), { ...noCounts, ...result });
        }
      });
    },
  },
  {
    group,
    name: "keeps the last of several rows with the same key",
    async run(subject) {
      const upserts = [thing(1, { label: "first" }), thing(2), thing(1, { label: "last" })];
      assert.deepEqual(await commitOnce(subject, { upserts }), { ...noCounts, inserted: 2 });
      assert.equal((await storedThings(subject)).get(1)?.label, "last");
      const replace = [{ scope: { id: { in: [1] } }, rows: [thing(1, { label: "scope" })] }];
      await commitOnce(subject, { replace, upserts: [thing(1, { label: "upsert" })] });
      assert.equal((await storedThings(subject)).get(1)?.label, "upsert", "upserts come after replace");
    },
  },
  {
    group,
    name: "changes nothing when the same batch is committed again",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1), thing(2), thing(3, { kind: "b" }), thing(9)] });
      const replace = [{ scope: { kind: { in: ["a"] } }, rows: [thing(1, { label: "x" }), thing(4)] }];
      const batch = { replace, upserts: [thing(5, { kind: "c" })], remove: [{ id: 9 }] };
      assert.deepEqual(await commitOnce(subject, batch), {
        inserted: 2,
        updated: 1,
        unchanged: 0,
        deleted: 1,
        removed: 1,
      });
      const once = await storedThings(subject);
      assert.deepEqual(await commitOnce(subject, batch), { ...noCounts, unchanged: 3 });
      assert.deepEqual(await storedThings(subject), once);
    },
  },
  {
    group,
    name: "removes rows without a trace, and ignores unknown keys",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1), thing(2), thing(3)] });
      const result = await commitOnce(subject, { remove: [{ id: 2 }, { id: 99 }] });
      assert.deepEqual(result, { ...noCounts, removed: 1 });
      assert.deepEqual(await presentAndDeleted(subject), { present: [1, 3], deleted: [] });
    },
  },
  {
    group,
    name: "distinguishes keys of several columns",
    async run(subject) {
      const table = defineTable({
        name: "pairs",
        description: "Pairs.",
        primaryKey: ["a", "b"],
        columns: {
          b: { type: "string", description: "Second." },
          a: { type: "string", description: "First." },
          n: { type: "int64", description: "Number." },
        },
      });
      const pairs = [
        ["x", "yz"],
        ["xy", "z"],
        ["", "xyz"],
        ['x","y', "z"],
        ["x", 'y","z'],
        ["X", "yz"],
        ["x ", "yz"],
      ];
      const upserts = pairs.map(([a = "", b = ""], n) => ({ a, b, n }));
      const state = { version: 1, value: null };
      const [first] = upserts;
      await subject.during(async (session) => {
        await session.prepare([table]);
        assert.equal((await session.commit("pairs", { table, upserts, state })).inserted, pairs.length);
        const remove = [{ a: "x", b: "yz" }];
        assert.equal((await session.commit("pairs", { table, remove, state })).removed, 1);
        assert.equal((await session.keys(table, {})).length, pairs.length - 1);
      });
      const stored = (await subject.read("pairs")).map(content).sort((a, b) => Number(a.n) - Number(b.n));
      assert.deepEqual(
        stored,
        upserts.filter((row) => row !== first),
      );
    },
  },
  {
    group,
    name: "keeps tables separate",
    async run(subject) {
      const others = { ...things, name: "others" };
      const state = { version: 1, value: 1 };
      await subject.during(async (session) => {
        await session.prepare([things, others]);
        await session.commit("things", { table: things, upserts: [thing(1), thing(2)], state });
        await session.commit("others", { table: others, upserts: [thing(2), thing(3)], state });
        const replace = [{ scope: {}, rows: [thing(2)] }];
        assert.equal((await session.commit("others", { table: others, replace, state })).deleted, 1);
        assert.equal(await session.count(things, {}), 2);
        assert.equal(await session.count(others, {}), 1);
      });
    },
  },
];
