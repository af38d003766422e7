/** Objects that users create on our tables in DuckDB: they survive a change of the table, or an error names them. */
import { DuckDBInstance } from "@duckdb/node-api";
import { defineTable, type Session, type Table } from "@org/destination";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { createFixture, type DuckdbFixture } from "@org/testkit/places/duckdb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const table = defineTable({
  name: "things",
  description: "A table.",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "Key." },
    size: { type: "int64", nullable: true, description: "Size." },
  },
});

const { id, size } = table.columns;
const wider: Table = { ...table, columns: { id, size: { ...size, type: "float64" } } };
const region = { type: "string", default: "", description: "Region." } as const;
const keyed: Table = { ...table, columns: { id, size, region }, primaryKey: ["id", "region"] };

let fixture: DuckdbFixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.cleanup?.());

async function during<T>(work: (session: Session) => Promise<T>, schema = "main"): Promise<T> {
  const session = await duckdb(fixture.file, { schema }).open({ pipeline: "p" });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

const store = (definition: Table, rows: readonly Record<string, unknown>[], schema?: string) =>
  during(async (session) => {
    await session.prepare([definition]);
    const upserts = rows as never;
    return session.commit("things", { table: definition, upserts, state: { version: 1, value: 1 } });
  }, schema);

/** Runs statements on the closed file directly. */
async function byHand(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(fixture.file);
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

const indexes = () => queryDuckdb(fixture.file, "SELECT index_name AS name, sql FROM duckdb_indexes() ORDER BY 1");
const refused = (...words: string[]) =>
  expect.objectContaining({ code: "SCHEMA_CONFLICT", message: expect.stringMatching(words.join(".*")) });

describe.each([
  ["a wider column", wider, { id: 1, size: 2 }],
  ["a new key", keyed, { id: 1, size: 2, region: "" }],
])("%s", (_what, definition, row) => {
  test.each([
    ["an index", "CREATE INDEX mine ON things (size)"],
    ["a unique index on the key", 'CREATE UNIQUE INDEX "my ""index" ON things (id)'],
    ["several, one of an expression", "CREATE INDEX a ON things ((size + 1)); CREATE INDEX b ON things (id, size)"],
    ["a view and a macro", "CREATE VIEW mine AS FROM things; CREATE MACRO m() AS TABLE FROM things"],
    ["a primary key", "ALTER TABLE things ADD PRIMARY KEY (id)"],
  ])("works next to %s", async (_object, sql) => {
    await store(table, [{ id: 1, size: 2 }]);
    await byHand(sql);
    const before = await indexes();
    expect(await store(definition, [row])).toMatchObject({ unchanged: 1 });
    expect(await indexes()).toEqual(before);
    expect(await store(definition, [{ ...row, id: 2 }])).toMatchObject({ inserted: 1 });
    await queryDuckdb(fixture.file, "FROM things");
  });

  test("keeps columns that users added, with their defaults, and all comments", async () => {
    await store(table, [{ id: 1, size: 2 }]);
    await byHand(`ALTER TABLE things ADD COLUMN mine VARCHAR DEFAULT 'x'; ALTER TABLE things ALTER mine SET NOT NULL;
      COMMENT ON COLUMN things.mine IS 'Mine.'; CREATE INDEX i ON things (size)`);
    await store(definition, [{ ...row, id: 2 }]);
    expect(await queryDuckdb(fixture.file, "SELECT id, mine FROM things ORDER BY id")).toEqual([
      { id: 1, mine: "x" },
      { id: 2, mine: "x" },
    ]);
    const described = await queryDuckdb(
      fixture.file,
      "SELECT column_name AS name, comment, is_nullable AS nullable FROM duckdb_columns() WHERE table_name = 'things'",
    );
    expect(described).toContainEqual({ name: "mine", comment: "Mine.", nullable: false });
    expect(described).toContainEqual({ name: "id", comment: "Key.", nullable: false });
    expect(await queryDuckdb(fixture.file, "SELECT comment FROM duckdb_tables() WHERE table_name = 'things'")).toEqual([
      { comment: "A table." },
    ]);
  });

  test("works in a separate schema, with its indexes", async () => {
    await store(table, [{ id: 1, size: 2 }], "my schema");
    await byHand('CREATE INDEX mine ON "my schema".things (size)');
    const before = await indexes();
    expect(await store(definition, [row], "my schema")).toMatchObject({ unchanged: 1 });
    expect(await indexes()).toEqual(before);
  });
});

test("a foreign key of another table, and a constraint that cannot be recreated, block a new key", async () => {
  await store(table, [{ id: 1, size: 2 }]);
  await byHand(`ALTER TABLE things ADD PRIMARY KEY (id);
    CREATE TABLE notes (thing BIGINT REFERENCES things (id))`);
  await expect(store(keyed, [])).rejects.toEqual(refused("things", "FOREIGN KEY", "notes", "Drop it, sync"));
  await byHand(`DROP TABLE notes; CREATE TABLE made AS FROM things; DROP TABLE things;
    CREATE TABLE things (id BIGINT NOT NULL, size BIGINT CHECK (size > 0), _synced_at TIMESTAMPTZ NOT NULL,
      _deleted_at TIMESTAMPTZ); INSERT INTO things FROM made`);
  await expect(store(keyed, [])).rejects.toEqual(refused("things", "CHECK", "Drop it, sync"));
  await expect(store(wider, [])).rejects.toEqual(refused("things", "CHECK", "Drop it, sync"));
  expect(await store(table, [{ id: 1, size: 2 }])).toMatchObject({ unchanged: 1 });
});
