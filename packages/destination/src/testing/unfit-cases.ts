/** Rows that a destination cannot hold: all of them are named, and they do not block the others. */
import assert from "node:assert/strict";
import type { UnfitRow } from "../errors.ts";
import { DestinationError } from "../errors.ts";
import type { Json } from "../table.ts";
import type { DestinationCase, Subject } from "./case.ts";
import {
  commitOnce,
  commitThings,
  content,
  noCounts,
  presentAndDeleted,
  rejectsWith,
  storedThings,
  type Thing,
  type ThingsBatch,
  thing,
  things,
} from "./sample.ts";

const group = "rows that do not fit";

const unfit = (id: number, column: keyof Thing, value: unknown) => thing(id, { [column]: value });

/** Commits, and returns the rows named in the error. Undefined if there was no error. */
async function refused(subject: Subject, batch: ThingsBatch): Promise<readonly UnfitRow[] | undefined> {
  try {
    await commitOnce(subject, batch);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof DestinationError, `a DestinationError, got ${error}`);
    assert.equal(error.code, "INVALID_ROW", error.message);
    assert.ok(error.rows && error.rows.length > 0, `the error names its rows: ${error.message}`);
    for (const { reason } of error.rows) assert.ok(reason.length > 0, "each row has a reason");
    return error.rows;
  }
}

const idsOf = (rows: readonly UnfitRow[] | undefined) => rows?.map(({ key }) => Number(key.id)).sort((a, b) => a - b);

/** Values of rows, or keys, that some destinations cannot hold. */
const heavy: readonly (readonly [what: string, row: (id: number) => Thing])[] = [
  ["JSON nested 1,000 deep", (id) => thing(id, { data: nested(1000) })],
  ["JSON nested 20,000 deep", (id) => thing(id, { data: nested(20_000) })],
  ["JSON nested 200,000 deep", (id) => thing(id, { data: nested(200_000) })],
  ["a text of 4 MB", (id) => thing(id, { label: "x€".repeat(1_000_000) })],
  ["JSON with 100,000 keys", (id) => thing(id, { data: Object.fromEntries(numbers.map((n) => [`key ${n}`, n])) })],
  ["a text with a NUL character", (id) => thing(id, { label: "\0", data: { "\0": "\0" } })],
];

const numbers = Array.from({ length: 100_000 }, (_, index) => index);

