/** Finding out whether a sync would succeed, without syncing. A session that cannot roll back has no `rehearse`. */
import assert from "node:assert/strict";
import { defineTable } from "../define-table.ts";
import type { Table } from "../table.ts";
import type { DestinationCase, Subject } from "./case.ts";
import { commitOnce, commitThings, rejectsWith, storedThings, thing, things } from "./sample.ts";

const group = "a rehearsal";

const others: Table = { ...things, name: "others" };

async function rehearse(subject: Subject, tables: readonly Table[], pipeline = "pipeline"): Promise<void> {
  await subject.during(async (session) => session.rehearse?.(tables), { pipeline });
}

export const rehearsalCases: readonly DestinationCase[] = [
  {
    group,
    name: "leaves no table behind, and claims none for its pipeline",
    async run(subject) {
      await rehearse(subject, [things, others]);
      await subject.during((session) => commitThings(session, { upserts: [thing(1)] }), { pipeline: "another" });
      assert.deepEqual([...(await storedThings(subject)).keys()], [1]);
    },
  },
  {
    group,
    name: "leaves tables, rows and states unchanged, even if a column would be added",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1), thing(2)] }, 7);
      const before = await subject.read("things");
      const more = { type: "string", nullable: true, description: "More." } as const;
      await rehearse(subject, [{ ...things, columns: { ...things.columns, more } }]);
      assert.deepEqual(await subject.read("things"), before);
      const states = await subject.during((session) => session.states());
      assert.deepEqual([...states], [["things", { version: 1, value: 7 }]]);
      assert.equal((await commitOnce(subject, { replace: [{ scope: {}, rows: [thing(1)] }] })).deleted, 1);
    },
  },
  {
    group,
    name: "may precede a commit in the same session",
    async run(subject) {
      await subject.during(async (session) => {
        await session.rehearse?.([things]);
        assert.equal((await commitThings(session, { upserts: [thing(1)] })).inserted, 1);
        await session.rehearse?.([things, others]);
        assert.equal((await commitThings(session, { upserts: [thing(1), thing(2)] })).inserted, 1);
      });
      assert.equal((await storedThings(subject)).size, 2);
    },
  },
  {
    group,
    name: "reports what preparing would report",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1)] });
      const narrower = defineTable({
        ...things,
        columns: { ...things.columns, kind: { type: "int64", description: "" } },
      } as never);
      await subject.during(async (session) => {
        if (!session.rehearse) return;
        await rejectsWith(session.rehearse([others, narrower]), "SCHEMA_CONFLICT", "things", "kind");
        await rejectsWith(session.prepare([others, narrower]), "SCHEMA_CONFLICT", "things", "kind");
      });
      await subject.during(
        async (session) => {
          if (session.rehearse) await rejectsWith(session.rehearse([things]), "OWNED", "things", "pipeline");
        },
        { pipeline: "another" },
      );
    },
  },
];
