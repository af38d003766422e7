/**
 * The MotherDuck variant of the DuckDB adapter, which uses a lease instead of the lock, against an in-memory database
 * shared by several sessions. Untested against MotherDuck itself.
 */
import { DuckDBInstance } from "@duckdb/node-api";
import { duckdb } from "@org/destination/duckdb";
import { casesFor, type DestinationSuite, type Fixture, runCase } from "@org/destination/testing";
import { readTable } from "@org/testkit/places/duckdb";
import { afterEach, expect, test, vi } from "vitest";

const create = DuckDBInstance.create;
afterEach(() => vi.restoreAllMocks());

/** Instead of connecting to MotherDuck, the driver gets another connection to a database in this process. */
async function createFixture(): Promise<Fixture & { readonly instance: DuckDBInstance }> {
  const instance = await create(":memory:");
  vi.spyOn(DuckDBInstance, "create").mockImplementation(
    async (path) =>
      (path?.startsWith("md:")
        ? { connect: () => instance.connect(), closeSync: () => {} }
        : create(path)) as unknown as DuckDBInstance,
  );
  return {
    instance,
    connect: () => duckdb("md:test", { leaseMs: 1500 }),
    cleanup: async () => instance.closeSync(),
  };
}

const suite: DestinationSuite<Fixture & { readonly instance: DuckDBInstance }> = {
  name: "MotherDuck, simulated",
  create: createFixture,
  read: ({ instance }, table) => readTable(instance, table),
};

const cases = (await casesFor(suite)).filter(({ group }) => ["writers", "state", "schema", "keys"].includes(group));
test.each(cases)(`${suite.name}: $group: $name`, (each) => runCase(suite, each));

test("declares a lease as its fencing", async () => {
  const fixture = await createFixture();
  expect(fixture.connect().capabilities).toMatchObject({ fencing: "lease", leaseMs: 1500 });
  await expect(
    duckdb("md:test")
      .open({ pipeline: "p" })
      .then((session) => session.close()),
  ).resolves.toBeUndefined();
});
