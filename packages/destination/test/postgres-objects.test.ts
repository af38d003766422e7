/** Objects that users create on our tables in PostgreSQL: they survive a change of the table, or an error names them. */
import type { Table } from "@org/destination";
import { ownDatabase } from "@org/testkit/own-database";
import { createFixture, type PostgresFixture, query } from "@org/testkit/places/postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failure, during as inSession, row, store, table } from "./postgres-fixture.ts";

const url = await ownDatabase();

let fixture: PostgresFixture;
let within: string;
beforeEach(async () => {
  fixture = createFixture(url);
  within = `"${fixture.schema.replaceAll('"', '""')}"`;
  await inSession(fixture.connect(), (session) => store(session, [row({ at: "2026-01-01T00:00:00.000001Z" })]));
});
afterEach(() => fixture.cleanup?.());

/** The table with a wider column. */
const wider: Table = { ...table, columns: { ...table.columns, at: { ...table.columns.at, type: "string" } } };

/** The table with a larger key. */
const keyed: Table = {
  ...table,
  columns: { ...table.columns, region: { type: "string", default: "", description: "Region." } },
  primaryKey: ["id", "region"],
};

const prepare = (definition: Table) => inSession(fixture.connect(), (session) => session.prepare([definition]));
const make = (sql: string) => query(url, `SET search_path = ${within}; ${sql}`);

const returns = (text: string) => `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin ${text} end'`;

describe("widening a column", () => {
  test.each([
    ["a view of other columns", "CREATE VIEW mine AS SELECT id, data FROM things"],
    ["a view of whole rows", "CREATE VIEW mine AS SELECT things FROM things"],
    ["an index on it", "CREATE INDEX mine ON things (at); CREATE UNIQUE INDEX ux ON things (id, at)"],
    ["statistics", "CREATE STATISTICS mine ON id, at FROM things"],
    ["a default", "ALTER TABLE things ALTER at SET DEFAULT now()"],
    ["a generated column of another", "ALTER TABLE things ADD mine text GENERATED ALWAYS AS (id || 'x') STORED"],
    [
      "a trigger on every change",
      `${returns("return new;")}; CREATE TRIGGER mine BEFORE UPDATE ON things FOR EACH ROW EXECUTE FUNCTION f()`,
    ],
    [
      "a policy on another",
      "CREATE POLICY mine ON things USING (id <> 'b'); ALTER TABLE things ENABLE ROW LEVEL SECURITY",
    ],
    ["a publication of the table", "CREATE PUBLICATION mine FOR TABLE things"],
    ["a foreign key to the table", "CREATE TABLE notes (thing text REFERENCES things)"],
    ["a constraint that holds for texts too", "ALTER TABLE things ADD CONSTRAINT mine CHECK (at IS NOT NULL)"],
  ])("works next to %s", async (_what, sql) => {
    await make(sql);
    await prepare(wider);
    const rows = await query(url, `SELECT at FROM ${within}.things`);
    expect(rows).toEqual([{ at: "2026-01-01T00:00:00.000001Z" }]);
    await make("DROP PUBLICATION IF EXISTS mine");
  });

  test.each([
    ["a view that shows it", "CREATE VIEW mine AS SELECT at FROM things", "view", "mine"],
    ["a materialized view", "CREATE MATERIALIZED VIEW mine AS SELECT at FROM things", "materialized view", "mine"],
    [
      "a generated column",
      "ALTER TABLE things ADD mine bool GENERATED ALWAYS AS (at IS NULL) STORED",
      "generated column mine",
    ],
    ["a rule", "CREATE RULE mine AS ON DELETE TO things WHERE old.at IS NULL DO ALSO SELECT 1", "rule mine"],
    ["a policy", "CREATE POLICY mine ON things USING (at IS NOT NULL)", "policy mine"],
    [
      "a trigger on it",
      `${returns("return new;")}; CREATE TRIGGER mine BEFORE UPDATE OF at ON things FOR EACH ROW EXECUTE FUNCTION f()`,
      "trigger mine",
    ],
    [
      "a function",
      "CREATE FUNCTION mine() RETURNS timestamptz LANGUAGE sql BEGIN ATOMIC SELECT max(at) FROM things; END",
      "function",
      "mine",
    ],
    [
      "a publication's condition",
      "CREATE PUBLICATION mine FOR TABLE things WHERE (id > 'a' AND at IS NULL) WITH (publish = 'insert')",
      "publication mine",
    ],
    [
      "a constraint",
      "ALTER TABLE things ADD CONSTRAINT mine CHECK (at > '2000-01-01'::timestamptz)",
      "constraint mine",
    ],
    [
      "an index on a part of the rows",
      "CREATE INDEX mine ON things (id) WHERE at > '2000-01-01'::timestamptz",
      "index",
      "mine",
    ],
    [
      "a foreign key on it",
      "CREATE TABLE days (at timestamptz PRIMARY KEY); ALTER TABLE things ADD CONSTRAINT mine FOREIGN KEY (at) REFERENCES days NOT VALID",
      "constraint mine",
    ],
    ["a table of such rows", "CREATE TABLE mine (thing things)", "mine.thing"],
    ["a view on a view of ours", "", "other"],
  ])("is blocked by %s, which is named", async (_what, sql, ...words) => {
    if (sql) await make(sql);
    else {
      await fixture.connect().uniteTables?.({ view: "all", parts: [{ pipeline: "p", table, schema: fixture.schema }] });
      await make('CREATE VIEW other AS SELECT id FROM "all"');
    }
    await expect(prepare(wider)).rejects.toEqual(
      failure("SCHEMA_CONFLICT", false, "things", ...words, "Drop it, sync"),
    );
    await make("DROP PUBLICATION IF EXISTS mine");
    await prepare(table);
  });

  test("drops our own views of it, and no others", async () => {
    await fixture.connect().uniteTables?.({ view: "all", parts: [{ pipeline: "p", table, schema: fixture.schema }] });
    await make("CREATE VIEW mine AS SELECT id FROM things");
    await prepare(wider);
    expect(
      await query(url, `SELECT relname FROM pg_class WHERE relnamespace = '${within}'::regnamespace AND relkind = 'v'`),
    ).toEqual([{ relname: "mine" }]);
  });
});

