import { expect, test } from "vitest";
import { retrySchema } from "../src/file/job-schema.ts";
import { MINUTE, schedule, World } from "./world/world.ts";

test("runs a schedule once at each due time", async () => {
  const world = new World([schedule("a", { cron: "*/2 * * * *" })]);
  await world.start();
  await world.clock.pass(7 * MINUTE);
  expect(await world.slots("a")).toEqual(["00:02 succeeded", "00:04 succeeded", "00:06 succeeded"]);
  expect(world.jobs.executions.map(({ slot, attempt }) => [slot, attempt])).toEqual([
    ["2026-06-01T00:02:00.000Z", 1],
    ["2026-06-01T00:04:00.000Z", 1],
    ["2026-06-01T00:06:00.000Z", 1],
  ]);
});

test("max_concurrent_runs limits a schedule's runs, and queues the others", async () => {
  const world = new World([schedule("a", { maxConcurrentRuns: 2 })], { behaviour: () => ({ ms: 10 * MINUTE }) });
  await world.start();
  await world.clock.pass(5 * MINUTE);
  expect(await world.slots("a")).toEqual([
    "00:01 running",
    "00:02 running",
    "00:03 queued",
    "00:04 queued",
    "00:05 queued",
  ]);
  expect(world.jobs.running).toHaveLength(2);
});

test.each(["one", "skip"] as const)(
  "with catchup %s, a queued run is skipped once the next one is due",
  async (catchup) => {
    const world = new World([schedule("a", { catchup })], { behaviour: () => ({ ms: 3 * MINUTE }) });
    await world.start();
    await world.clock.pass(5 * MINUTE);
    expect(await world.slots("a")).toEqual([
      "00:01 succeeded",
      "00:02 skipped",
      "00:03 skipped",
      "00:04 running",
      "00:05 queued",
    ]);
    const skipped = (await world.history()).find(({ state }) => state === "skipped");
    expect(skipped?.reason).toBe("a later run was due before this one could start");
  },
);

test("runs one tenant's jobs one at a time, in parallel with those of others", async () => {
  const cron = "1 * * * *";
  const names = ["a", "b", "c"].map((name) => schedule(name, { cron, tenant: "acme" }));
  const world = new World([...names, schedule("d", { cron, tenant: "other" }), schedule("e", { cron })]);
  await world.start();
  await world.clock.pass(MINUTE);
  const order = world.jobs.executions.map(({ job, startedAt }) => [job, (startedAt - 30_000) / 1000]);
  expect(order).toEqual([
    ["a", 0],
    ["d", 0],
    ["e", 0],
    ["b", 5],
    ["c", 10],
  ]);
  expect(world.jobs.violations).toEqual([]);
});

test("a run that waits for its retry blocks its schedule, but not its tenant", async () => {
  const retry = retrySchema.parse({ max_retries: 2, initial_delay_seconds: 30, backoff_multiplier: 2 });
  const job = { ...schedule("a").job, tenant: "acme", retry };
  const world = new World([schedule("a", { job }), schedule("b", { cron: "1 * * * *", tenant: "acme" })], {
    behaviour: ({ job }, nth) => ({ ms: 5000, exitCode: job === "a" && nth < 3 ? 1 : 0 }),
  });
  await world.start();
  await world.clock.pass(3 * MINUTE);
  const first = world.jobs.executions.filter(({ job, slot }) => job === "b" || slot?.endsWith("00:01:00.000Z"));
  expect(first.map(({ job, attempt, startedAt }) => [job, attempt, (startedAt - 30_000) / 1000])).toEqual([
    ["a", 1, 0],
    ["b", 1, 5],
    ["a", 2, 35],
    ["a", 3, 100],
  ]);
  const pauses = world.events.flatMap((event) => (event.type === "retry_attempt" ? event.delayMs : []));
  expect(pauses.slice(0, 2)).toEqual([30_000, 60_000]);
});

test("a run fails for good when its retries are used up, or on a non-retryable exit code", async () => {
  const retry = retrySchema.parse({ max_retries: 1, initial_delay_seconds: 0 });
  const job = { ...schedule("a").job, retry };
  const codes = [1, 1, 3];
  const world = new World([schedule("a", { job })], { behaviour: () => ({ ms: 1000, exitCode: codes.shift() ?? 0 }) });
  await world.start();
  await world.clock.pass(3 * MINUTE);
  expect(
    (await world.history()).map(({ state, attempt, retries, exitCode }) => [state, attempt, retries, exitCode]),
  ).toEqual([
    ["failed", 2, 1, 1],
    ["failed", 1, 0, 3],
    ["succeeded", 1, 0, 0],
  ]);
});

test.each([
  ["skip", ["00:01 succeeded", "00:12 succeeded"], 10],
  ["one", ["00:01 succeeded", "00:12 succeeded"], 10],
  [
    "all",
    ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"].map((each) => `00:${each} succeeded`),
    0,
  ],
] as const)("catchup %s after downtime", async (catchup, expected, missed) => {
  const world = new World([schedule("a", { catchup })], { behaviour: () => ({ ms: 1000 }) });
  const stop = await world.start();
  await world.clock.pass(MINUTE);
  await stop();
  await world.clock.pass(11 * MINUTE - 10_000);
  await world.start();
  await world.clock.pass(30_000);
  expect(await world.slots("a")).toEqual(expected);
  const skipped = world.events.flatMap((event) => (event.type === "schedule_skipped" ? event.count : []));
  expect(skipped.reduce((sum, each) => sum + each, 0)).toBe(missed);
});

