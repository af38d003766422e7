/** Creating tables, changing their columns, and owning them. */
import assert from "node:assert/strict";
import { defineTable } from "../define-table.ts";
import type { Columns, Table } from "../table.ts";
import type { DestinationCase, Subject } from "./case.ts";
import { commitOnce, content, noCounts, rejectsWith, thing, things } from "./sample.ts";

const group = "schema";

/** The table `grown`, with these columns besides its key. */
const grown = (columns: Columns): Table =>
  defineTable({
    name: "grown",
    description: "A table that changes.",
    primaryKey: ["id"],
    columns: { id: { type: "int64", description: "Key." }, ...columns },
  });

const optional = (type: "string" | "int64" | "float64" | "boolean" | "timestamp" | "json") =>
  ({ type, nullable: true, description: `Some ${type}.` }) as const;

function store(subject: Subject, table: Table, upserts: readonly Record<string, unknown>[]) {
  return subject.during(async (session) => {
    await session.prepare([table]);
    const rows = upserts as Parameters<typeof session.commit>[1]["upserts"] & {};
    return session.commit(table.name, { table, upserts: rows, state: { version: 1, value: 1 } });
  });
}

const contents = async (subject: Subject, table: string) =>
  (await subject.read(table)).map(content).sort((a, b) => Number(a.id) - Number(b.id));

export const schemaCases: readonly DestinationCase[] = [
  {
    group,
    name: "prepares a table again without changing it",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1)] });
      const before = await subject.read("things");
      await subject.during(async (session) => {
        await session.prepare([things]);
        await session.prepare([things, things]);
        assert.equal(await session.count(things, {}), 1);
      });
      assert.deepEqual(await subject.read("things"), before);
    },
  },
  {
    group,
    name: "creates a table that can be read as empty before its first row",
    async run(subject) {
      await subject.during(async (session) => {
        await session.prepare([things]);
        assert.equal(await session.count(things, {}), 0);
        assert.deepEqual(await session.keys(things, {}), []);
      });
      assert.deepEqual(await subject.read("things"), []);
    },
  },
  {
    group,
    name: "adds a missing column, which is null in existing rows",
    async run(subject) {
      await store(subject, grown({ a: optional("string") }), [
        { id: 1, a: "x" },
        { id: 2, a: "y" },
      ]);
      const wider = grown({
        b: optional("json"),
        a: optional("string"),
        c: { type: "timestamp", description: "New." },
      });
      const c = "2026-01-01T00:00:00.000001Z";
      const upserts = [
        { id: 2, a: "y", b: { x: 1 }, c },
        { id: 3, a: null, b: null, c },
      ];
      assert.deepEqual(await store(subject, wider, upserts), { ...noCounts, inserted: 1, updated: 1 });
      assert.deepEqual(await contents(subject, "grown"), [{ id: 1, a: "x", b: null, c: null }, ...upserts]);
    },
  },
  {
    group,
    name: "keeps a column that the definition no longer has",
    async run(subject) {
      await store(subject, grown({ a: optional("string"), b: optional("int64") }), [{ id: 1, a: "x", b: 1 }]);
      await store(subject, grown({ a: optional("string") }), [
        { id: 1, a: "new" },
        { id: 2, a: "y" },
      ]);
      assert.deepEqual(await contents(subject, "grown"), [
        { id: 1, a: "new", b: 1 },
        { id: 2, a: "y", b: null },
      ]);
    },
  },
  {
    group,
    name: "widens int64 to float64, and any type to string, without losing a value",
    async run(subject) {
      const narrow = { a: optional("int64"), b: optional("int64"), c: optional("boolean"), d: optional("timestamp") };
      const d = "2026-11-21T09:30:00.123456Z";
      await store(subject, grown({ ...narrow, e: optional("json") }), [
        { id: 1, a: 7, b: 2n ** 60n + 1n, c: true, d, e: { b: 1, a: [2] } },
        { id: 2, a: null, b: null, c: null, d: null, e: null },
      ]);
      const string = optional("string");
      const wide = grown({ a: optional("float64"), b: string, c: string, d: string, e: string });
      const row = { id: 1, a: 7, b: "1152921504606846977", c: "true", d, e: '{"a":[2],"b":1}' };
      assert.deepEqual(await store(subject, wide, [row]), { ...noCounts, unchanged: 1 });
      const half = { id: 3, a: 0.5, b: "text", c: "", d: null, e: null };
      await store(subject, wide, [half]);
      assert.deepEqual(await contents(subject, "grown"), [
        row,
        { id: 2, a: null, b: null, c: null, d: null, e: null },
        half,
      ]);
    },
  },
  {
    group,
    name: "rejects a type that stored values do not fit into, and changes nothing",
    async run(subject) {
      await store(subject, grown({ a: optional("string"), b: optional("int64") }), [
        { id: 1, a: "x", b: 2n ** 53n + 1n },
      ]);
      const before = await subject.read("grown");
      const refused: Columns[] = [
        { a: optional("int64"), b: optional("int64"), fresh: optional("string") },
        { a: optional("json"), b: optional("int64") },
        { a: optional("string"), b: optional("timestamp") },
        { a: optional("string"), b: optional("float64") },
      ];
      for (const columns of refused) {
        await rejectsWith(store(subject, grown(columns), []), "SCHEMA_CONFLICT", "grown", "column");
        assert.deepEqual(await subject.read("grown"), before);
      }
    },
  },
  {
    group,
    name: "rejects a table of another pipeline, and names its owner",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1)] });
      const others = { ...things, name: "others" };
      await subject.during(
        async (session) => {
          await rejectsWith(session.prepare([others, things]), "OWNED", "things", "pipeline");
          await session.prepare([others]);
        },
        { pipeline: "thief" },
      );
      await subject.during((session) => session.prepare([things]));
    },
  },
  {
    group,
    name: "rejects a table that was not prepared in the session",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1)] });
      await subject.during(async (session) => {
        const state = { version: 1, value: 2 };
        await rejectsWith(session.commit("things", { table: things, upserts: [thing(2)], state }), "FAILED", "things");
        await rejectsWith(session.count(things, {}), "FAILED", "things");
        assert.equal((await session.states()).get("things")?.value, 1);
      });
    },
  },
];
