/** Changing primary keys, and columns with a default for existing rows. */
import assert from "node:assert/strict";
import { defineTable } from "../define-table.ts";
import type { Columns, StoredValues, Table } from "../table.ts";
import type { DestinationCase, Subject } from "./case.ts";
import { content, moment, noCounts, rejectsWith } from "./sample.ts";

const group = "keys";

const before = {
  dag: { type: "string", description: "Part of the key." },
  try: { type: "int64", description: "Part of the key." },
  note: { type: "string", nullable: true, description: "Content." },
} as const satisfies Columns;

const region = { type: "string", default: "", description: "New, and part of the new key." } as const;
const index = { type: "int64", default: -1, description: "New, and part of the new key." } as const;

const keyed = (primaryKey: readonly string[], columns: Columns = before): Table => ({
  ...defineTable({
    name: "keyed",
    description: "A table with a key that changes.",
    primaryKey: ["dag"],
    columns: before,
  }),
  columns,
  primaryKey,
});

const narrow = keyed(["dag", "try"]);
const wide = keyed(["dag", "region", "index", "try"], { ...before, region, index });

const row = (dag: string, number: number, note: string | null = null) => ({ dag, try: number, note });
const inRegion = (old: ReturnType<typeof row>, name = "", at: number = -1) => ({ ...old, region: name, index: at });

type Upserts = readonly Record<string, unknown>[];

async function store(subject: Subject, table: Table, upserts: Upserts, replace: Record<string, unknown> = {}) {
  return subject.during(async (session) => {
    await session.prepare([table]);
    const batch = { table, upserts: upserts as never, ...replace, state: { version: 1, value: 1 } };
    return session.commit("keyed", batch);
  });
}

const prepare = (subject: Subject, table: Table) => subject.during((session) => session.prepare([table]));

const inOrder = (rows: readonly StoredValues[]) =>
  rows.toSorted((a, b) => (JSON.stringify([a.dag, a.try, a.index]) < JSON.stringify([b.dag, b.try, b.index]) ? -1 : 1));
const stored = async (subject: Subject) => inOrder(await subject.read("keyed"));
const contents = async (subject: Subject) => (await stored(subject)).map(content);