test("catchup one runs a missed daily schedule once, catchup skip never", async () => {
  for (const [catchup, expected] of [
    ["one", ["00:01 succeeded"]],
    ["skip", []],
  ] as const) {
    const world = new World([schedule("a", { catchup, cron: "1 0 * * *" })]);
    await (await world.start())();
    await world.clock.pass(30 * MINUTE);
    await world.start();
    await world.clock.pass(MINUTE);
    expect(await world.slots("a")).toEqual(expected);
  }
});

test("a disabled schedule starts no runs, and catches up none once it is enabled again", async () => {
  const a = schedule("a", { catchup: "skip" });
  const world = new World([a], { behaviour: () => ({ ms: 1000 }) });
  await world.start();
  await world.clock.pass(2 * MINUTE);
  world.schedules = [];
  await world.clock.pass(5 * MINUTE);
  world.schedules = [a];
  await world.clock.pass(2 * MINUTE);
  expect(await world.slots("a")).toEqual(["00:01 succeeded", "00:02 succeeded", "00:08 succeeded", "00:09 succeeded"]);
});

test("a changed schedule applies from now on, not to the past", async () => {
  const world = new World([schedule("a", { cron: "0 0 * * *" })], { behaviour: () => ({ ms: 1000 }) });
  await world.start();
  await world.clock.pass(10 * MINUTE);
  world.schedules = [schedule("a")];
  await world.clock.pass(2 * MINUTE);
  expect(await world.slots("a")).toEqual(["00:11 succeeded", "00:12 succeeded"]);
});

test("a stopped runner releases its unfinished runs, and the next one runs them again", async () => {
  const world = new World([schedule("a", { cron: "1 * * * *" })], { behaviour: () => ({ ms: 3 * MINUTE }) });
  const stop = await world.start();
  await world.clock.pass(2 * MINUTE);
  await stop();
  expect(await world.history()).toMatchObject([{ state: "queued", attempt: 1, endedAt: null }]);
  await world.start();
  await world.clock.pass(4 * MINUTE);
  expect(await world.history()).toMatchObject([{ state: "succeeded", attempt: 2, retries: 0 }]);
  expect(world.jobs.violations).toEqual([]);
});

test("setting the clock back repeats no run, setting it forward catches up with one", async () => {
  const world = new World([schedule("a", { catchup: "one" })], { behaviour: () => ({ ms: 1000 }) });
  await world.start();
  await world.clock.pass(5 * MINUTE);
  world.clock.jump(-4 * MINUTE);
  await world.clock.pass(6 * MINUTE);
  const upTo7 = ["01", "02", "03", "04", "05", "06", "07"].map((each) => `00:${each} succeeded`);
  expect(await world.slots("a")).toEqual(upTo7);
  world.clock.jump(60 * MINUTE);
  await world.clock.pass(MINUTE);
  world.clock.jump(-60 * MINUTE);
  await world.clock.pass(2 * MINUTE);
  expect(await world.slots("a")).toEqual([
    ...upTo7,
    "00:09 succeeded",
    "00:10 succeeded",
    "01:07 succeeded",
    "01:08 succeeded",
  ]);
  expect(world.jobs.violations).toEqual([]);
});

test("old runs are deleted, and do not run again when the clock is set back", async () => {
  const world = new World([schedule("a", { cron: "0 * * * *" })], { behaviour: () => ({ ms: 1000 }) });
  await world.start();
  await world.clock.pass(3 * 60 * MINUTE, 60_000);
  expect(await world.slots("a")).toHaveLength(3);
  await world.clock.pass(MINUTE);
  world.clock.jump(100 * 24 * 60 * MINUTE);
  world.schedules = [];
  await world.clock.pass(61 * MINUTE, 60_000);
  expect(await world.slots("a")).toEqual([]);
  world.clock.jump(-100 * 24 * 60 * MINUTE - 4 * 60 * MINUTE);
  world.schedules = [schedule("a", { cron: "0 * * * *" })];
  await world.clock.pass(3 * 60 * MINUTE, 60_000);
  expect(await world.slots("a")).toEqual([]);
});

test("idle rounds do not compute due times", async () => {
  let asked = 0;
  const daily = schedule("a", { cron: "0 0 * * *" });
  const timing: typeof daily.timing = {
    between(after, until) {
      asked += 1;
      return daily.timing.between(after, until);
    },
  };
  const world = new World([{ ...daily, timing }]);
  await world.start();
  await world.clock.pass(10 * MINUTE);
  // One for the next due time, and one for each check, of which there are two a minute.
  expect(asked).toBeLessThanOrEqual(22);
});

test("a long queue blocks neither its schedule's retries nor other schedules", async () => {
  const retry = retrySchema.parse({ max_retries: 1, initial_delay_seconds: 1 });
  const a = schedule("a", { catchup: "all", job: { ...schedule("a").job, retry } });
  const world = new World([a, schedule("b", { cron: "13 19 * * *" })], {
    behaviour: ({ job }, nth) => ({ ms: 1000, exitCode: job === "a" && nth === 1 ? 1 : 0 }),
  });
  await (await world.start())();
  world.clock.jump(1150 * MINUTE);
  await world.start();
  await world.clock.pass(3.5 * MINUTE, 2000);
  expect(await world.slots("b")).toEqual(["19:13 succeeded"]);
  const ofA = (await world.history()).filter((each) => each.schedule === "a");
  expect(ofA.filter(({ state }) => state === "queued").length).toBeGreaterThan(1000);
  expect(ofA.filter(({ state }) => state === "succeeded").length).toBeGreaterThan(3);
});
