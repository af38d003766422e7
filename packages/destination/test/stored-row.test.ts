/** What drivers return by default: the types of `StoredRow` match real query results. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DuckDBInstance } from "@duckdb/node-api";
import { type Destination, defineTable, type Row, type StoredRow } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { postgres } from "@org/destination/postgres";
import { sqlite } from "@org/destination/sqlite";
import { ownDatabase } from "@org/testkit/own-database";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";

const things = defineTable({
  name: "things",
  description: "A column of each type, and one that may be null.",
  primaryKey: ["id"],
  columns: {
    id: { type: "string", description: "Key." },
    count: { type: "int64", description: "A whole number." },
    no_count: { type: "int64", nullable: true, description: "A whole number, or none." },
    share: { type: "float64", description: "A number." },
    no_share: { type: "float64", nullable: true, description: "A number, or none." },
    is_on: { type: "boolean", description: "Yes or no." },
    is_off: { type: "boolean", description: "Yes or no." },
    no_flag: { type: "boolean", nullable: true, description: "Yes, no, or neither." },
    at: { type: "timestamp", description: "A moment." },
    no_time: { type: "timestamp", nullable: true, description: "A moment, or none." },
    data: { type: "json", description: "Anything." },
    no_data: { type: "json", nullable: true, description: "Anything, or nothing." },
  },
});

const at = "2026-11-21T09:30:00.123456Z";
const nothing = { no_count: null, no_share: null, no_flag: null, no_time: null, no_data: null };
const data = { list: [1, "a", null, true] };
const row: Row<typeof things> = {
  ...{ id: "a", count: 7, share: 0.5, is_on: true, is_off: false, at, data },
  ...nothing,
};
const gone = { ...row, id: "b" };

/** Stores two rows, one of them marked as deleted. */
async function store(destination: Destination): Promise<void> {
  const session = await destination.open({ pipeline: "test" });
  await session.prepare([things]);
  const state = { version: 1, value: null };
  await session.commit("things", { table: things, upserts: [row, gone], state });
  await session.commit("things", { table: things, replace: [{ scope: {}, rows: [row] }], state });
  await session.close();
}

function file(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), "stored-row-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}

const query = "SELECT * FROM things ORDER BY id";

test("pg reads integers as text, timestamps as dates and JSON parsed", async () => {
  const url = await ownDatabase();
  await store(postgres(url));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<StoredRow<typeof things, "postgres">>(query);
  await client.end();

  const [first, second] = rows;
  const synced: Date = first!._synced_at;
  const expected: StoredRow<typeof things, "postgres"> = {
    ...{ id: "a", count: "7", share: 0.5, is_on: true, is_off: false, at: new Date(at), data },
    ...nothing,
    _synced_at: synced,
    _deleted_at: null,
  };
  expect(rows).toEqual([
    expected,
    { ...expected, id: "b", _synced_at: expect.any(Date), _deleted_at: second!._deleted_at },
  ]);
  const deleted: Date | null = second!._deleted_at;
  expect([synced, deleted]).toEqual([expect.any(Date), expect.any(Date)]);
});

test("node:sqlite reads integers as numbers, booleans as 0 and 1, timestamps and JSON as text", async () => {
  const path = file("things.sqlite");
  await store(sqlite(path));
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare(query).all() as unknown as StoredRow<typeof things, "sqlite">[];
  database.close();

  const [first, second] = rows;
  const synced: string = first!._synced_at;
  const expected: StoredRow<typeof things, "sqlite"> = {
    ...{ id: "a", count: 7, share: 0.5, is_on: 1, is_off: 0, at, data: JSON.stringify(data) },
    ...nothing,
    _synced_at: synced,
    _deleted_at: null,
  };
  const deleted: string | null = second!._deleted_at;
  expect({ ...first }).toEqual(expected);
  expect({ ...second }).toEqual({ ...expected, id: "b", _synced_at: second!._synced_at, _deleted_at: deleted });
  for (const text of [synced, deleted]) expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
});

test("@duckdb/node-api reads integers as bigint, timestamps as dates and JSON as text", async () => {
  const path = file("things.duckdb");
  await store(duckdb(path));
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(query);
  const rows = reader.getRowObjectsJS() as unknown as StoredRow<typeof things, "duckdb">[];
  connection.closeSync();
  instance.closeSync();

  const [first, second] = rows;
  const synced: Date = first!._synced_at;
  const expected: StoredRow<typeof things, "duckdb"> = {
    ...{ id: "a", count: 7n, share: 0.5, is_on: true, is_off: false, at: new Date(at), data: JSON.stringify(data) },
    ...nothing,
    _synced_at: synced,
    _deleted_at: null,
  };
  const deleted: Date | null = second!._deleted_at;
  expect(rows).toEqual([expected, { ...expected, id: "b", _synced_at: expect.any(Date), _deleted_at: deleted }]);
  expect([synced, deleted]).toEqual([expect.any(Date), expect.any(Date)]);
});
