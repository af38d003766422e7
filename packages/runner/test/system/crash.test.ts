import { expect, test } from "vitest";
import { jumpingClock, killedAt, severalRunners } from "../world/checks.ts";
import { MINUTE, schedule, World, type Wrong } from "../world/world.ts";
import { positionFirst, takingFromTheLiving, withoutTransactions, withoutUniqueSlots } from "../world/wrong.ts";

/** The write points of two minutes: registration, queueing, claims, ends, retries. By day every fifth, once the tables exist. */
const sweep = Array.from({ length: 75 }, (_, index) => index + 1).filter(
  (nth) => process.env.NIGHTLY || (nth > 10 && nth % 5 === 0),
);

test.each(sweep)("after a kill at write %i, the next runner neither loses nor duplicates a run", async (nth) => {
  expect(await killedAt(nth)).toEqual({ faults: [], hasDied: true });
});

test("two runners share the work without losing or duplicating a run, and within the limits", async () => {
  expect(await severalRunners(2)).toEqual([]);
});

test("a wall clock that jumps neither loses nor duplicates a run", async () => {
  expect(await jumpingClock()).toEqual([]);
});

test("a runner that hangs loses its runs after a minute, and cannot record their ends afterwards", async () => {
  const world = new World([schedule("a", { cron: "1 * * * *" })], { behaviour: () => ({ ms: 10 * MINUTE }) });
  let hangs = false;
  const asleep = Promise.withResolvers<never>();
  asleep.promise.catch(() => undefined);
  await world.start({
    over: (connection) => ({
      ...connection,
      transaction: (doing, work) => (hangs ? asleep.promise : connection.transaction(doing, work)),
      read: (doing, sql, ...values) => (hangs ? asleep.promise : connection.read(doing, sql, ...values)),
    }),
  });
  await world.clock.pass(MINUTE);
  hangs = true;
  world.clock.expected -= 1;
  await world.start();
  await world.clock.pass(MINUTE - 5000);
  expect(await world.history()).toMatchObject([{ state: "running", attempt: 1 }]);
  await world.clock.pass(20_000);
  expect(await world.history()).toMatchObject([{ state: "running", attempt: 2, interruptions: 1 }]);
  // It wakes up, finds its lease expired, and stops its job.
  hangs = false;
  world.clock.expected += 1;
  asleep.reject(new Error("The connection was lost."));
  await world.clock.pass(5000);
  expect(world.jobs.executions.map(({ attempt, exitCode }) => [attempt, exitCode])).toEqual([
    [1, 143],
    [2, undefined],
  ]);
  expect(await world.history()).toMatchObject([{ state: "running", attempt: 2, interruptions: 1 }]);
});

/** Kills a broken runner at one write point after another, until something goes wrong. */
async function sweptBy(wrong: Wrong): Promise<string[]> {
  for (let nth = 12; nth < 60; nth += 1) {
    const { faults } = await killedAt(nth, { wrong });
    if (faults.length > 0) return faults;
  }
  return [];
}

test.each([
  ["claims runs without a transaction", () => severalRunners(2, { wrong: withoutTransactions })],
  ["takes over runs from live runners", () => severalRunners(2, { wrong: takingFromTheLiving })],
  ["lets a scheduled time have two runs", () => jumpingClock({ wrong: withoutUniqueSlots })],
  ["saves the position before the runs", () => sweptBy(positionFirst)],
])("these tests catch a runner that %s", async (_, faultsOf) => {
  expect(await faultsOf()).not.toEqual([]);
});
