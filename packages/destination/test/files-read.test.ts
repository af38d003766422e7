/** Reading the files as README.md describes. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { defineTable } from "@org/destination";
import { compact, currentFiles, files } from "@org/destination/files";
import { createFixture, type FilesFixture } from "@org/testkit/places/files";
import { afterEach, beforeEach, expect, test } from "vitest";

const table = defineTable({
  name: "things",
  description: "A table.",
  primaryKey: ["id"],
  columns: { id: { type: "int64", description: "Key." }, text: { type: "string", description: "Text." } },
});

let fixture: FilesFixture;
let folder: string;
beforeEach(async () => {
  fixture = await createFixture();
  // In the query's glob pattern, brackets have a special meaning.
  folder = join(fixture.folder, "..", "orchestration");
});
afterEach(() => fixture.cleanup?.());

async function fill(pipeline = "p", name = "things"): Promise<void> {
  const session = await files(folder).open({ pipeline });
  const things = { ...table, name };
  await session.prepare([things]);
  const rows = (text: string, ...ids: number[]) => ids.map((id) => ({ id, text }));
  const state = { version: 1, value: 1 };
  await session.commit("s", { table: things, upserts: rows("old", 1, 2, 3, 4), state });
  await session.commit("s", { table: things, upserts: rows("new", 2, 5), remove: [{ id: 3 }], state });
  await session.commit("s", { table: things, replace: [{ scope: { id: { in: [4] } }, rows: [] }], state });
  await session.close();
}

async function query(...statements: string[]) {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    for (const statement of statements.slice(0, -1)) await connection.run(statement);
    return (await connection.runAndReadAll(statements.at(-1) as string)).getRowsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The query in README.md, with fewer columns. */
const documented = () =>
  query(
    `SET VARIABLE files = (
      SELECT list_transform(tables->>'$.things.files[*].path', path -> '${folder}/' || path)
      FROM read_json('${folder}/_sync/manifests/*.json', columns = {number: 'BIGINT', tables: 'JSON'})
      ORDER BY number DESC LIMIT 1)`,
    `SELECT id::INTEGER, text, _deleted_at IS NOT NULL FROM (
      SELECT * FROM read_parquet(getvariable('files'), filename = true)
      QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC) = 1)
    WHERE NOT _removed ORDER BY id`,
  );

const expected = [
  [1, "old", false],
  [2, "new", false],
  [4, "old", true],
  [5, "new", false],
];

test("the README's query returns the current rows, before and after compacting", async () => {
  await fill();
  expect(await currentFiles(folder, "things")).toHaveLength(3);
  expect(await documented()).toEqual(expected);
  await compact(folder);
  expect(await documented()).toEqual(expected);
});

test("after compacting, one file is the whole table", async () => {
  await fill();
  await compact(folder);
  const [file, ...others] = await currentFiles(folder, "things");
  expect(others).toEqual([]);
  const plain = `SELECT id::INTEGER, text, _deleted_at IS NOT NULL FROM read_parquet('${file}') ORDER BY id`;
  expect(await query(plain)).toEqual(expected);
});

test("a reader that started before a table was compacted can finish", async () => {
  await fill();
  const before = await currentFiles(folder, "things");
  await compact(folder);
  const list = before.map((file) => `'${file}'`).join(", ");
  expect(await query(`SELECT count(*)::INTEGER FROM read_parquet([${list}])`)).toEqual([[8]]);
  await compact(folder, { graceMs: 0 });
  expect(await readdir(join(folder, "things"))).toHaveLength(1);
  expect(await documented()).toEqual(expected);
});

test("compacting skips tables that need no rewrite, and never waits", async () => {
  await fill();
  await fill("other", "others");
  await compact(folder);
  const once = await currentFiles(folder, "things");
  await compact(folder);
  expect(await currentFiles(folder, "things")).toEqual(once);
  const session = await files(folder).open({ pipeline: "p" });
  await expect(compact(folder)).rejects.toMatchObject({ code: "LOCKED" });
  await session.close();
});

test("a missing table is named, with the existing ones", async () => {
  await fill();
  await expect(currentFiles(folder, "nothing")).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: expect.stringMatching(/nothing.*things/),
  });
});
