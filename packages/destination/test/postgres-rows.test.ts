/** Rows that only PostgreSQL rejects, and tables that drop rows. */
import { createHash } from "node:crypto";
import type { Batch, Session, StoredValues } from "@org/destination";
import { createFixture, query } from "@org/testkit/places/postgres";
import { startPostgres } from "@org/testkit/servers/postgres";
import { afterAll, beforeEach, expect, test } from "vitest";
import { during, failure, pipeline, row, state, store, table } from "./postgres-fixture.ts";

const server = await startPostgres({ log: () => {} });
afterAll(() => server.stop());
const url = server.url("postgres");

let fixture = createFixture(url);
let things: string;
beforeEach(() => {
  fixture = createFixture(url);
  things = `"${fixture.schema.replaceAll('"', '""')}".things`;
});

const rows = (count: number) => Array.from({ length: count }, (_, index) => row({ id: `row ${index}` }));
const noise = Array.from({ length: 200 }, (_, index) => createHash("sha256").update(`${index}`).digest("hex")).join("");

/** Prepares the table, changes it as a user would, and commits. */
async function storing(sql: string, batch: Omit<Batch<typeof table>, "table" | "state">) {
  return during(fixture.connect(), async (session) => {
    await session.prepare([table]);
    if (sql) await query(url, sql.replaceAll("things", things));
    return session.commit("things", { table, ...batch, state } as Batch);
  });
}

const refused = (reason: RegExp, ...ids: string[]) =>
  expect.objectContaining({
    code: "INVALID_ROW",
    rows: ids.map((id) => expect.objectContaining({ key: { id }, reason: expect.stringMatching(reason) })),
  });

const raising = (when: string, what: string) =>
  `CREATE FUNCTION pg_temp_raise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${what}; RETURN NEW; END $$;
   CREATE TRIGGER meddling ${when} ON things FOR EACH ROW EXECUTE FUNCTION pg_temp_raise()`;