test("keeps a view of ours that another view depends on, and names that one", async () => {
  const unite = (definition: Table) =>
    fixture
      .connect()
      .uniteTables?.({ view: "all", parts: [{ pipeline: "p", table: definition, schema: fixture.schema }] });
  await unite(table);
  await make('CREATE VIEW mine AS SELECT id FROM "all"');
  await unite(table);
  await prepare(keyed);
  await expect(unite(keyed)).rejects.toEqual(
    failure("SCHEMA_CONFLICT", false, "View all", "mine", "Drop the dependents, sync"),
  );
  expect(await query(url, `SELECT id FROM ${within}.mine`)).toEqual([{ id: "a" }]);
  await make("DROP VIEW mine");
  await unite(keyed);
  expect(await query(url, `SELECT region FROM ${within}."all"`)).toEqual([{ region: "" }]);
});

describe("changing a key", () => {
  test.each([
    [
      "views, policies and triggers",
      `CREATE VIEW mine AS SELECT * FROM things; CREATE POLICY mine ON things USING (id <> 'b'); ${returns("return new;")};
       CREATE TRIGGER mine BEFORE UPDATE OF id ON things FOR EACH ROW EXECUTE FUNCTION f()`,
    ],
    [
      "indexes and constraints",
      "CREATE INDEX mine ON things (id); ALTER TABLE things ADD CHECK (id <> ''), ADD UNIQUE (id, at)",
    ],
    [
      "a foreign key to other columns",
      "CREATE UNIQUE INDEX ux ON things (at); CREATE TABLE days (at timestamptz REFERENCES things (at))",
    ],
  ])("works next to %s", async (_what, sql) => {
    await make(sql);
    await prepare(keyed);
    const [found] = await query(
      url,
      `SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint WHERE conrelid = '${within}.things'::regclass AND contype = 'p'`,
    );
    expect(found?.key).toBe("PRIMARY KEY (id, region)");
  });

  test.each([
    [
      "a foreign key to the old one",
      "CREATE TABLE notes (thing text, CONSTRAINT mine FOREIGN KEY (thing) REFERENCES things)",
      "constraint mine",
      "notes",
    ],
    ["a view that groups by the old one", "CREATE VIEW mine AS SELECT id, at FROM things GROUP BY id", "view", "mine"],
    [
      "a publication of some columns",
      "CREATE PUBLICATION mine FOR TABLE things (id, at)",
      "publication mine",
      "cannot update",
    ],
  ])("is blocked by %s, which is named", async (_what, sql, ...words) => {
    await make(sql);
    await expect(prepare(keyed)).rejects.toEqual(
      failure("SCHEMA_CONFLICT", false, "things", ...words, "Drop it, sync"),
    );
    await inSession(fixture.connect(), (session) => store(session));
  });

  test("keeps it as the replica identity and CLUSTER index, if the old one was", async () => {
    await make("ALTER TABLE things REPLICA IDENTITY USING INDEX things_pkey; CLUSTER things USING things_pkey");
    await prepare(keyed);
    const found = await query(
      url,
      `SELECT indexrelid::regclass::text AS name, indisreplident, indisclustered FROM pg_index WHERE indrelid = '${within}.things'::regclass`,
    );
    expect(found).toEqual([{ name: expect.stringContaining("things_pkey"), indisreplident: "t", indisclustered: "t" }]);
  });

  test("works if someone dropped the old one, and keeps its name if someone renamed it", async () => {
    const key = () =>
      query(url, `SELECT conname FROM pg_constraint WHERE conrelid = '${within}.things'::regclass AND contype = 'p'`);
    await make('ALTER TABLE things RENAME CONSTRAINT things_pkey TO "my ""key"""');
    await prepare(keyed);
    expect(await key()).toEqual([{ conname: 'my "key"' }]);
    await make('ALTER TABLE things DROP CONSTRAINT "my ""key"""');
    await prepare(table);
    expect(await key()).toEqual([{ conname: "things_pkey" }]);
    await inSession(fixture.connect(), (session) => store(session));
  });
});

