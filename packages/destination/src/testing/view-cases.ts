/** Views of the tables of several pipelines. */
import assert from "node:assert/strict";
import { defineTable } from "../define-table.ts";
import type { Destination } from "../destination.ts";
import type { StoredValues, Table } from "../table.ts";
import type { DestinationCase, Subject } from "./case.ts";
import { commitOnce, content, rejectsWith, thing, things } from "./sample.ts";

const group = "views";
const when = (_: unknown, destination: Destination) => destination.uniteTables !== undefined;

/** A table of another pipeline that has only some of the columns of `things`, in another order, and one more. */
const fewer = defineTable({
  name: "fewer_things",
  description: "Things of which less is known.",
  primaryKey: ["id"],
  columns: {
    seen: { type: "timestamp", nullable: true, description: "When it was seen." },
    more: { type: "boolean", description: "Only here." },
    id: { type: "int64", description: "Number of the thing." },
  },
});
const seen = "2026-11-21T09:30:00.123456Z";
const other = 'other\'s "pipeline"';

async function fill(subject: Subject): Promise<void> {
  await commitOnce(subject, { upserts: [thing(1, { done: true, data: { a: 1 } }), thing(2)] });
  await commitOnce(subject, { replace: [{ scope: { id: { in: [2] } }, rows: [] }] });
  const upserts = [{ id: 3, seen, more: true }];
  await subject.during(
    async (session) => {
      await session.prepare([fewer]);
      await session.commit("fewer", { table: fewer, upserts, state: { version: 1, value: 1 } });
    },
    { pipeline: other },
  );
}

function unite(subject: Subject, view: string, parts: readonly { pipeline: string; table: Table }[]): Promise<void> {
  return subject.fixture.connect().uniteTables?.({ view, parts }) ?? Promise.reject(new Error("no such method"));
}

const sorted = (rows: readonly StoredValues[]) => rows.map(content).sort((a, b) => Number(a.id) - Number(b.id));
const both = [
  { pipeline: "pipeline", table: things },
  { pipeline: other, table: fewer },
];
const third = { pipeline: other, ...thing(3, { seen }), kind: null };

export const viewCases: readonly DestinationCase[] = [
  {
    group,
    when,
    name: "combine rows that are not deleted, name their pipeline, and fill missing columns with null",
    async run(subject) {
      await fill(subject);
      await unite(subject, "all_things", both);
      const rows = await subject.read("all_things");
      assert.deepEqual(sorted(rows), [{ pipeline: "pipeline", ...thing(1, { done: true, data: { a: 1 } }) }, third]);
      const names = ["pipeline", ...Object.keys(things.columns), "_synced_at", "_deleted_at"];
      assert.deepEqual(Object.keys(rows[0] as StoredValues), names);
    },
  },
  {
    group,
    when,
    name: "are recreated with other parts and columns, and follow their tables",
    async run(subject) {
      await fill(subject);
      await unite(subject, "all_things", [{ pipeline: other, table: fewer }]);
      assert.deepEqual(sorted(await subject.read("all_things")), [{ pipeline: other, seen, more: true, id: 3 }]);
      await unite(subject, "all_things", both);
      await unite(subject, "all_things", both);
      await commitOnce(subject, { upserts: [thing(2)] });
      assert.deepEqual(
        sorted(await subject.read("all_things")).map(({ id }) => id),
        [1, 2, 3],
      );
    },
  },
  {
    group,
    when,
    name: "do not keep their tables from growing",
    async run(subject) {
      await fill(subject);
      await unite(subject, "all_things", both);
      const columns = {
        ...things.columns,
        size: { type: "string", nullable: true, description: "Now a text." },
      } as const;
      const wider = { ...things, columns };
      await subject.during((session) => session.prepare([wider]));
      await unite(subject, "all_things", [{ pipeline: "pipeline", table: wider }]);
      assert.equal((await subject.read("all_things")).length, 1);
    },
  },
  {
    group,
    when,
    name: "never replace a table, and require columns of the same types",
    async run(subject) {
      await fill(subject);
      const before = await subject.read("things");
      await rejectsWith(unite(subject, "things", both), "SCHEMA_CONFLICT", "things");
      const columns = { ...fewer.columns, more: { type: "string", description: "Another type." } } as const;
      const parts = [
        { pipeline: other, table: fewer },
        { pipeline: "pipeline", table: { ...fewer, columns } },
      ];
      await rejectsWith(unite(subject, "all_things", parts), "SCHEMA_CONFLICT", "more");
      await rejectsWith(unite(subject, "all_things", []), "SCHEMA_CONFLICT", "all_things");
      assert.deepEqual(await subject.read("things"), before);
    },
  },
];
