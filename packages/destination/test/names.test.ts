/** Schema names that a database would truncate, misinterpret, or reserve. */
import type { DestinationError } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { postgres } from "@org/destination/postgres";
import { createFixture, type DuckdbFixture } from "@org/testkit/places/duckdb";
import { afterEach, beforeEach, expect, test } from "vitest";

let fixture: DuckdbFixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.cleanup?.());

const url = "postgres://me:secret@localhost/d";

function refusal(work: () => unknown): DestinationError {
  try {
    work();
  } catch (error) {
    return error as DestinationError;
  }
  return expect.unreachable("it must be refused");
}

test.each([
  ["x".repeat(64), /more than 63 bytes/],
  ["ü".repeat(32), /more than 63 bytes/],
  ["日本".repeat(11), /more than 63 bytes/],
  ["a\0b", /does not allow/],
  ["", /does not allow/],
  ["\ud800", /does not allow/],
  ["information_schema", /PostgreSQL's own/],
  ["pg_catalog", /PostgreSQL's own/],
  ["pg_mine", /PostgreSQL's own/],
])("PostgreSQL rejects schema %j", (schema, reason) => {
  const error = refusal(() => postgres(url, { schema }));
  expect(error).toMatchObject({ code: "NOT_A_DESTINATION", failureType: "config" });
  expect(error.message).toMatch(reason);
  expect(error.message).not.toContain("secret");
  expect(error.message).toContain("Choose another name");
});

test.each(["x".repeat(63), "ü".repeat(31), "PG_mine", "Information_Schema", 'my "schema"'])(
  "PostgreSQL accepts schema %j",
  (schema) => {
    expect(postgres(url, { schema }).name).toBe("postgresql://localhost/d");
  },
);

test.each(["temp", "TEMP", "system", "pg_catalog", "information_schema", "Information_Schema", "", "a\0b"])(
  "DuckDB rejects schema %j",
  (schema) => {
    const error = refusal(() => duckdb(fixture.file, { schema }));
    expect(error).toMatchObject({ code: "NOT_A_DESTINATION", failureType: "config" });
    expect(error.message).toContain("Choose another name");
  },
);

test("DuckDB rejects a schema with the name of its file", async () => {
  const opened = duckdb(fixture.file, { schema: "TEST" }).open({ pipeline: "p" });
  await expect(opened).rejects.toMatchObject({
    code: "NOT_A_DESTINATION",
    message: expect.stringMatching(/"TEST" has the same name as the file.*Choose another/),
  });
});

test.each(["main", "MAIN", "pg_mine", "x".repeat(300), "main.x", 'my "schema"'])(
  "DuckDB accepts schema %j",
  async (schema) => {
    for (let round = 0; round < 2; round += 1) {
      const session = await duckdb(fixture.file, { schema }).open({ pipeline: "p" });
      expect((await session.states()).size).toBe(0);
      await session.close();
    }
    expect(await duckdb(fixture.file, { schema }).contents?.()).toEqual([]);
  },
);
