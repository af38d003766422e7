/** One writer at a time, one call after the other. */
import assert from "node:assert/strict";
import type { DestinationCase } from "./case.ts";
import { commitOnce, commitThings, rejectsWith, storedThings, thing, things } from "./sample.ts";
import { startWriter } from "./writer-process.ts";

const group = "writers";

export const writerCases: readonly DestinationCase[] = [
  {
    group,
    name: "refuses a second writer while a session is open",
    when: ({ fencing }) => fencing === "lock",
    async run(subject) {
      const first = await subject.open();
      await rejectsWith(subject.open(), "LOCKED");
      await rejectsWith(subject.open({ pipeline: "another" }), "LOCKED");
      await commitThings(first, { upserts: [thing(1)] });
      await first.close();
      assert.equal(await subject.during(async (session) => (await session.states()).size), 1);
    },
  },
  {
    group,
    name: "fences off the first writer when a second one opens",
    when: ({ fencing }) => fencing === "epoch",
    async run(subject) {
      const first = await subject.open();
      await commitThings(first, { upserts: [thing(1)] }, 1);
      const second = await subject.open();
      await rejectsWith(commitThings(first, { upserts: [thing(1, { label: "late" })] }, 2), "FENCED");
      await commitThings(second, { upserts: [thing(2)] }, 3);
      await first.close();
      await commitThings(second, { upserts: [thing(3)] }, 4);
      assert.equal((await second.states()).get("things")?.value, 4);
      await second.close();
      const rows = await storedThings(subject);
      assert.deepEqual([...rows.keys()].sort(), [1, 2, 3]);
      assert.equal(rows.get(1)?.label, null);
    },
  },
  {
    group,
    name: "names the other process that holds the lock, and opens once that has ended",
    when: ({ fencing }) => fencing === "lock",
    async run(subject) {
      const writer = startWriter(subject.place, 1);
      try {
        assert.equal(await writer.line(), "ready");
        assert.equal(await writer.line(), "1");
        await rejectsWith(subject.open(), "LOCKED", String(writer.id));
      } finally {
        await writer.end();
      }
      await commitOnce(subject, { upserts: [thing(2)] }, 2);
      assert.deepEqual([...(await storedThings(subject)).keys()].sort(), [0, 2, 3]);
    },
  },
  {
    group,
    name: "lets another process in as soon as a session is closed",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1)] }, 5);
      const writer = startWriter(subject.place, 1);
      assert.equal(await writer.line(), "ready");
      assert.equal(await writer.line(), "6");
      await writer.end();
      assert.equal((await storedThings(subject)).size, 4);
    },
  },
  {
    group,
    name: "carries out calls that come at once, one after the other",
    async run(subject) {
      await subject.during(async (session) => {
        await session.prepare([things]);
        const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
        const counts = numbers.map((number) => {
          const upserts = [thing(0, { size: number }), thing(number)];
          const state = { version: 1, value: number };
          void session.commit("things", { table: things, upserts, state }).catch(() => undefined);
          return session.count(things, {});
        });
        assert.deepEqual(
          await Promise.all(counts),
          numbers.map((number) => number + 1),
        );
        assert.equal((await session.states()).get("things")?.value, 20);
      });
      assert.equal((await storedThings(subject)).get(0)?.size, 20);
    },
  },
  {
    group,
    name: "finishes what was asked for before it closes, and closes twice",
    async run(subject) {
      const session = await subject.open();
      await session.prepare([things]);
      const upserts = Array.from({ length: 3000 }, (_, id) => thing(id));
      const commits = [upserts, [thing(3000)]].map((rows, index) =>
        session.commit("things", { table: things, upserts: rows, state: { version: 1, value: index } }),
      );
      await Promise.all([session.close(), session.close()]);
      assert.deepEqual(
        (await Promise.all(commits)).map((result) => result.inserted),
        [3000, 1],
      );
      assert.equal((await storedThings(subject)).size, 3001);
      await session.close();
      await assert.rejects(session.count(things, {}), /closed/);
      await assert.rejects(session.states(), /closed/);
    },
  },
];