test.each([
  ["dropped", "ALTER TABLE things DROP CONSTRAINT things_pkey"],
  [
    "made deferrable",
    "ALTER TABLE things DROP CONSTRAINT things_pkey, ADD PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED",
  ],
])("a key that someone %s is required again", async (_what, sql) => {
  await make(sql);
  await expect(inSession(fixture.connect(), (session) => store(session))).rejects.toEqual(
    failure("SCHEMA_CONFLICT", false, "things", "primary key", "ADD PRIMARY KEY"),
  );
  await make("ALTER TABLE things DROP CONSTRAINT IF EXISTS things_pkey, ADD PRIMARY KEY (id)");
  await inSession(fixture.connect(), (session) => store(session));
});

test.each([
  ["a sequence", "CREATE SEQUENCE others", "sequence"],
  ["an index", "CREATE INDEX others ON things (at)", "index"],
  ["a type", "CREATE TYPE others AS ENUM ('a')", "type"],
  ["a view", "CREATE VIEW others AS SELECT 1 AS one", "was not created by a sync"],
])("%s with the name of a table is named", async (_what, sql, word) => {
  await make(sql);
  await expect(prepare({ ...table, name: "others" })).rejects.toEqual(
    failure("OWNED", false, "others", word, "Rename it"),
  );
});