export const keyCases: readonly DestinationCase[] = [
  {
    group,
    name: "adds columns with their defaults to existing rows, and keeps their times",
    async run(subject) {
      await store(subject, narrow, [row("a", 1), row("b", 1)]);
      await store(subject, narrow, [], { replace: [{ scope: { dag: { in: ["b"] } }, rows: [] }] });
      const old = await stored(subject);
      const added = {
        region,
        index,
        share: { type: "float64", default: 0.1, description: "New." },
        done: { type: "boolean", default: false, description: "New." },
        at: { type: "timestamp", default: moment(7), description: "New." },
        data: { type: "json", default: "it's", description: "New." },
        maybe: { type: "string", nullable: true, description: "New." },
      } as const;
      const constants = { region: "", index: -1, share: 0.1, done: false, at: moment(7), data: "it's", maybe: null };
      const table = keyed(["dag", "try"], { ...before, ...added });
      await prepare(subject, table);
      assert.deepEqual(
        await stored(subject),
        old.map((each) => ({ ...each, ...constants })),
      );
      const again = { ...row("a", 1), ...constants };
      assert.deepEqual(await store(subject, table, [again]), { ...noCounts, unchanged: 1 });
      await prepare(subject, table);
      assert.equal((await stored(subject)).length, 2);
    },
  },
  {
    group,
    name: "extends a key by new columns, and keeps rows, their times and their deletions",
    async run(subject) {
      await store(subject, narrow, [row("a", 1, "x"), row("a", 2), row("b", 1)]);
      await store(subject, narrow, [], { replace: [{ scope: { dag: { in: ["b"] } }, rows: [] }] });
      const old = await stored(subject);
      await prepare(subject, wide);
      const constants = { region: "", index: -1 };
      assert.deepEqual(
        await stored(subject),
        old.map((each) => ({ ...each, ...constants })),
      );
      await subject.during(async (session) => {
        assert.equal((await session.states()).get("keyed")?.value, 1);
        await session.prepare([wide]);
        assert.equal(await session.count(wide, { region: { in: [""] } }), 2);
        assert.deepEqual(await session.keys(wide, { try: { in: [2] } }), [{ dag: "a", region: "", index: -1, try: 2 }]);
      });
    },
  },
  {
    group,
    name: "identifies rows by the new key from then on, however they are written",
    async run(subject) {
      await store(subject, narrow, [row("a", 1, "x"), row("a", 2)]);
      const loops = [inRegion(row("a", 1), "loop", 0), inRegion(row("a", 1), "loop", 1)];
      const written = await store(subject, wide, [inRegion(row("a", 1, "x")), inRegion(row("a", 2, "y")), ...loops]);
      assert.deepEqual(written, { ...noCounts, inserted: 2, updated: 1, unchanged: 1 });
      const [first, second] = loops;
      const scope = { region: { in: ["loop"] } };
      const remove = [{ dag: "a", region: "", index: -1, try: 2 }];
      const gone = await store(subject, wide, [], { remove, replace: [{ scope, rows: [first] }] });
      assert.deepEqual(gone, { ...noCounts, unchanged: 1, deleted: 1, removed: 1 });
      assert.deepEqual(await contents(subject), [inRegion(row("a", 1, "x")), first, second]);
      const deleted = (await stored(subject)).filter(({ _deleted_at }) => _deleted_at !== null);
      assert.deepEqual(deleted.map(content), [second]);
    },
  },
  {
    group,
    name: "reorders a key, shortens it, and extends it by existing columns",
    async run(subject) {
      await store(subject, narrow, [row("a", 1, "x"), row("b", 2, "y")]);
      const old = await stored(subject);
      const noNull = { ...before, note: { type: "string", description: "Part of a key." } } as const;
      for (const table of [keyed(["try", "dag"]), keyed(["dag"]), keyed(["try"]), keyed(["note", "dag"], noNull)]) {
        await prepare(subject, table);
        assert.deepEqual(await stored(subject), old);
      }
      const more = [{ ...row("a", 1, "x") }, row("a", 1, "z")];
      assert.deepEqual(await store(subject, keyed(["note", "dag"], noNull), more), {
        ...noCounts,
        inserted: 1,
        unchanged: 1,
      });
    },
  },
  {
    group,
    name: "accepts rows without a value for a column that left the key and the definition",
    async run(subject) {
      await store(subject, narrow, [row("a", 1, "x")]);
      const { try: _, ...others } = before;
      const smaller = keyed(["dag"], others);
      const result = await store(subject, smaller, [
        { dag: "a", note: "y" },
        { dag: "b", note: null },
      ]);
      assert.deepEqual(result, { ...noCounts, inserted: 1, updated: 1 });
      const withDefault = { ...before, try: { ...before.try, default: 7 } };
      await prepare(subject, keyed(["dag", "try"], withDefault));
      assert.deepEqual(await contents(subject), [row("a", 1, "y"), row("b", 7)]);
    },
  },
  {
    group,
    name: "rejects a key that existing rows lack or share, and changes nothing",
    async run(subject) {
      await store(subject, narrow, [row("a", 1, "x"), row("a", 2)]);
      const old = await stored(subject);
      const { default: _, ...unknown } = region;
      const fresh = { type: "string", nullable: true, description: "New." } as const;
      const refused: [Table, ...string[]][] = [
        [keyed(["dag", "try", "region"], { ...before, region: unknown, fresh }), "region"],
        [keyed(["dag", "note"], { ...before, fresh }), "note", "null"],
        [keyed(["dag"], { ...before, fresh }), "a"],
        [keyed(["region"], { ...before, region, fresh })],
      ];
      for (const [table, ...words] of refused) {
        await rejectsWith(prepare(subject, table), "SCHEMA_CONFLICT", "keyed", ...words);
        assert.deepEqual(await stored(subject), old);
      }
      assert.deepEqual(await store(subject, narrow, [row("a", 1, "x")]), { ...noCounts, unchanged: 1 });
    },
  },
  {
    group,
    name: "changes the keys of all tables of a call, or of none",
    async run(subject) {
      await store(subject, narrow, [row("a", 1)]);
      const other = { ...narrow, name: "other" };
      await subject.during((session) => session.prepare([other]));
      const old = await stored(subject);
      const impossible = { ...keyed(["note"]), name: "other", columns: { ...before, note: { ...before.note } } };
      await subject.during(async (session) => {
        await session.prepare([other]);
        await session.commit("other", {
          table: other,
          upserts: [row("a", 1)] as never,
          state: { version: 1, value: 1 },
        });
        await rejectsWith(session.prepare([wide, impossible]), "SCHEMA_CONFLICT", "other");
      });
      assert.deepEqual(await stored(subject), old);
      assert.deepEqual(await store(subject, narrow, [row("a", 1)]), { ...noCounts, unchanged: 1 });
    },
  },
];
