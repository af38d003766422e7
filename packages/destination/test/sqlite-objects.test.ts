/** Objects that users create on our tables in SQLite: they survive a change of the table, or an error names them. */
import { DatabaseSync } from "node:sqlite";
import { defineTable, type Session, type Table } from "@org/destination";
import { sqlite } from "@org/destination/sqlite";
import { createFixture, query, type SqliteFixture } from "@org/testkit/places/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const table = defineTable({
  name: "things",
  description: "A table, (with -- odd characters).",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "Key; it's, the (first." },
    size: { type: "int64", nullable: true, description: "Size." },
  },
});

const { id, size } = table.columns;
const wider: Table = { ...table, columns: { id, size: { ...size, type: "float64" } } };
const region = { type: "string", default: "", description: "Region." } as const;
const keyed: Table = { ...table, columns: { id, size, region }, primaryKey: ["id", "region"] };

let fixture: SqliteFixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.cleanup?.());

async function during<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const session = await sqlite(fixture.file).open({ pipeline: "p" });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

const store = (definition: Table, rows: readonly Record<string, unknown>[]) =>
  during(async (session) => {
    await session.prepare([definition]);
    const upserts = rows as never;
    return session.commit("things", { table: definition, upserts, state: { version: 1, value: 1 } });
  });

/** Runs statements on the file directly. */
function byHand(sql: string): void {
  const database = new DatabaseSync(fixture.file);
  database.exec(sql);
  database.close();
}

const made = () =>
  query(fixture.file, "SELECT name, sql FROM sqlite_schema WHERE name LIKE 'mine%' AND type <> 'table' ORDER BY name");

const refused = (name: string) => ({
  code: "SCHEMA_CONFLICT",
  message: expect.stringMatching(new RegExp(`Table things .*${name}.*Drop it, sync`, "s")),
});

describe.each([
  ["a wider column", wider, { id: 1, size: 2 }],
  ["a new key", keyed, { id: 1, size: 2, region: "" }],
])("%s", (_what, definition, row) => {
  test.each([
    ["indexes", "CREATE INDEX mine ON things (size); CREATE UNIQUE INDEX mine2 ON things (id) WHERE size > 1"],
    [
      "views, one of them broken",
      "CREATE VIEW mine AS SELECT * FROM things; CREATE VIEW mine2 AS SELECT a FROM nowhere",
    ],
    [
      "triggers",
      `CREATE TABLE log (id); CREATE TRIGGER mine AFTER UPDATE OF size ON things WHEN new.size > 5 BEGIN INSERT INTO log VALUES (new.id); END`,
    ],
    [
      "a foreign key to another column",
      "CREATE UNIQUE INDEX mine ON things (size); CREATE TABLE notes (size INTEGER REFERENCES things (size))",
    ],
  ])("works next to %s", async (_object, sql) => {
    await store(table, [{ id: 1, size: 2 }]);
    byHand(sql);
    const before = made();
    expect(await store(definition, [row])).toMatchObject({ unchanged: 1 });
    expect(made()).toEqual(before);
    expect(await store(definition, [{ ...row, size: 9 }])).toMatchObject({ updated: 1 });
  });

  test("keeps generated columns, and anything else users added, as they created it", async () => {
    await store(table, [{ id: 1, size: 2 }]);
    byHand(`ALTER TABLE things ADD COLUMN double INTEGER GENERATED ALWAYS AS (size * 2) VIRTUAL;
      ALTER TABLE things ADD COLUMN "my, (column)" TEXT DEFAULT ('a,)b') CHECK ("my, (column)" <> 'q') COLLATE NOCASE;
      ALTER TABLE things ADD COLUMN [my "other"] TEXT NOT NULL DEFAULT 'x' /* , */;
      CREATE INDEX mine ON things (double)`);
    for (let round = 2; round <= 3; round += 1) {
      await store(definition, [{ ...row, id: round }]);
      const stored = query(
        fixture.file,
        `SELECT id, double, "my, (column)" AS mine, "my ""other""" AS other FROM things`,
      );
      expect(stored).toEqual(
        Array.from({ length: round }, (_, index) => ({ id: index + 1, double: 4, mine: "a,)b", other: "x" })),
      );
    }
    expect(made()).toHaveLength(1);
    expect(() => byHand(`UPDATE things SET "my, (column)" = 'q'`)).toThrow("CHECK");
    const root = () => query(fixture.file, "SELECT rootpage FROM sqlite_schema WHERE name = 'things'");
    const before = root();
    await store(definition, []);
    expect(root()).toEqual(before);
  });

  test("is blocked by an index that only another program can create, which is named", async () => {
    await store(table, [{ id: 1, size: 2 }]);
    const theirs = new DatabaseSync(fixture.file);
    theirs.function("their_function", { deterministic: true }, (value) => value);
    theirs.exec("CREATE INDEX mine ON things (their_function(size))");
    theirs.close();
    await expect(store(definition, [])).rejects.toMatchObject(refused("their_function"));
  });
});

test("a foreign key to the old key blocks a new one, and is named", async () => {
  await store(table, [{ id: 1, size: 2 }]);
  byHand("CREATE TABLE notes (thing INTEGER REFERENCES things)");
  await store(wider, [{ id: 1, size: 2 }]);
  const wanted = { ...keyed, columns: { ...keyed.columns, size: wider.columns.size } } as Table;
  await expect(store(wanted, [])).rejects.toMatchObject(refused("notes"));
  byHand("DROP TABLE notes; CREATE TABLE notes (thing INTEGER, FOREIGN KEY (thing) REFERENCES THINGS (ID))");
  await expect(store(wanted, [])).rejects.toMatchObject(refused("notes"));
  byHand("DROP TABLE notes");
  expect(await store(wanted, [{ id: 1, size: 2, region: "" }])).toMatchObject({ unchanged: 1 });
});

test("an index with the name of a table is named", async () => {
  await store(table, [{ id: 1, size: 2 }]);
  byHand("CREATE INDEX Others ON things (size)");
  await expect(during((session) => session.prepare([{ ...table, name: "others" }]))).rejects.toMatchObject({
    code: "OWNED",
    message: expect.stringMatching(/Table others .* an index has that name\. Drop it/),
  });
});

test("a rehearsal finds a trigger that drops rows silently, but not one that rejects the made-up row", async () => {
  await store(table, []);
  const rehearse = () => during((session) => session.rehearse!([table]));
  const trigger = (what: string) =>
    query(fixture.file, `CREATE TRIGGER mine BEFORE INSERT ON things BEGIN SELECT RAISE(${what}); END`);
  trigger("ABORT, 'not this one'");
  await rehearse();
  query(fixture.file, "DROP TRIGGER mine");
  trigger("IGNORE");
  await expect(rehearse()).rejects.toMatchObject({ code: "ROWS_LOST", message: expect.stringContaining("things") });
  expect(query(fixture.file, "SELECT count(*) AS rows FROM things")).toEqual([{ rows: 0 }]);
});
