/** Rows and state are stored together or not at all. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { DestinationCase, Subject } from "./case.ts";
import { commitOnce, commitThings, rejectsWith, storedThings, type Thing, thing, things } from "./sample.ts";
import { startWriter } from "./writer-process.ts";

const group = "atomicity";
const stateOf = async (subject: Subject) => (await subject.during((session) => session.states())).get("things")?.value;
const reason = new Error("the reason");
const isReason = (error: unknown) => error === reason;

export const atomicityCases: readonly DestinationCase[] = [
  {
    group,
    name: "stores neither rows nor state of a batch that contains an invalid row",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1), thing(2), thing(3)] }, 1);
      const before = await storedThings(subject);
      const bad = thing(5, { size: "five" } as unknown as Partial<Thing>);
      const batches = [
        { upserts: [thing(1, { label: "new" }), thing(4), bad, thing(6)] },
        { replace: [{ scope: {}, rows: [thing(1)] }], remove: [{ id: 2 }], upserts: [bad] },
        { replace: [{ scope: { id: { in: [1] } }, rows: [thing(1, { label: "new" }), bad] }] },
      ];
      for (const batch of batches) {
        await rejectsWith(commitOnce(subject, batch, 2), "INVALID_ROW", "things", "size");
        assert.deepEqual(await storedThings(subject), before);
        assert.equal(await stateOf(subject), 1);
      }
      await commitOnce(subject, { upserts: [thing(4)] }, 2);
      assert.equal(await stateOf(subject), 2);
    },
  },
  {
    group,
    name: "continues in the same session after a failed batch",
    async run(subject) {
      await subject.during(async (session) => {
        const bad = thing(2, { kind: null } as unknown as Partial<Thing>);
        await rejectsWith(commitThings(session, { upserts: [thing(1), bad] }), "INVALID_ROW");
        assert.equal(await session.count(things, {}), 0);
        await commitThings(session, { upserts: [thing(3)] }, 3);
      });
      assert.deepEqual([...(await storedThings(subject)).keys()], [3]);
    },
  },
  {
    group,
    name: "rejects every call with the signal's reason after an abort",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1)] }, 1);
      const controller = new AbortController();
      const session = await subject.open({ signal: controller.signal });
      await session.prepare([things]);
      controller.abort(reason);
      await assert.rejects(session.states(), isReason);
      await assert.rejects(session.prepare([things]), isReason);
      await assert.rejects(session.count(things, {}), isReason);
      await assert.rejects(session.countBy(things, {}, ["kind"]), isReason);
      await assert.rejects(session.keys(things, {}), isReason);
      await assert.rejects(commitThings(session, { upserts: [thing(2)] }, 2), isReason);
      await session.close();
      await assert.rejects(subject.open({ signal: AbortSignal.abort(reason) }), isReason);
      assert.equal(await stateOf(subject), 1);
      assert.deepEqual([...(await storedThings(subject)).keys()], [1]);
    },
  },
  {
    group,
    name: "leaves nothing of a commit that is aborted at any point",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(0)] }, 0);
      // Spread over the duration of a commit. The assertion holds whether or not an abort hits it.
      for (const [index, delayMs] of [0, 1, 3, 6, 10, 20, 40, 80].entries()) {
        const controller = new AbortController();
        const value = index + 1;
        const upserts = Array.from({ length: 5000 }, (_, id) => thing(id, { size: value }));
        const session = await subject.open({ signal: controller.signal });
        await session.prepare([things]);
        const before = await session.states();
        const commit = commitThings(session, { upserts }, value).then(
          () => value,
          (error) => {
            assert.equal(error, reason);
            return before.get("things")?.value;
          },
        );
        await sleep(delayMs);
        controller.abort(reason);
        const expected = await commit;
        await session.close();
        assert.equal(await stateOf(subject), expected);
        const sizes = new Set([...(await storedThings(subject)).values()].map((row) => row.size));
        assert.deepEqual([...sizes], [expected === 0 ? null : expected]);
      }
    },
  },
  {
    group,
    name: "holds exactly the rows of its state after the writing process is killed",
    ofProcesses: true,
    async run(subject) {
      let reported = 0;
      for (let round = 0; round < 4; round += 1) {
        const writer = startWriter(subject.fixture, Number.MAX_SAFE_INTEGER);
        assert.equal(await writer.line(), "ready");
        for (let lines = 0; lines < 3; lines += 1) reported = Number(await writer.line());
        await sleep(round * 3);
        await writer.kill();
        const state = Number(await stateOf(subject));
        assert.ok(state >= reported, `what was reported as stored stays: ${state}, ${reported} was reported`);
        const rows = await storedThings(subject);
        assert.equal(rows.size, 2 * state + 1, "as many rows as the state says");
        assert.equal(rows.get(0)?.size, state, "the row that every batch rewrites has the state's number");
        for (let number = 1; number <= state; number += 1) {
          assert.ok(rows.has(2 * number) && rows.has(2 * number + 1), `the rows of batch ${number}`);
        }
        reported = state;
      }
    },
  },
];
