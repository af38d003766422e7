/** Stored values are read back unchanged. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { defineTable } from "../define-table.ts";
import { parseJson } from "../exact-json.ts";
import type { Json } from "../table.ts";
import type { DestinationCase, Subject } from "./case.ts";
import { commitOnce, commitThings, content, rejectsWith, storedThings, type Thing, thing, things } from "./sample.ts";

const group = "rows";

/** Stores rows, and reads them back independently and through keys(). */
async function roundTrip(subject: Subject, rows: readonly Thing[]): Promise<void> {
  const columns = Object.keys(things.columns) as (keyof typeof things.columns)[];
  const keys = await subject.during(async (session) => {
    assert.equal((await commitThings(session, { upserts: rows })).inserted, rows.length);
    return session.keys(things, {}, columns);
  });
  const stored = await storedThings(subject);
  const own = new Map(keys.map((key) => [Number(key.id), key]));
  for (const row of rows) {
    assert.deepEqual(content(stored.get(Number(row.id))), row, "as read from outside");
    assert.deepEqual(own.get(Number(row.id)), row, "as read through keys()");
  }
}

const values = (column: keyof Thing, list: readonly unknown[]) =>
  list.map((value, index) => thing(index, { [column]: value }));

function nested(depth: number): Json {
  let value: Json = "bottom";
  for (let level = 0; level < depth; level += 1) value = level % 2 ? [value, level] : { level: value };
  return value;
}

/** The same with U+FFFD for every NUL character. */
function nulReplaced(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll("\\u0000", "\ufffd"));
}

/** Numbers that a double would spell differently. */
const exactNumbers = [
  "12345678901234567890",
  "-9007199254740993",
  "1.10",
  "0.1000000000000000055",
  "1e400",
  "-2.50E-3",
];