test.each([
  ["a key that is too long for an index", "", { id: noise }, /index row .*a key is too long for PostgreSQL's index/],
  ["JSON that is nested too deeply", "", { id: "bad", data: nested(12_000) }, /stack depth|nested that deeply/],
  ["a check", "ALTER TABLE things ADD CHECK (id <> 'bad')", { id: "bad" }, /violates check constraint/],
  [
    "a column that may not be null",
    "ALTER TABLE things ALTER at SET NOT NULL",
    { id: "bad" },
    /null value in column "at"/,
  ],
  [
    "a trigger that raises an error",
    raising("BEFORE INSERT", "IF NEW.id = 'bad' THEN RAISE 'not this one'; END IF"),
    { id: "bad" },
    /not this one/,
  ],
  [
    "a trigger that raises an error with a code of its own",
    raising("BEFORE INSERT", "IF NEW.id = 'bad' THEN RAISE 'not this one' USING ERRCODE = 'UX001'; END IF"),
    { id: "bad" },
    /not this one/,
  ],
  [
    "a trigger that finds more than it expects",
    raising(
      "BEFORE INSERT",
      "NEW.at = (SELECT now() FROM generate_series(1, CASE NEW.id WHEN 'bad' THEN 2 ELSE 0 END))",
    ),
    { id: "bad" },
    /more than one row/,
  ],
  [
    "a check at the end of the transaction",
    `${raising("BEFORE INSERT", "NULL").split("CREATE TRIGGER")[0]!.replace("NULL;", "IF NEW.id = 'bad' THEN RAISE 'too late'; END IF;")}
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp_raise()`,
    { id: "bad" },
    /too late/,
  ],
] as const)("names the row that %s rejects, and stores the others without it", async (_, sql, known, reason) => {
  const at = /SET NOT NULL/.test(sql) ? "2026-01-01T00:00:00.000000Z" : null;
  const good = rows(9).map((each) => ({ ...each, at }));
  const bad = row(known);
  await expect(storing(sql, { upserts: [...good.slice(0, 4), bad, ...good.slice(4)] })).rejects.toEqual(
    refused(reason, bad.id),
  );
  expect(await storing("", { upserts: good, keep: [{ id: bad.id }] })).toMatchObject({ inserted: 9 });
  await query(url, "DROP FUNCTION IF EXISTS pg_temp_raise CASCADE");
});

test("keeps the later of two rows that a unique index does not allow together", async () => {
  const at = "2026-01-01T00:00:00.000000Z";
  const upserts = [...rows(5), row({ id: "one", at }), row({ id: "two", at }), row({ id: "three" })];
  await expect(storing("CREATE UNIQUE INDEX ON things (at)", { upserts })).rejects.toEqual(
    refused(/duplicate key/, "two"),
  );
});

test.each([
  ["a trigger, when rows are new", "BEFORE INSERT", "RETURN NULL"],
  ["a trigger, when rows are there", "BEFORE UPDATE", "RETURN NULL"],
  ["a trigger, afterwards", "AFTER INSERT OR UPDATE", "DELETE FROM things WHERE id = NEW.id"],
])("names the table if rows are dropped silently: %s", async (_, when, what) => {
  await storing("", { upserts: rows(3) });
  const known = when === "BEFORE UPDATE" ? rows(3) : rows(6);
  const upserts = known.map((each) => ({ ...each, data: { changed: true } }));
  const lost = failure("ROWS_LOST", false, "Table things in", "did not take", "row", "triggers");
  const before = await query(url, `SELECT * FROM ${things} ORDER BY id`);
  await expect(storing(raising(when, what), { upserts })).rejects.toEqual(lost);
  expect(await query(url, `SELECT * FROM ${things} ORDER BY id`)).toEqual(before);
  await expect(storing("", { upserts })).rejects.toEqual(lost);
  await query(url, "DROP FUNCTION pg_temp_raise CASCADE");
  expect(await storing("", { upserts })).toMatchObject({ unchanged: 0 });
});

test("reports a trigger that swallows a deletion mark", async () => {
  await storing("", { upserts: rows(3) });
  const replace = [{ scope: {}, rows: rows(2) }];
  const lost = failure("ROWS_LOST", false, "Table things in", "did not take 1 row");
  await expect(storing(raising("BEFORE UPDATE", "RETURN NULL"), { replace })).rejects.toEqual(lost);
  await query(url, "DROP FUNCTION pg_temp_raise CASCADE");
  expect(await storing("", { replace })).toMatchObject({ deleted: 1 });
});

test("accepts a trigger that changes what is stored, and one that does nothing", async () => {
  await storing(raising("BEFORE INSERT OR UPDATE", "NEW.data = NULL"), { upserts: rows(3) });
  const upserts = rows(3).map((each) => ({ ...each, data: { secret: 1 } }));
  expect(await storing("", { upserts })).toMatchObject({ unchanged: 3 });
  expect(await storing("", { replace: [{ scope: {}, rows: [] }] })).toMatchObject({ deleted: 3 });
  await query(url, "DROP FUNCTION pg_temp_raise CASCADE");
});

test.each(["INSERT", "UPDATE", "DELETE"])("names table and rule if there is a rule for %s", async (event) => {
  await storing("", { upserts: rows(1) });
  const rule = `CREATE RULE nothing_here AS ON ${event} TO things DO INSTEAD NOTHING`;
  await expect(storing(rule, { upserts: rows(2) })).rejects.toEqual(
    failure("ROWS_LOST", false, "Table things in", "nothing_here", "Drop them"),
  );
});

/** Connects as a user who may read and write everything, but owns nothing. */
async function asGuest<T>(policies: string, work: (session: Session) => Promise<T>): Promise<T> {
  await during(fixture.connect(), (session) => store(session, rows(2)));
  const quoted = `"${fixture.schema.replaceAll('"', '""')}"`;
  await query(
    url,
    `CREATE ROLE guest LOGIN; GRANT USAGE, CREATE ON SCHEMA ${quoted} TO guest;
     GRANT ALL ON ALL TABLES IN SCHEMA ${quoted} TO guest; ALTER TABLE ${things} ENABLE ROW LEVEL SECURITY;
     ${policies.replaceAll("things", things)}`,
  );
  const address = new URL(url);
  address.username = "guest";
  const guest = createFixture(address.href);
  try {
    const { postgres } = await import("@org/destination/postgres");
    const session = await postgres(address.href, { schema: fixture.schema }).open({ pipeline });
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  } finally {
    await query(url, `DROP OWNED BY guest; DROP ROLE guest`);
    void guest;
  }
}

const all = "USING (true) WITH CHECK (true)";

test("names the row that row security rejects", async () => {
  const policies = "CREATE POLICY careful ON things USING (true) WITH CHECK (id <> 'bad')";
  const upserts = [...rows(4), row({ id: "bad" })];
  const commit = asGuest(policies, async (session) => {
    await session.prepare([table]);
    return session.commit("things", { table, upserts, state });
  });
  await expect(commit).rejects.toEqual(refused(/row-level security policy/, "bad"));
});

test("reports row security that hides rows", async () => {
  const policies = `CREATE POLICY writing ON things FOR INSERT WITH CHECK (true);
    CREATE POLICY reading ON things FOR SELECT USING (id <> 'row 3'); CREATE POLICY changing ON things FOR UPDATE ${all}`;
  const commit = asGuest(policies, async (session) => {
    await session.prepare([table]);
    return session.commit("things", { table, upserts: rows(4), state });
  });
  await expect(commit).rejects.toMatchObject({ code: expect.stringMatching(/ROWS_LOST|INVALID_ROW/) });
});

test("reports a trigger that fails for every row as the failure", async () => {
  const sql = raising("BEFORE INSERT", "INSERT INTO nowhere VALUES (1)");
  await expect(storing(sql, { upserts: rows(2) })).rejects.toEqual(
    failure("FAILED", false, "things", "nowhere", "does not exist", "PL/pgSQL function", "pg_temp_raise()"),
  );
  await query(url, "DROP FUNCTION pg_temp_raise CASCADE");
});

test("writes a table that someone partitioned like any other", async () => {
  await storing("", {});
  await query(
    url,
    `SET search_path = ${things.slice(0, -".things".length)};
     CREATE TABLE made (LIKE things INCLUDING ALL) PARTITION BY HASH (id);
     CREATE TABLE part PARTITION OF made FOR VALUES WITH (MODULUS 1, REMAINDER 0);
     DROP TABLE things; ALTER TABLE made RENAME TO things`,
  );
  const at = "2026-01-01T00:00:00.000000Z";
  expect(await storing("", { upserts: rows(3) })).toMatchObject({ inserted: 3, updated: 0, unchanged: 0 });
  const upserts = [row({ id: "row 0", at }), row({ id: "row 1" }), row({ id: "new" })];
  expect(await storing("", { replace: [{ scope: {}, rows: upserts }] })).toMatchObject({
    inserted: 1,
    updated: 1,
    unchanged: 1,
    deleted: 1,
  });
});

test("blames no row for a general error", async () => {
  const missing = storing("DROP TABLE things", { upserts: rows(3) });
  await expect(missing).rejects.toMatchObject({ code: "FAILED", rows: undefined });
  const denied = asGuest(
    `CREATE POLICY everybody ON things ${all}; REVOKE INSERT ON things FROM guest`,
    async (session) => {
      await session.prepare([table]);
      return session.commit("things", { table, upserts: rows(3), state });
    },
  );
  await expect(denied).rejects.toEqual(failure("NO_PERMISSION", false, "things"));
});

test("names rows with characters that the database's encoding lacks, and finds nothing by such values", async () => {
  await query(url, "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  fixture = createFixture(server.url("latin"));
  const named = { ...table, name: "names" };
  await during(fixture.connect(), async (session) => {
    await session.prepare([named]);
    const upserts = [
      row({ id: "Jürgen", data: { ü: "Ä" } }),
      row({ id: "日本" }),
      row({ id: "c", data: { a: ["🎈"] } }),
      // It becomes U+FFFD, which the encoding lacks too.
      row({ id: "nul\0" }),
      row({ id: "d", data: { "nul\0": 1 } }),
      row({ id: "\\u0000", data: { a: "\\u0000" } }),
    ];
    const commit = (batch: object, value: unknown = 1) =>
      session.commit("names", { table: named, ...batch, state: { version: 1, value } } as Batch);
    await expect(commit({ upserts })).rejects.toMatchObject({
      code: "INVALID_ROW",
      rows: [
        { key: { id: "日本" }, column: "id", reason: expect.stringContaining("LATIN1 has no character U+65E5") },
        { key: { id: "c" }, column: "data", reason: expect.stringContaining("U+1F388") },
        { key: { id: "nul\0" }, column: "id", reason: expect.stringContaining("U+FFFD, which stands for NUL") },
        { key: { id: "d" }, column: "data", reason: expect.stringContaining("U+FFFD, which stands for NUL") },
      ],
    });
    const keep = [{ id: "日本" }, { id: "c" }, { id: "nul\0" }, { id: "d" }];
    const good = [upserts[0]!, upserts.at(-1)!];
    expect(await commit({ upserts: good, keep }, "日本")).toMatchObject({ inserted: 2 });
    expect((await session.states()).get("names")?.value).toBe("日本");
    const ids = ["日本", "nul\0", "Jürgen", ...Array.from({ length: 60 }, (_, index) => `日本 ${index}`)];
    expect(await session.keys(named, { id: { in: ids } })).toEqual([{ id: "Jürgen" }]);
    const replace = ids.map((id) => ({ scope: { id: { in: [id] } }, rows: [] as StoredValues[] }));
    expect(await commit({ replace, keep })).toMatchObject({ deleted: 1 });
  });
});

function nested(depth: number): never {
  let value: unknown = "bottom";
  for (let level = 0; level < depth; level += 1) value = [value];
  return value as never;
}
