import { randomUUID } from "node:crypto";
import { connect } from "@org/destination/connection";
import { startPostgres } from "@org/testkit/servers/postgres";
import { afterAll, expect, test } from "vitest";
import { killedAt, severalRunners } from "../world/checks.ts";
import { withoutTransactions } from "../world/wrong.ts";

const server = await startPostgres({ log: () => {} });
afterAll(() => server.stop());

/** A state of its own. */
const address = () => `${server.url("postgres")}?schema=${randomUUID()}`;

test("three runners share a state in PostgreSQL: no run is lost or doubled, and limits hold for all", async () => {
  expect(await severalRunners(3, { address: address() })).toEqual([]);
});

test("a program without transactions is noticed there too", async () => {
  expect(await severalRunners(3, { address: address(), wrong: withoutTransactions })).not.toEqual([]);
});

test.each([13, 24, 37, 48])("killed at write %i, the next runner loses nothing and doubles nothing", async (nth) => {
  expect(await killedAt(nth, { address: address() })).toEqual({ faults: [], hasDied: true });
});

test("the state is in the schema that the address names, and its address is told without a password", async () => {
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

test("an address that is none is refused without being told", async () => {
  await expect(connect("mysql://user:secret@host/db")).rejects.toThrow(
    expect.objectContaining({ code: "NOT_A_DESTINATION", message: expect.not.stringContaining("secret") }),
  );
});
