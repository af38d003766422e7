/**
 * What is MotherDuck's own of the DuckDB adapter, a lease in place of the lock, against a database in memory that many
 * sessions have open. Against MotherDuck itself it was never tried.
 */
import { DuckDBInstance } from "@duckdb/node-api";
import { duckdb } from "@org/destination/duckdb";
import { casesFor, type DestinationSuite, type Fixture, runCase } from "@org/destination/testing";
import { readTable } from "@org/testkit/places/duckdb";
import { afterEach, expect, test, vi } from "vitest";

const create = DuckDBInstance.create;
afterEach(() => vi.restoreAllMocks());

/** Where the driver would connect to MotherDuck, it gets one more connection to a database of this process. */
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
  name: "MotherDuck, as far as that can be told",
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
