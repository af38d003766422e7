import { randomUUID } from "node:crypto";
import { connect } from "@org/destination/connection";
import { startPostgres } from "@org/testkit/servers/postgres";
import { afterAll, expect, test } from "vitest";
import { killedAt, severalRunners } from "../world/checks.ts";
import { MINUTE, schedule, World } from "../world/world.ts";
import { withoutTransactions } from "../world/wrong.ts";

const server = await startPostgres({ log: () => {} });
afterAll(() => server.stop());

/** The address of a fresh state. */
const address = () => `${server.url("postgres")}?schema=${randomUUID()}`;

test("three runners share a state in PostgreSQL without losing or duplicating a run, and within the limits", async () => {
  expect(await severalRunners(3, { address: address() })).toEqual([]);
});

test("this catches a runner that claims without a transaction", async () => {
  expect(await severalRunners(3, { address: address(), wrong: withoutTransactions })).not.toEqual([]);
});

test.each([13, 24, 37, 48])(
  "after a kill at write %i, the next runner neither loses nor duplicates a run",
  async (nth) => {
    expect(await killedAt(nth, { address: address() })).toEqual({ faults: [], hasDied: true });
  },
);

test("a PostgreSQL that is away for two minutes costs no run, doubles none, and is reported", async () => {
  const world = new World(
    [schedule("a"), schedule("b", { cron: "*/2 * * * *", tenant: "acme" }), schedule("c", { tenant: "acme" })],
    // Some of them end while it is away.
    { address: address(), behaviour: ({ job }) => ({ ms: job === "b" ? 45_000 : 5000 }) },
  );
  await world.start();
  await world.start();
  const step = 5000;
  await world.clock.pass(2 * MINUTE - 20_000, step);
  expect(world.jobs.running.length).toBeGreaterThan(0);
  await server.interrupt();
  await world.clock.pass(2 * MINUTE, step);
  expect(world.events).toContainEqual({
    type: "runner_error",
    error: expect.objectContaining({ name: "DestinationError", retryable: true }),
  });
  // Others could take their runs by now.
  expect(world.jobs.running).toEqual([]);
  await server.resume();
  await world.clock.pass(5 * MINUTE, step);
  const expected = (every: number) =>
    [1, 2, 3, 4, 5, 6].filter((minute) => minute % every === 0).map((minute) => `00:0${minute} succeeded`);
  for (const [name, every] of [
    ["a", 1],
    ["b", 2],
    ["c", 1],
  ] as const) {
    expect(
      (await world.slots(name)).filter((each) => each.slice(0, 5) <= "00:06"),
      name,
    ).toEqual(expected(every));
  }
  // What ended while nobody could be told has to run again.
  expect(world.jobs.violations.filter((each) => !/again although/.test(each))).toEqual([]);
  const told = world.events.filter(({ type }) => type === "job_running").length;
  expect(told).toBe(world.jobs.executions.length);
});

test("keeps the state in the schema of the address, and shows the address without its password", async () => {
  const schema = randomUUID();
  const connection = await connect(
    `${server.url("postgres").replace("postgres@", "postgres:secret@")}?schema=${schema}&sslmode=disable`,
  );
  try {
    expect(connection.place).not.toContain("secret");
    expect(await connection.tables()).toEqual(new Set());
    await connection.transaction("Trying", ({ run }) => run(`CREATE TABLE ${connection.table("a")} (b BIGINT)`));
    expect(await connection.tables()).toEqual(new Set(["a"]));
  } finally {
    await connection.close();
  }
});

test("rejects an invalid address without repeating it", async () => {
  await expect(connect("mysql://user:secret@host/db")).rejects.toThrow(
    expect.objectContaining({ code: "NOT_A_DESTINATION", message: expect.not.stringContaining("secret") }),
  );
});
