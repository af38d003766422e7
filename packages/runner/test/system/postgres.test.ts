import { randomUUID } from "node:crypto";
import { connect } from "@org/destination/connection";
import { startPostgres } from "@org/testkit/servers/postgres";
import { afterAll, expect, test } from "vitest";
import { killedAt, severalRunners } from "../world/checks.ts";
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
