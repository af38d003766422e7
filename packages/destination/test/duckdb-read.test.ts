/** Reading unlocked files, several at once, and copying them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { copyDuckdb, duckdb, queryDuckdb, readDuckdb } from "@org/destination/duckdb";
import { createFixture, type DuckdbFixture } from "@org/testkit/places/duckdb";
import { afterEach, beforeEach, expect, test } from "vitest";

let fixture: DuckdbFixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.cleanup?.());

async function write(file: string, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

test("a copy includes what a killed process left in the log, and the file stays unchanged", async () => {
  const leaveInLog = "PRAGMA disable_checkpoint_on_shutdown";
  await write(fixture.file, leaveInLog, "CREATE TABLE things AS SELECT 42 AS id");
  const files = [fixture.file, `${fixture.file}.wal`];
  const before = files.map((file) => readFileSync(file));
  const copy = join(fixture.folder, "copy.duckdb");
  await copyDuckdb(fixture.file, copy);
  expect(files.map((file, index) => readFileSync(file).equals(before[index]!))).toEqual([true, true]);
  expect(await queryDuckdb(copy, "FROM things")).toEqual([{ id: 42 }]);
});

test("a file that a session holds open is not copied", async () => {
  const session = await duckdb(fixture.file).open({ pipeline: "one" });
  const copy = join(fixture.folder, "copy.duckdb");
  await expect(copyDuckdb(fixture.file, copy)).rejects.toMatchObject({ code: "LOCKED" });
  await session.close();
  expect(existsSync(copy)).toBe(false);
});

test("queries see the files next to theirs, and write to none of them", async () => {
  const other = join(fixture.folder, "it's other.duckdb");
  await write(fixture.file, "CREATE TABLE things AS SELECT 1 AS id");
  await write(other, "CREATE TABLE things AS SELECT 2 AS id");
  await readDuckdb(
    fixture.file,
    async (query) => {
      expect(await query("SELECT t.id, o.id AS other FROM things t, other.main.things o")).toEqual([
        { id: 1, other: 2 },
      ]);
      for (const table of ["things", "other.main.things"]) {
        await expect(query(`INSERT INTO ${table} VALUES (3)`)).rejects.toMatchObject({ code: "NO_PERMISSION" });
      }
    },
    { beside: { other } },
  );
});

test("an aborted signal ends a query", async () => {
  await write(fixture.file, "CREATE TABLE things AS SELECT 1 AS id");
  const controller = new AbortController();
  const endless = readDuckdb(
    fixture.file,
    async (query) => {
      const counting = query("SELECT sum(a.range * b.range) FROM range(1000000000) a, range(1000000000) b");
      controller.abort(new Error("enough"));
      return counting;
    },
    { signal: controller.signal },
  );
  await expect(endless).rejects.toThrow("enough");
});