function nested(depth: number): Json {
  let value: Json = "bottom";
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

export const unfitCases: readonly DestinationCase[] = [
  {
    group,
    name: "cause no failure before they are written: heldAs returns them",
    async run(subject) {
      const { heldAs = (_, value) => value } = subject.fixture.connect();
      const deep = nested(200_000);
      for (const value of [Number.NaN, "half \ud83d", { deep: ["\udc00"] }, [Number.POSITIVE_INFINITY], deep]) {
        assert.ok(Object.is(heldAs(things.columns.data, value), value), "what JSON cannot carry comes back as it is");
      }
      for (const column of Object.values(things.columns)) heldAs(column, "half \ud83d");
      // Some destinations can hold a row that is nested this deeply.
      heldAs(things.columns.data, nested(5000));
    },
  },
  {
    group,
    name: "are reported all at once, with column and reason",
    async run(subject) {
      const rows = await refused(subject, {
        replace: [{ scope: { kind: { in: ["a"] } }, rows: [thing(1), unfit(2, "weight", Number.NaN)] }],
        upserts: [unfit(3, "label", "half \ud83d"), thing(4), unfit(5, "data", { deep: ["\udc00"] }), thing(6)],
      });
      assert.deepEqual(idsOf(rows), [2, 3, 5]);
      const columns = new Map(rows?.map(({ key, column }) => [Number(key.id), column]));
      assert.deepEqual(
        [2, 3, 5].map((id) => columns.get(id)),
        ["weight", "label", "data"],
      );
    },
  },
  {
    group,
    name: "do not block the others, once they are left out",
    async run(subject) {
      const good = Array.from({ length: 50 }, (_, id) => thing(id));
      const bad = [60, 61, 62].map((id) => unfit(id, "size", 1.5));
      assert.deepEqual(idsOf(await refused(subject, { upserts: [...good, ...bad] })), [60, 61, 62]);
      assert.equal((await commitOnce(subject, { upserts: good, keep: bad.map(({ id }) => ({ id })) })).inserted, 50);
      assert.equal((await storedThings(subject)).size, 50);
    },
  },
  {
    group,
    name: "are only those that would be written: of rows with the same key, the last",
    async run(subject) {
      const bad = unfit(1, "seen", "yesterday");
      assert.deepEqual(idsOf(await refused(subject, { upserts: [thing(1), bad, thing(2)] })), [1]);
      assert.equal(await refused(subject, { upserts: [bad, thing(1)] }), undefined);
      assert.deepEqual((await presentAndDeleted(subject)).present, [1]);
    },
  },
  ...heavy.map(
    ([what, row]): DestinationCase => ({
      group,
      name: `are held, or named alone: ${what}`,
      async run(subject) {
        const others = [thing(1), thing(3)];
        const rows = await refused(subject, { upserts: [others[0]!, row(2), others[1]!] });
        if (rows) {
          assert.deepEqual(idsOf(rows), [2]);
          await commitOnce(subject, { upserts: others });
        }
        assert.deepEqual((await presentAndDeleted(subject)).present, rows ? [1, 3] : [1, 2, 3]);
      },
    }),
  ),
  {
    group,
    name: "keep their stored version when a scope replaces others",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1, { label: "old" }), thing(2), thing(3), thing(4, { kind: "b" })] });
      const before = await storedThings(subject);
      const scope = { kind: { in: ["a"] } };
      // 9 does not exist, and no row can have the last key.
      const keep = [{ id: 1 }, { id: 9 }, { id: 2n ** 80n }];
      const batch = { replace: [{ scope, rows: [thing(2)] }], keep };
      assert.deepEqual(await commitOnce(subject, batch), { ...noCounts, unchanged: 1, deleted: 1 });
      assert.deepEqual(await presentAndDeleted(subject), { present: [1, 2, 4], deleted: [3] });
      assert.deepEqual((await storedThings(subject)).get(1), before.get(1));
      assert.deepEqual(await commitOnce(subject, batch), { ...noCounts, unchanged: 1 });
      await commitOnce(subject, { replace: [{ scope: {}, rows: [] }] });
      assert.deepEqual(await commitOnce(subject, { keep }), noCounts);
      assert.deepEqual((await presentAndDeleted(subject)).present, [], "what is kept is not revived");
    },
  },
  {
    group,
    name: "are not blamed for a state that cannot be saved, or for a table that was not prepared",
    async run(subject) {
      await subject.during(async (session) => {
        await session.prepare([things]);
        const batch = { table: things, upserts: [thing(1), thing(2)] };
        const state = { version: 1, value: Number.NaN };
        await rejectsWith(session.commit("things", { ...batch, state }), "INVALID_STATE");
        const other = { ...things, name: "others" };
        const commit = session.commit("others", { ...batch, table: other, state: { version: 1, value: 1 } });
        await rejectsWith(commit, "FAILED", "others");
        assert.equal((await commitThings(session, { upserts: batch.upserts })).inserted, 2);
      });
    },
  },
  {
    group,
    name: "are not found by values that no row can hold",
    async run(subject) {
      await subject.during(async (session) => {
        await commitThings(session, { upserts: [thing(1, { label: "x" }), thing(2)] });
        const half = "half \ud83d";
        assert.equal(await session.count(things, { label: { in: [half] } }), 0);
        assert.deepEqual(await session.keys(things, { label: { in: [half, "x"] } }), [{ id: 1 }]);
        const many = Array.from({ length: 100 }, (_, index) => `${half}${index}`);
        assert.deepEqual(await session.countBy(things, { label: { in: [...many, "x"] } }, ["label"]), [
          { values: { label: "x" }, count: 1 },
        ]);
        const replace = [half, "y"].map((label) => ({ scope: { label: { in: [label] } }, rows: [] }));
        assert.equal((await commitThings(session, { replace })).deleted, 0);
      });
      assert.equal(content((await storedThings(subject)).get(1)).label, "x");
    },
  },
];
