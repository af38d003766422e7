/** Rows that SQLite or DuckDB rejects because of users' constraints and triggers, and tables that drop rows. */
import { DatabaseSync } from "node:sqlite";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Batch, Destination } from "@org/destination";
import * as duckdb from "@org/testkit/places/duckdb";
import * as sqlite from "@org/testkit/places/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { during, failure, row, state, table } from "./postgres-fixture.ts";

const rows = (count: number) => Array.from({ length: count }, (_, index) => row({ id: `row ${index}` }));
const at = "2026-01-01T00:00:00.000000Z";

function storing(destination: Destination, batch: Omit<Batch<typeof table>, "table" | "state">) {
  return during(destination, async (session) => {
    await session.prepare([table]);
    return session.commit("things", { table, ...batch, state } as Batch);
  });
}

const refused = (reason: RegExp, ...ids: string[]) =>
  expect.objectContaining({
    code: "INVALID_ROW",
    rows: ids.map((id) => expect.objectContaining({ key: { id }, reason: expect.stringMatching(reason) })),
  });

describe("sqlite", () => {
  let fixture: sqlite.SqliteFixture;
  beforeEach(async () => {
    fixture = await sqlite.createFixture();
  });
  afterEach(() => fixture.cleanup?.());
  const meddle = (sql: string) => {
    const database = new DatabaseSync(fixture.file);
    database.exec(sql);
    database.close();
  };

  test.each([
    [
      "a trigger that raises an error",
      "CREATE TRIGGER meddling BEFORE INSERT ON things WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'not this one'); END",
      /not this one/,
    ],
    [
      "one that rolls all back",
      "CREATE TRIGGER meddling BEFORE INSERT ON things WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ROLLBACK, 'nothing at all'); END",
      /nothing at all/,
    ],
    ["a unique index", "CREATE UNIQUE INDEX once ON things (at)", /UNIQUE constraint failed/],
    [
      "an index on what is no JSON",
      "CREATE INDEX parts ON things (json_extract(id, '$.a')) WHERE id = 'bad'",
      /malformed JSON/,
    ],
    [
      "a trigger whose sum is too large",
      `CREATE TRIGGER meddling BEFORE INSERT ON things WHEN NEW.id = 'bad'
       BEGIN SELECT sum(n) FROM (SELECT 9223372036854775807 AS n UNION ALL SELECT 1); END`,
      /integer overflow/,
    ],
  ])("names the row that %s rejects, and stores the others without it", async (_, sql, reason) => {
    await storing(fixture.connect(), { upserts: [row({ id: "first", at })] });
    meddle(sql);
    const upserts = [...rows(5), row({ id: "bad", at }), row({ id: "last" })];
    await expect(storing(fixture.connect(), { upserts })).rejects.toEqual(refused(reason, "bad"));
    expect(await storing(fixture.connect(), { upserts: upserts.filter(({ id }) => id !== "bad") })).toMatchObject({
      inserted: 6,
    });
  });

  test("blames no row for a trigger that needs a missing object, and says what to look for", async () => {
    await storing(fixture.connect(), { upserts: [row({ id: "first", at })] });
    meddle(
      `CREATE TABLE notes (id); CREATE TRIGGER meddling AFTER INSERT ON things BEGIN INSERT INTO notes VALUES (1); END;
       DROP TABLE notes`,
    );
    await expect(storing(fixture.connect(), { upserts: rows(2) })).rejects.toMatchObject({
      code: "FAILED",
      message: expect.stringMatching(/no such table: main\.notes\. .*trigger/),
    });
  });

  test.each([
    ["when rows are new", "BEFORE INSERT", "SELECT RAISE(IGNORE)"],
    ["when rows are there", "BEFORE UPDATE", "SELECT RAISE(IGNORE)"],
    ["afterwards", "AFTER INSERT", "DELETE FROM things WHERE id = NEW.id"],
  ])("names the table if a trigger drops rows: %s", async (_, when, what) => {
    await storing(fixture.connect(), { upserts: rows(3) });
    meddle(`CREATE TRIGGER meddling ${when} ON things BEGIN ${what}; END`);
    const upserts = rows(when === "BEFORE UPDATE" ? 3 : 6).map((each) => ({ ...each, data: { changed: true } }));
    const lost = failure("ROWS_LOST", false, "Table things in", "did not take 3 rows", "meddling");
    const before = sqlite.query(fixture.file, "SELECT * FROM things ORDER BY id");
    for (const _ of [1, 2]) await expect(storing(fixture.connect(), { upserts })).rejects.toEqual(lost);
    expect(sqlite.query(fixture.file, "SELECT * FROM things ORDER BY id")).toEqual(before);
    if (when === "BEFORE UPDATE") {
      const replace = [{ scope: {}, rows: rows(2) }];
      await expect(storing(fixture.connect(), { replace })).rejects.toEqual(failure("ROWS_LOST", false, "1 row"));
    }
    meddle("DROP TRIGGER meddling");
    expect(await storing(fixture.connect(), { upserts })).toMatchObject({ unchanged: 0 });
  });

  test("accepts a trigger that changes or copies what is stored", async () => {
    await storing(fixture.connect(), {});
    meddle(`CREATE TABLE log (id); CREATE TRIGGER copying AFTER INSERT ON things BEGIN INSERT INTO log VALUES (NEW.id); END;
      CREATE TRIGGER masking AFTER INSERT ON things BEGIN UPDATE things SET data = NULL WHERE id = NEW.id; END`);
    const upserts = rows(3).map((each) => ({ ...each, data: { secret: 1 } }));
    expect(await storing(fixture.connect(), { upserts })).toMatchObject({ inserted: 3 });
    expect(sqlite.query(fixture.file, "SELECT count(*) AS n FROM log")).toEqual([{ n: 3 }]);
    expect(await storing(fixture.connect(), { upserts })).toMatchObject({ updated: 3 });
  });
});

describe("duckdb", () => {
  let fixture: duckdb.DuckdbFixture;
  beforeEach(async () => {
    fixture = await duckdb.createFixture();
  });
  afterEach(() => fixture.cleanup?.());
  const meddle = async (sql: string) => {
    const instance = await DuckDBInstance.create(fixture.file);
    const connection = await instance.connect();
    await connection.run(sql);
    connection.closeSync();
    instance.closeSync();
  };

  test.each([
    ["a unique index", 'CREATE UNIQUE INDEX once ON things ("at")', /duplicate|unique/i],
    ["a column that may not be null", "ALTER TABLE things ALTER data SET NOT NULL", /NOT NULL/],
  ])("names the row that %s rejects, and stores the others without it", async (_, sql, reason) => {
    const data = { a: 1 };
    await storing(fixture.connect(), { upserts: [row({ id: "first", at, data })] });
    await meddle(sql);
    const good = rows(6).map((each) => ({ ...each, data }));
    const bad = row({ id: "bad", at, data: /unique/i.test(sql) ? data : null });
    await expect(storing(fixture.connect(), { upserts: [...good.slice(0, 3), bad, ...good.slice(3)] })).rejects.toEqual(
      refused(reason, "bad"),
    );
    expect(await storing(fixture.connect(), { upserts: good })).toMatchObject({ inserted: 6 });
  });
});
