/** Replacing the complete rows of a scope. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Scope } from "../scope.ts";
import type { DestinationCase, Subject } from "./case.ts";
import {
  commitOnce,
  moment,
  noCounts,
  presentAndDeleted,
  storedThings,
  type Thing,
  thing,
  type things,
} from "./sample.ts";

const group = "replace";

type ThingScope = Scope<typeof things>;

/** Stores rows, replaces a scope with no rows, and expects exactly these to be deleted. */
async function expectGone(subject: Subject, rows: readonly Thing[], scope: ThingScope, gone: number[]): Promise<void> {
  await commitOnce(subject, { replace: [{ scope: {}, rows }] });
  assert.equal((await commitOnce(subject, { replace: [{ scope, rows: [] }] })).deleted, gone.length, inspect(scope));
  assert.deepEqual((await presentAndDeleted(subject)).deleted, gone, inspect(scope));
}

export const replaceCases: readonly DestinationCase[] = [
  {
    group,
    name: "marks the other rows of a scope as deleted, and none outside it",
    async run(subject) {
      const rows = [thing(1), thing(2, { label: "kept", size: 5 }), thing(3, { kind: "b" }), thing(4, { kind: "c" })];
      await commitOnce(subject, { upserts: rows });
      const before = await storedThings(subject);
      const replace = [{ scope: { kind: { in: ["a", "b"] } }, rows: [thing(1)] }];
      assert.deepEqual(await commitOnce(subject, { replace }), { ...noCounts, unchanged: 1, deleted: 2 });
      assert.deepEqual(await presentAndDeleted(subject), { present: [1, 4], deleted: [2, 3] });
      const after = await storedThings(subject);
      const { _deleted_at, ...kept } = after.get(2) ?? {};
      assert.match(String(_deleted_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      assert.deepEqual({ ...kept, _deleted_at: null }, before.get(2), "a deleted row keeps its content");
      assert.deepEqual(after.get(4), before.get(4));
    },
  },
  {
    group,
    name: "does not mark a row twice",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1), thing(2)] });
      const replace = [{ scope: {}, rows: [thing(1)] }];
      assert.equal((await commitOnce(subject, { replace })).deleted, 1);
      const once = await storedThings(subject);
      assert.equal((await commitOnce(subject, { replace })).deleted, 0);
      assert.deepEqual(await storedThings(subject), once);
    },
  },
  {
    group,
    name: "deletes all rows of a scope that is empty now",
    run: (subject) =>
      expectGone(subject, [thing(1), thing(2), thing(3, { kind: "b" })], { kind: { in: ["a"] } }, [1, 2]),
  },
  {
    group,
    name: "treats the empty scope as the whole table, and an empty list as no row",
    async run(subject) {
      const rows = [thing(1), thing(2, { label: "x" })];
      await expectGone(subject, rows, { kind: { in: [] } }, []);
      await expectGone(subject, rows, { kind: { in: [] }, id: { in: [1] } }, []);
      await expectGone(subject, rows, {}, [1, 2]);
    },
  },
  {
    group,
    name: "matches null in a list, next to values and alone",
    async run(subject) {
      const rows = [thing(1), thing(2, { label: "x" }), thing(3, { label: "y" }), thing(4, { label: "" })];
      await expectGone(subject, rows, { label: { in: [null] } }, [1]);
      await expectGone(subject, rows, { label: { in: ["y", null] } }, [1, 3]);
      await expectGone(subject, rows, { label: { in: ["y"] } }, [3]);
      await expectGone(subject, rows, { label: { in: [""] } }, [4]);
    },
  },
  {
    group,
    name: "matches ranges: lower bound included, upper bound excluded, null never",
    async run(subject) {
      const rows = [0, 1, 2, 3].map((id) =>
        thing(id, { seen: moment(id), size: id * 10, weight: id / 2, label: "abcd"[id] ?? null }),
      );
      const all = [...rows, thing(9)];
      await expectGone(subject, all, { seen: { gte: moment(1), lt: moment(3) } }, [1, 2]);
      await expectGone(subject, all, { seen: { lt: moment(1) } }, [0]);
      await expectGone(subject, all, { size: { gte: 20 } }, [2, 3]);
      await expectGone(subject, all, { weight: { gte: 0.5, lt: 1 } }, [1]);
      await expectGone(subject, all, { label: { gte: "b", lt: "d" } }, [1, 2]);
      await expectGone(subject, all, { size: { gte: 30, lt: 30 } }, []);
    },
  },
  {
    group,
    name: "distinguishes microseconds in a range",
    async run(subject) {
      const at = (end: string) => `2026-01-01T00:00:00.00000${end}Z`;
      const rows = [thing(1, { seen: at("1") }), thing(2, { seen: at("2") }), thing(3, { seen: at("3") })];
      await expectGone(subject, rows, { seen: { gte: at("2"), lt: at("3") } }, [2]);
    },
  },
  {
    group,
    name: "matches values of every type in a list",
    async run(subject) {
      const big = 2n ** 60n + 1n;
      const rows = [
        thing(1, { size: big, weight: 0.1, done: true, seen: moment(1), data: { a: 1, b: 2 } }),
        thing(2, { size: big + 1n, weight: 0.2, done: false, seen: moment(2), data: { a: 1 } }),
      ];
      await expectGone(subject, rows, { size: { in: [big] } }, [1]);
      await expectGone(subject, rows, { weight: { in: [0.1] } }, [1]);
      await expectGone(subject, rows, { done: { in: [true] } }, [1]);
      await expectGone(subject, rows, { seen: { in: [moment(1)] } }, [1]);
      await expectGone(subject, rows, { data: { in: [{ b: 2, a: 1 }] } }, [1]);
    },
  },
  {
    group,
    name: "requires all conditions of a scope, not just one",
    async run(subject) {
      const rows = [thing(1, { size: 1 }), thing(2, { size: 2 }), thing(3, { kind: "b", size: 1 })];
      await expectGone(subject, rows, { kind: { in: ["a"] }, size: { in: [1] } }, [1]);
      await expectGone(subject, rows, { kind: { in: ["a", "b"] }, size: { gte: 2 } }, [2]);
    },
  },
  {
    group,
    name: "replaces many scopes of different kinds in one batch",
    async run(subject) {
      const rows = Array.from({ length: 2000 }, (_, id) =>
        thing(id, { kind: `kind ${id % 500}`, size: Math.floor(id / 500) }),
      );
      const last = thing(5000, { kind: "null", seen: moment(5) });
      await commitOnce(subject, { upserts: [...rows, last] });
      const points = Array.from({ length: 400 }, (_, index) => ({
        scope: { kind: { in: [`kind ${index}`] }, size: { in: [1] } },
        rows: index % 2 ? rows.slice(500 + index, 501 + index) : [],
      }));
      const replace = [
        ...points,
        { scope: { size: { in: [3] }, kind: { in: ["kind 1"] } }, rows: [] },
        { scope: { seen: { gte: moment(5), lt: moment(6) } }, rows: [] },
      ];
      const result = await commitOnce(subject, { replace });
      assert.deepEqual(result, { ...noCounts, unchanged: 200, deleted: 202 });
      const expected = rows
        .filter((_, index) => index >= 500 && index < 900 && index % 2 === 0)
        .map((row) => Number(row.id));
      assert.deepEqual((await presentAndDeleted(subject)).deleted, [...expected, 1501, 5000]);
    },
  },
  {
    group,
    name: "revives a deleted row that reappears, changed or not",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1), thing(2), thing(3)] });
      await commitOnce(subject, { replace: [{ scope: {}, rows: [] }] });
      const deleted = await storedThings(subject);
      const replace = [{ scope: { id: { in: [2] } }, rows: [thing(2, { label: "back" })] }];
      assert.deepEqual(await commitOnce(subject, { upserts: [thing(1)], replace }), { ...noCounts, updated: 2 });
      assert.deepEqual(await presentAndDeleted(subject), { present: [1, 2], deleted: [3] });
      const revived = (await storedThings(subject)).get(1);
      assert.ok(String(revived?._synced_at) > String(deleted.get(1)?._synced_at), "a revived row counts as changed");
    },
  },
  {
    group,
    name: "never marks a row that its batch contains",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1), thing(2), thing(3), thing(4)] });
      const replace = [{ scope: { kind: { in: ["a"] } }, rows: [thing(1), thing(8, { kind: "outside" })] }];
      const result = await commitOnce(subject, {
        replace,
        upserts: [thing(2, { kind: "moved" }), thing(3)],
        remove: [{ id: 4 }],
      });
      assert.deepEqual(result, { inserted: 1, updated: 1, unchanged: 2, deleted: 0, removed: 1 });
      assert.deepEqual(await presentAndDeleted(subject), { present: [1, 2, 3, 8], deleted: [] });
    },
  },
];
