/** Exporting and importing whole tables. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { DestinationCapabilities, Session } from "../destination.ts";
import type { StoredValues } from "../table.ts";
import type { DestinationCase, Subject } from "./case.ts";
import {
  commitOnce,
  commitThings,
  moment,
  presentAndDeleted,
  rejectsWith,
  type Thing,
  thing,
  things,
} from "./sample.ts";

const group = "transfer";
const when = ({ transfer }: DestinationCapabilities) => transfer === true;

async function pagesOf(session: Session): Promise<readonly (readonly StoredValues[])[]> {
  await session.prepare([things]);
  const pages: (readonly StoredValues[])[] = [];
  for await (const page of session.rows!(things)) pages.push(page);
  return pages;
}

const inOrder = (rows: readonly StoredValues[]) => [...rows].sort((a, b) => Number(a.id) - Number(b.id));

/** A row exported from another destination. */
const foreign = (id: number, known: Partial<Thing> = {}, deletedAt: string | null = null): StoredValues =>
  ({ ...thing(id, known), _synced_at: moment(id), _deleted_at: deletedAt }) as StoredValues;

const everything: Partial<Thing> = {
  label: "it's “quoted”\n",
  size: 2n ** 62n + 1n,
  weight: 0.1,
  done: false,
  seen: "1969-12-31T23:59:59.999999Z",
  data: { a: [1, null, "x"] },
};

async function restored(subject: Subject, rows: readonly StoredValues[]): Promise<readonly StoredValues[]> {
  await subject.during(async (session) => {
    await session.prepare([things]);
    await session.restore!(things, rows);
  });
  return inOrder(await subject.read("things"));
}

export const transferCases: readonly DestinationCase[] = [
  {
    group,
    when,
    name: "returns all rows complete and ordered by key, deleted ones included",
    async run(subject) {
      const ids = Array.from({ length: 6000 }, (_, index) => (index * 7919) % 6000);
      await commitOnce(subject, { upserts: ids.map((id) => thing(id, id === 3 ? everything : {})) });
      await commitOnce(subject, { replace: [{ scope: { id: { in: [4, 5000] } }, rows: [] }] });
      const pages = await subject.during(pagesOf);
      assert.ok(pages.length > 1, "more than one page");
      // Compared without a diff, which takes minutes to print for thousands of rows in another order.
      assert.ok(isDeepStrictEqual(pages.flat(), inOrder(await subject.read("things"))), "all rows, in order");
    },
  },
  {
    group,
    when,
    name: "answers other calls while rows are read, and releases a table that is not read to its end",
    run: (subject) =>
      subject.during(async (session) => {
        await commitThings(session, { upserts: Array.from({ length: 5000 }, (_, id) => thing(id)) });
        for await (const page of session.rows!(things)) {
          assert.equal(page[0]?.id, 0);
          assert.equal(await session.count(things, {}), 5000);
          break;
        }
        assert.equal((await pagesOf(session)).flat().length, 5000);
      }),
  },
  {
    group,
    when,
    name: "writes rows as another destination held them: content, times and deletions",
    async run(subject) {
      const rows = [foreign(1, everything), foreign(2, {}, moment(500)), foreign(3)];
      assert.deepEqual(await restored(subject, rows), rows);
      assert.deepEqual(await subject.during(async (session) => (await pagesOf(session)).flat()), rows);
    },
  },
  {
    group,
    when,
    name: "continues from restored rows: unchanged ones keep their time, reappearing ones are not deleted",
    async run(subject) {
      await restored(subject, [foreign(1), foreign(2, {}, moment(500))]);
      const result = await commitOnce(subject, { upserts: [thing(1), thing(2)] });
      assert.deepEqual({ unchanged: result.unchanged, updated: result.updated }, { unchanged: 1, updated: 1 });
      assert.deepEqual(await presentAndDeleted(subject), { present: [1, 2], deleted: [] });
      assert.equal(inOrder(await subject.read("things"))[0]?._synced_at, moment(1));
    },
  },
  {
    group,
    when,
    name: "overwrites rows with the same keys, the last of each winning",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1), thing(2)] });
      const rows = [foreign(1, { label: "first" }), foreign(1, { label: "last" }, moment(500))];
      const stored = await restored(subject, rows);
      assert.equal(stored.length, 2);
      assert.deepEqual(stored[0], rows[1]);
      assert.deepEqual(await restored(subject, rows), stored);
    },
  },
  {
    group,
    when,
    name: "stores all of the rows or none, and no state with them",
    async run(subject) {
      await subject.during(async (session) => {
        await session.prepare([things]);
        const bad = { ...foreign(2), kind: null } as StoredValues;
        await rejectsWith(session.restore!(things, [foreign(1), bad]), "INVALID_ROW", "things", "kind");
        assert.equal(await session.count(things, {}), 0);
        await session.restore!(things, [foreign(1)]);
        await session.restore!(things, []);
        assert.equal((await session.states()).size, 0);
      });
      assert.equal((await subject.read("things")).length, 1);
    },
  },
  {
    group,
    when,
    name: "lists what is stored, without a session",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1), thing(2), thing(3)] }, 7);
      await commitOnce(subject, { replace: [{ scope: { id: { in: [3] } }, rows: [] }] }, 8);
      const destination = subject.fixture.connect();
      const [found, ...others] = await destination.contents!();
      assert.deepEqual(others, []);
      const name = destination.realTable?.(things).name ?? things.name;
      assert.deepEqual(found?.tables, [{ name, columns: Object.keys(things.columns), rows: 2, deleted: 1 }]);
      const [stream] = found?.streams ?? [];
      assert.match(stream?.committedAt ?? "", /^\d{4}-\d\d-\d\dT.*Z$/);
      assert.deepEqual(
        { pipeline: found?.pipeline, ...stream, committedAt: undefined },
        {
          pipeline: "pipeline",
          stream: "things",
          tables: [name],
          state: { version: 1, value: 8 },
          committedAt: undefined,
        },
      );
    },
  },
];
