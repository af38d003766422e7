/** Read-only users. */
import assert from "node:assert/strict";
import type { Destination } from "../destination.ts";
import type { DestinationCase, Subject } from "./case.ts";
import { commitOnce, commitThings, rejectsWith, storedThings, thing, things } from "./sample.ts";

const group = "readers";

/** Asserts that a reader sees this many things, by every way of reading that the destination supports. */
const sees = (subject: Subject, count: number) =>
  subject.fixture.asReader!(async (destination) => {
    const [found] = (await destination.contents?.()) ?? [];
    if (destination.contents) assert.equal(found?.tables[0]?.rows, count, "what is stored");
    await queries(destination, count);
  });

async function queries(destination: Destination, count: number): Promise<void> {
  const reader = await destination.read?.();
  if (!reader) return;
  try {
    const rows = await reader.query(`SELECT count(*) AS held FROM ${reader.table(things)}`);
    assert.equal(Number(rows[0]?.held), count, "what a query finds");
  } finally {
    await reader.close();
  }
}

export const readerCases: readonly DestinationCase[] = [
  {
    group,
    ofReaders: true,
    name: "see what is stored between sessions, every time",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1)] });
      await sees(subject, 1);
      await commitOnce(subject, { upserts: [thing(2)] }, 2);
      await sees(subject, 2);
      await sees(subject, 2);
    },
  },
  {
    group,
    ofReaders: true,
    when: ({ fencing }) => fencing === "lease",
    name: "see what is stored while a session is open, and do not block it",
    run: (subject) =>
      subject.during(async (session) => {
        await commitThings(session, { upserts: [thing(1)] });
        await sees(subject, 1);
        await commitThings(session, { upserts: [thing(2)] }, 2);
        await sees(subject, 2);
      }),
  },
  {
    group,
    ofReaders: true,
    name: "cannot open a session, learn why, and change nothing",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1)] }, 7);
      await subject.fixture.asReader!((destination) =>
        rejectsWith(destination.open({ pipeline: "pipeline" }), "NO_PERMISSION", destination.name),
      );
      await subject.during(async (session) => assert.equal((await session.states()).get("things")?.value, 7));
      assert.deepEqual([...(await storedThings(subject)).keys()], [1]);
    },
  },
];
