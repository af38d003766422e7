/** Any connection of a pooler must work: checked by our statements, and with PgBouncer if it is installed. */
import { defineTable } from "@org/destination";
import { testDestination } from "@org/destination/testing";
import { ownDatabase } from "@org/testkit/own-database";
import { createFixture, postgresSuite } from "@org/testkit/places/postgres";
import pg from "pg";
import { afterAll, afterEach, expect, test } from "vitest";
import { pgbouncerVersion, startPgbouncer } from "../pgbouncer.ts";

const url = await ownDatabase();

const ask = pg.Client.prototype.query;
afterEach(() => {
  pg.Client.prototype.query = ask;
});

/** Records all statements from now on, with their connection, and whether a transaction was open. */
function listen() {
  const asked: { text: string; named: boolean; within: boolean }[] = [];
  const within = new Set<unknown>();
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const { text, name } =
      typeof given[0] === "string" ? { text: given[0], name: undefined } : (given[0] as pg.QueryConfig);
    if (/^BEGIN\b/.test(text)) within.add(this);
    asked.push({ text, named: name !== undefined, within: within.has(this) });
    if (/^(COMMIT|ROLLBACK)$/.test(text)) within.delete(this);
    return (ask as (...all: unknown[]) => unknown).apply(this, given);
  } as typeof ask;
  return asked;
}

test("no statement runs outside a transaction, and nothing outlives one", async () => {
  const asked = listen();
  const fixture = createFixture(url);
  const column = (type: "int64" | "string" | "json") => ({ type, description: "" }) as const;
  const narrow = defineTable({
    name: "things",
    description: "",
    primaryKey: ["id"],
    columns: { id: column("int64"), a: column("json") },
  });
  const state = { version: 1, value: 1 };
  const destination = fixture.connect();
  let session = await destination.open({ pipeline: "p" });
  await session.prepare([narrow]);
  await session.commit("things", { table: narrow, upserts: [{ id: 1, a: [] }], state });
  await session.commit("things", { table: narrow, replace: [{ scope: { id: { in: [1] } }, rows: [] }], state });
  await session.count(narrow, {});
  await session.states();
  await session.close();
  await destination.uniteTables?.({ view: "all_things", parts: [{ pipeline: "p", table: narrow }] });
  session = await destination.open({ pipeline: "p" });
  await session.prepare([{ ...narrow, columns: { ...narrow.columns, a: column("string"), b: column("string") } }]);
  await session.close();
  expect(asked.length).toBeGreaterThan(50);
  expect(asked.filter(({ within }) => !within)).toEqual([]);
  expect(asked.filter(({ named }) => named)).toEqual([]);
  const lasting = /\b(PREPARE|LISTEN|DECLARE|DISCARD|SET SESSION|SET (?!LOCAL\b)[a-z_]+ (=|TO)|pg_advisory_lock)/;
  const statements = asked
    .flatMap(({ text }) => text.split(";"))
    .filter((text) => !/^\s*(INSERT|UPDATE|WITH)/.test(text));
  expect(statements.filter((text) => lasting.test(text))).toEqual([]);
  const temporary = statements.filter((text) => /\bCREATE TEMP/.test(text));
  expect(temporary.filter((text) => !/ON COMMIT DROP/.test(text))).toEqual([]);
  await fixture.cleanup?.();
});

const version = await pgbouncerVersion();
if (version) {
  const pooler = await startPgbouncer(url);
  afterAll(() => pooler.stop());
  await testDestination(postgresSuite("postgres through PgBouncer", pooler.url, url));
} else if (process.env.REQUIRE_PGBOUNCER) {
  test("PgBouncer is installed, as REQUIRE_PGBOUNCER says", () => expect(version).toBeDefined());
} else {
  console.warn("NOT TESTED: PostgreSQL through PgBouncer, which is not installed here (apt-get install pgbouncer).");
}
