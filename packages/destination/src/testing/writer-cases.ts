/** One writer at a time, one call at a time. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { DestinationCase, Subject } from "./case.ts";
import { commitOnce, commitThings, rejectsWith, storedThings, thing, things } from "./sample.ts";
import { startWriter } from "./writer-process.ts";

const group = "writers";

function leaseMsOf({ capabilities }: Subject): number {
  assert.ok(capabilities.leaseMs, "a destination with leases says in its capabilities how long they are");
  return capabilities.leaseMs;
}

export const writerCases: readonly DestinationCase[] = [
  {
    group,
    name: "rejects a second writer while a session is open",
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
    name: "rejects a second writer of the pipeline while a session is open, and admits writers of other pipelines",
    when: ({ fencing }) => fencing === "lease",
    async run(subject) {
      const first = await subject.open();
      await rejectsWith(subject.open(), "LOCKED", String(process.pid));
      const other = await subject.open({ pipeline: "another" });
      const others = { ...things, name: "others" };
      await other.prepare([others]);
      const batch = { table: others, upserts: [thing(1)], state: { version: 1, value: 1 } };
      await Promise.all([commitThings(first, { upserts: [thing(1)] }), other.commit("others", batch)]);
      await other.close();
      await first.close();
      assert.equal(await subject.during(async (session) => (await session.states()).size), 1);
    },
  },
  {
    group,
    name: "keeps its lease while idle",
    when: ({ fencing }) => fencing === "lease",
    async run(subject) {
      const first = await subject.open();
      await sleep(1.5 * leaseMsOf(subject));
      await rejectsWith(subject.open(), "LOCKED");
      await commitThings(first, { upserts: [thing(1)] });
    },
  },
  {
    group,
    name: "takes over from a process that was stopped past its lease, which writes nothing when it resumes",
    when: ({ fencing }) => fencing === "lease" && process.platform !== "win32",
    ofProcesses: true,
    async run(subject) {
      const writer = startWriter(subject.fixture, 2, { pauseMs: 0.5 * leaseMsOf(subject) });
      assert.equal(await writer.line(), "ready");
      assert.equal(await writer.line(), "1");
      writer.stop();
      await rejectsWith(subject.open(), "LOCKED", String(writer.id));
      await sleep(1.5 * leaseMsOf(subject));
      await commitOnce(subject, { upserts: [thing(100)] }, 10);
      writer.wake();
      await assert.rejects(writer.line(), /FENCED/);
      await writer.kill();
      assert.deepEqual([...(await storedThings(subject)).keys()].sort(), [0, 100, 2, 3]);
      assert.equal(await subject.during(async (session) => (await session.states()).get("things")?.value), 10);
    },
  },
  {
    group,
    name: "names the other process that is writing, and opens once that has ended",
    ofProcesses: true,
    async run(subject) {
      const writer = startWriter(subject.fixture, 1);
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
    name: "opens immediately after a process was killed",
    ofProcesses: true,
    async run(subject) {
      const writer = startWriter(subject.fixture, 1);
      assert.equal(await writer.line(), "ready");
      assert.equal(await writer.line(), "1");
      await writer.kill();
      await commitOnce(subject, { upserts: [thing(2)] }, 2);
      assert.deepEqual([...(await storedThings(subject)).keys()].sort(), [0, 2, 3]);
    },
  },
  {
    group,
    name: "lets another process open as soon as a session is closed",
    ofProcesses: true,
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1)] }, 5);
      const writer = startWriter(subject.fixture, 1);
      assert.equal(await writer.line(), "ready");
      assert.equal(await writer.line(), "6");
      await writer.end();
      assert.equal((await storedThings(subject)).size, 4);
    },
  },
  {
    group,
    name: "runs concurrent calls one at a time",
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
    name: "finishes pending calls before it closes, and can be closed twice",
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
