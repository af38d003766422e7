/** I16: creating a database never uses or replaces someone else's file. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { copyDuckdb, duckdb } from "@org/destination/duckdb";
import { files } from "@org/destination/files";
import { sqlite } from "@org/destination/sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "destination-"));
});
afterEach(() => rm(folder, { recursive: true }));

test.each([
  ["DuckDB", duckdb, ".wal"],
  ["SQLite", sqlite, "-wal"],
  ["SQLite", sqlite, "-journal"],
])("I16: a new file of %s leaves alone what lies where its log would be", async (_, destination, ending) => {
  const file = join(folder, "new.db");
  await writeFile(file + ending, "mine");
  await expect(destination(file).open({ pipeline: "p" })).rejects.toMatchObject({
    code: "NOT_A_DESTINATION",
    message: expect.stringMatching(new RegExp(`new\\.db\\${ending} does.*move that file away`)),
  });
  expect(await readdir(folder)).toEqual([`new.db${ending}`]);
  expect(await readFile(file + ending, "utf8")).toBe("mine");
});

test.each(["copy.duckdb", "copy.duckdb.wal"])("I16: a copy does not overwrite %s", async (name) => {
  const file = join(folder, "a.duckdb");
  await (await duckdb(file).open({ pipeline: "p" })).close();
  await writeFile(join(folder, name), "mine");
  await expect(copyDuckdb(file, join(folder, "copy.duckdb"))).rejects.toMatchObject({
    code: "NOT_A_DESTINATION",
    message: expect.stringContaining(name),
  });
  expect((await readdir(folder)).sort()).toEqual(["a.duckdb", name]);
  expect(await readFile(join(folder, name), "utf8")).toBe("mine");
});

test("I16: a copy for readers replaces an older copy, and nothing else", async () => {
  const copy = join(folder, "copy.duckdb");
  const openAndClose = async () => (await duckdb(join(folder, "a.duckdb"), { copy }).open({ pipeline: "p" })).close();
  await writeFile(copy, "mine");
  await expect(openAndClose()).rejects.toMatchObject({ code: "NOT_A_DESTINATION" });
  expect(await readFile(copy, "utf8")).toBe("mine");
  await rm(copy);
  // A user's own database.
  const instance = await DuckDBInstance.create(copy);
  instance.closeSync();
  await expect(openAndClose()).rejects.toMatchObject({ code: "NOT_A_DESTINATION" });
  await rm(copy);
  await openAndClose();
  await openAndClose();
});

test("I16: folders named like working copies of dead processes stay if they contain anything else", async () => {
  // No process has this id.
  const others = ["files-destination-4194305", "files-destination-4194305-notes"];
  for (const name of others) {
    await mkdir(join(tmpdir(), name), { recursive: true });
    await writeFile(join(tmpdir(), name, "notes.txt"), "mine");
  }
  try {
    await (await files(join(folder, "out")).open({ pipeline: "p" })).close();
    for (const name of others) expect(await readFile(join(tmpdir(), name, "notes.txt"), "utf8")).toBe("mine");
  } finally {
    for (const name of others) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
});
