/** What a session reports about stored rows. */
import assert from "node:assert/strict";
import type { DestinationCase } from "./case.ts";
import { commitThings, moment, thing, things } from "./sample.ts";

const group = "reading";
const sorted = <T>(items: readonly T[]) => [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** Five rows. Row 4 is deleted. */
const rows = [
  thing(1, { label: "x", done: true, seen: moment(1) }),
  thing(2, { label: "x", done: false }),
  thing(3, { label: "x", done: true, kind: "b" }),
  thing(4, { label: "x", done: true }),
  thing(5, { done: true }),
];
const filled = { upserts: rows, replace: [] };
const without4 = { replace: [{ scope: { id: { in: [4] } }, rows: [] }] };

export const readCases: readonly DestinationCase[] = [
  {
    group,
    name: "counts the rows of a scope that are not deleted",
    run: (subject) =>
      subject.during(async (session) => {
        await commitThings(session, filled);
        await commitThings(session, without4);
        assert.equal(await session.count(things, {}), 4);
        assert.equal(await session.count(things, { label: { in: ["x"] } }), 3);
        assert.equal(await session.count(things, { label: { in: [null] } }), 1);
        assert.equal(await session.count(things, { id: { gte: 2, lt: 5 } }), 2);
        assert.equal(await session.count(things, { kind: { in: ["a"] }, done: { in: [true] } }), 2);
        assert.equal(await session.count(things, { kind: { in: [] } }), 0);
      }),
  },
  {
    group,
    name: "counts by columns: one entry for each combination that occurs, null included",
    run: (subject) =>
      subject.during(async (session) => {
        await commitThings(session, filled);
        await commitThings(session, without4);
        assert.deepEqual(sorted(await session.countBy(things, {}, ["label", "done"])), [
          { values: { label: "x", done: false }, count: 1 },
          { values: { label: "x", done: true }, count: 2 },
          { values: { label: null, done: true }, count: 1 },
        ]);
        assert.deepEqual(sorted(await session.countBy(things, { kind: { in: ["a"] } }, ["seen"])), [
          { values: { seen: moment(1) }, count: 1 },
          { values: { seen: null }, count: 2 },
        ]);
        assert.deepEqual(await session.countBy(things, { kind: { in: ["none"] } }, ["kind"]), []);
      }),
  },
  {
    group,
    name: "lists the keys of a scope that are not deleted",
    run: (subject) =>
      subject.during(async (session) => {
        await commitThings(session, filled);
        await commitThings(session, without4);
        assert.deepEqual(sorted(await session.keys(things, {})), [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 5 }]);
        assert.deepEqual(
          sorted(await session.keys(things, { label: { in: ["x"] }, kind: { in: ["a"] } }, ["done", "id"])),
          [
            { id: 1, done: true },
            { id: 2, done: false },
          ],
        );
      }),
  },
  {
    group,
    name: "accepts lists of 10,000 values",
    run: (subject) =>
      subject.during(async (session) => {
        const upserts = Array.from({ length: 300 }, (_, id) => thing(id, { kind: `k${id}`, seen: moment(id) }));
        await commitThings(session, { upserts: [...upserts, thing(1000)] });
        const many = Array.from({ length: 10_000 }, (_, index) => index + 100);
        assert.equal(await session.count(things, { kind: { in: many.map((index) => `k${index}`) } }), 200);
        assert.equal(await session.count(things, { seen: { in: [...many.map(moment), null] } }), 201);
        const replace = [{ scope: { id: { in: many } }, rows: [] }];
        assert.equal((await commitThings(session, { replace })).deleted, 201);
        const remove = many.map((id) => ({ id }));
        assert.equal((await commitThings(session, { remove })).removed, 201);
      }),
  },
];