/** A number's sign, digits and exponent, which are the same for equal numbers. */
function decimal(number: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

const texts = [
  "",
  " spaces ",
  "null",
  "'single' \"double\" `back` \\ $1 ? :name",
  "line\nbreak\r\n\ttab",
  "é ü 漢字 עברית e\u0301",
  "👩‍👩‍👧 🏳️‍🌈 \u{10ffff}",
  "\u0001\u001f\u007f\u0085\u2028\ufeff\ufffd",
  "'; DROP TABLE things; --",
];

export const rowCases: readonly DestinationCase[] = [
  {
    group,
    name: "stores a row with a value of every type",
    run: (subject) =>
      roundTrip(subject, [
        thing(1, {
          label: "one",
          size: 42,
          weight: 1.5,
          done: true,
          seen: "2026-11-21T09:30:00.123456Z",
          data: { list: [1, "two", null, true, { deep: [] }], empty: {} },
        }),
      ]),
  },
  { group, name: "stores null in every nullable column", run: (subject) => roundTrip(subject, [thing(1), thing(2)]) },
  { group, name: "keeps any text unchanged", run: (subject) => roundTrip(subject, values("label", texts)) },
  {
    group,
    name: "keeps a NUL character, rejects it, or returns what heldAs says, but never truncates the text there",
    async run(subject) {
      const { heldAs = (_, value) => value } = subject.fixture.connect();
      for (const column of ["label", "data"] as const) {
        const row = thing(1, { [column]: column === "label" ? "a\u0000b" : { "k\u0000": ["a\u0000b"] } });
        try {
          await commitOnce(subject, { upserts: [row] });
        } catch (error) {
          assert.equal((error as { code?: string }).code, "INVALID_ROW");
          continue;
        }
        const held = heldAs(things.columns[column], row[column]);
        assert.ok([row[column], nulReplaced(row[column])].some((value) => isDeepStrictEqual(value, held)));
        assert.deepEqual(content((await storedThings(subject)).get(1)), { ...row, [column]: held });
        assert.equal((await commitOnce(subject, { upserts: [row] })).unchanged, 1);
      }
    },
  },
  {
    group,
    name: "keeps integers above 2^53",
    run: (subject) =>
      roundTrip(
        subject,
        values("size", [0, -1, 2 ** 53 - 1, 1 - 2 ** 53, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]),
      ),
  },
  {
    group,
    name: "keeps every float64",
    run: (subject) =>
      roundTrip(subject, values("weight", [0.1, 1 / 3, -2.5, 1e21, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53 + 2])),
  },
  {
    group,
    name: "keeps microseconds, and the years 0001 and 9999",
    run: (subject) =>
      roundTrip(
        subject,
        values("seen", [
          "2026-11-21T09:30:00.123456Z",
          "2026-11-21T09:30:00.000001Z",
          "2024-02-29T23:59:59.999999Z",
          "1969-12-31T23:59:59.999999Z",
          "0001-01-01T00:00:00.000000Z",
          "9999-12-31T23:59:59.999999Z",
        ]),
      ),
  },
  {
    group,
    name: "keeps every digit of the numbers in JSON, spelled as heldAs says",
    async run(subject) {
      const { heldAs = (_, value) => value } = subject.fixture.connect();
      const data = parseJson(`[${exactNumbers.join(",")}]`);
      const held = JSON.stringify(heldAs(things.columns.data, data));
      const heldNumbers = held.slice(1, -1).split(",");
      assert.deepEqual(heldNumbers.map(decimal), exactNumbers.map(decimal), "heldAs changes no number");
      const rows = [thing(1, { data })];
      assert.equal((await commitOnce(subject, { upserts: rows })).inserted, 1);
      assert.equal((await commitOnce(subject, { upserts: rows })).unchanged, 1, "the same numbers are no change");
      const [key] = await subject.during(async (session) => {
        await session.prepare([things]);
        return session.keys(things, {}, ["data"]);
      });
      assert.equal(JSON.stringify(key?.data), held, "as read through keys()");
    },
  },
  {
    group,
    name: "keeps any JSON",
    run: (subject) =>
      roundTrip(
        subject,
        values("data", [[], {}, "text", 0, -1.5e-7, false, { "": { '"': "'" } }, texts, nested(200), { a: null }]),
      ),
  },
  {
    group,
    name: "keeps a text of a megabyte",
    run: (subject) => roundTrip(subject, [thing(1, { label: "x€".repeat(262_144), data: "y".repeat(1_000_000) })]),
  },
  {
    group,
    name: "accepts reserved words and quotes in names",
    async run(subject) {
      const table = defineTable({
        name: "order",
        description: "A 'quoted' \"description\"; -- with a comment",
        primaryKey: ["select"],
        columns: {
          select: { type: "int64", description: "It's a key." },
          group: { type: "string", description: "" },
          "quo\"te's": { type: "boolean", description: "ends in a backslash \\" },
          count: { type: "int64", description: "$1 ?" },
          source: { type: "string", description: ":name" },
          target: { type: "string", description: "%s" },
        },
      });
      const row = { select: 1, group: "g", "quo\"te's": true, count: 7, source: "s", target: "t" };
      await subject.during(async (session) => {
        await session.prepare([table]);
        const state = { version: 1, value: null };
        await session.commit("order", { table, upserts: [row], state });
        const scope = { group: { in: ["g"] }, count: { gte: 7 } } as const;
        await session.commit("order", { table, replace: [{ scope, rows: [row] }], state });
        assert.deepEqual(await session.keys(table, scope, ["quo\"te's"]), [{ select: 1, "quo\"te's": true }]);
        assert.deepEqual(await session.countBy(table, {}, ["count"]), [{ values: { count: 7 }, count: 1 }]);
      });
      assert.deepEqual((await subject.read("order")).map(content), [row]);
    },
  },
  {
    group,
    name: "accepts names of the stated maximum length, and distinguishes them by their last character",
    async run(subject) {
      const length = Math.min(subject.capabilities.maxIdentifierLength, 1000);
      const name = (end: string) => end.padStart(length, "n");
      const definition = {
        description: "Long names.",
        primaryKey: [name("key")],
        columns: {
          [name("key")]: { type: "int64", description: "Key." },
          [name("value")]: { type: "string", description: "Value." },
        },
      } as const;
      const tables = [
        defineTable({ ...definition, name: name("one") }),
        defineTable({ ...definition, name: name("two") }),
      ];
      await subject.during(async (session) => {
        await session.prepare(tables);
        for (const [index, table] of tables.entries()) {
          const upserts = [{ [name("key")]: index, [name("value")]: "v" }];
          await session.commit(table.name, { table, upserts, state: { version: 1, value: null } });
        }
      });
      for (const [index, table] of tables.entries()) {
        assert.deepEqual((await subject.read(table.name)).map(content), [
          { [name("key")]: index, [name("value")]: "v" },
        ]);
      }
    },
  },
  {
    group,
    name: "keeps values that all rows of a batch share, and the one that differs",
    async run(subject) {
      const [known, other] = [
        { kind: "it's", label: "a", size: -(2n ** 63n), weight: 0.1, done: true, data: ["b"] },
        { kind: "", label: null, size: 0, weight: null, done: false, data: null },
      ];
      const shared = { ...known, seen: "0001-01-01T00:00:00.000001Z" };
      await roundTrip(subject, [thing(1, shared), thing(2, shared), thing(3, shared)]);
      const last = { ...other, seen: "9999-12-31T23:59:59.999999Z" };
      await subject.during(async (session) => {
        // The first row is not the one that counts.
        const rows = [thing(1, last), thing(1, shared), thing(2, shared), thing(3, last)];
        assert.equal((await commitThings(session, { upserts: rows })).updated, 1);
      });
      const stored = await storedThings(subject);
      for (const [id, values] of [shared, shared, last].entries()) {
        assert.deepEqual(content(stored.get(id + 1)), thing(id + 1, values));
      }
    },
  },
  {
    group,
    name: "rejects values that a column cannot hold, and names table, row and column",
    async run(subject) {
      await subject.during(async (session) => {
        for (const [column, bad] of unfit) {
          const row: Record<string, unknown> = { ...thing(77), [column]: bad };
          if (bad === undefined) delete row[column];
          await rejectsWith(commitThings(session, { upserts: [row as Thing] }), "INVALID_ROW", "things", column, "id");
        }
        assert.equal(await session.count(things, {}), 0);
      });
    },
  },
];

/** A column and a value that does not fit. Undefined omits the column. */
const unfit: readonly (readonly [column: string, value: unknown])[] = [
  ["kind", null],
  ["label", undefined],
  ["surplus", 1],
  ["label", 1],
  ["label", "half \ud83d"],
  ["size", 1.5],
  ["size", 2 ** 53],
  ["size", 2n ** 63n],
  ["size", "1"],
  ["weight", Number.NaN],
  ["weight", Number.POSITIVE_INFINITY],
  ["weight", "1.5"],
  ["done", 1],
  ["seen", new Date(0)],
  ["seen", "2026-11-21T09:30:00.123Z"],
  ["seen", "2026-11-21T09:30:00.123456+00:00"],
  ["seen", "2026-02-30T00:00:00.000000Z"],
  ["seen", "2026-13-01T00:00:00.000000Z"],
  ["seen", "2026-01-01T24:00:00.000000Z"],
  ["seen", "0000-01-01T00:00:00.000000Z"],
  ["data", { deep: [Number.NaN] }],
  ["data", { deep: undefined }],
  ["data", new Date(0)],
  ["data", 1n],
];
