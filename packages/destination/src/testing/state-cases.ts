/** The states from which streams resume. */
import assert from "node:assert/strict";
import type { Json } from "../table.ts";
import type { DestinationCase } from "./case.ts";
import { commitOnce, commitThings, noCounts, rejectsWith, storedThings, thing, things } from "./sample.ts";

const group = "state";

export const stateCases: readonly DestinationCase[] = [
  {
    group,
    name: "has no states at first, and returns those committed last",
    run: async (subject) => {
      await subject.during(async (session) => {
        assert.equal((await session.states()).size, 0);
        await commitThings(session, { upserts: [thing(1)] }, 1);
        await commitThings(session, { upserts: [thing(2)] }, 2);
        await session.commit("other", { table: things, upserts: [thing(3)], state: { version: 1, value: "other" } });
        assert.deepEqual((await session.states()).get("things"), { version: 1, value: 2 });
      });
      const states = await subject.during((session) => session.states());
      assert.deepEqual([...states.keys()].sort(), ["other", "things"]);
      assert.deepEqual(states.get("things"), { version: 1, value: 2 });
      assert.deepEqual(states.get("other"), { version: 1, value: "other" });
    },
  },
  {
    group,
    name: "keeps a state's version, even an unknown one",
    run: async (subject) => {
      for (const version of [7, 4_000_000_000]) {
        const state = { version, value: {} };
        await subject.during(async (session) => {
          await session.prepare([things]);
          await session.commit("things", { table: things, upserts: [], state });
        });
        assert.deepEqual((await subject.during((session) => session.states())).get("things"), state);
      }
    },
  },
  {
    group,
    name: "keeps any JSON as a state's value",
    run: async (subject) => {
      const value: Json = { text: 'it\'s "é" 漢字 🏳️‍🌈\n\\', list: [null, 1.5, [], {}], "a key": { "": false } };
      for (const each of [value, null, 0, "text", [], "long ".repeat(100_000)]) {
        await subject.during(async (session) => {
          await session.prepare([things]);
          await session.commit('stream\'s "name" 漢', { table: things, state: { version: 1, value: each } });
        });
        const states = await subject.during((session) => session.states());
        assert.deepEqual(states.get('stream\'s "name" 漢')?.value, each);
      }
    },
  },
  {
    group,
    name: "rejects a state that JSON cannot carry, and stores nothing of its batch",
    async run(subject) {
      await commitOnce(subject, { upserts: [thing(1)] }, 1);
      await subject.during(async (session) => {
        await session.prepare([things]);
        for (const value of [{ a: Number.NaN }, { a: undefined }, 1n, new Date(0)] as unknown as Json[]) {
          const batch = { table: things, upserts: [thing(2)], state: { version: 1, value } };
          await rejectsWith(session.commit("things", batch), "INVALID_STATE", "things");
        }
        await commitThings(session, { upserts: [thing(3)] }, 3);
      });
      assert.deepEqual([...(await storedThings(subject)).keys()].sort(), [1, 3]);
    },
  },
  {
    group,
    name: "saves the state of a batch without rows",
    run: async (subject) => {
      await commitOnce(subject, { upserts: [thing(1)] }, 1);
      for (const [index, batch] of [{}, { upserts: [], replace: [], remove: [] }].entries()) {
        assert.deepEqual(await commitOnce(subject, batch, index + 2), noCounts);
        assert.equal((await subject.during((session) => session.states())).get("things")?.value, index + 2);
      }
    },
  },
  {
    group,
    name: "keeps the states of pipelines separate",
    run: async (subject) => {
      await commitOnce(subject, { upserts: [thing(1)] }, 1);
      const others = { ...things, name: "others" };
      const pipeline = 'another\'s "pipeline"';
      await subject.during(
        async (session) => {
          assert.equal((await session.states()).size, 0);
          await session.prepare([others]);
          await session.commit("things", { table: others, state: { version: 1, value: 2 } });
          assert.equal((await session.states()).get("things")?.value, 2);
        },
        { pipeline },
      );
      assert.equal((await subject.during((session) => session.states())).get("things")?.value, 1);
    },
  },
];
