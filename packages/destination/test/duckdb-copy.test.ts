import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { duckdb } from "@org/destination/duckdb";
import { createFixture, type DuckdbFixture } from "@org/testkit/places/duckdb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { thing, things } from "../src/testing/sample.ts";

let fixture: DuckdbFixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.cleanup?.());

const state = { version: 1, value: 1 };

test("each session leaves a copy that can be read while the next session is open", async () => {
  const copy = join(fixture.folder, "copy.duckdb");
  const destination = duckdb(fixture.file, { copy });
  const commit = async (id: number) => {
    const session = await destination.open({ pipeline: "p" });
    await session.prepare([things]);
    await session.commit("things", { table: things, upserts: [thing(id)], state });
    return session;
  };
  const ids = async () => {
    const reader = await destination.read!();
    const rows = await reader.query(`SELECT id FROM ${reader.table(things)} ORDER BY id`);
    await reader.close();
    const [pipeline] = (await destination.contents!()) ?? [];
    expect(pipeline?.tables[0]?.rows, "what it says to hold").toBe(rows.length);
    return rows.map(({ id }) => id);
  };
  const first = await commit(1);
  expect(existsSync(copy)).toBe(false);
  await expect(destination.read!()).rejects.toMatchObject({ code: "NOT_FOUND" });
  await first.close();
  await first.close();
  expect(await ids()).toEqual([1]);
  const second = await commit(2);
  expect(await ids()).toEqual([1]);
  await second.close();
  expect(await ids()).toEqual([1, 2]);
  expect(readdirSync(fixture.folder).sort()).toEqual(["copy.duckdb", "test.duckdb"]);
});

test("without a copy, a reader learns who is writing, and a query reads no other file", async () => {
  const destination = duckdb(fixture.file);
  const session = await destination.open({ pipeline: "p" });
  await expect(destination.read!()).rejects.toMatchObject({ code: "LOCKED", retryable: true });
  await session.close();
  const reader = await destination.read!();
  for (const sql of [
    "SELECT * FROM read_text('/etc/hostname')",
    "SET enable_external_access = true",
    "ATTACH 'x.duckdb'",
  ]) {
    await expect(reader.query(sql), sql).rejects.toThrow(/file system|only reads/);
  }
  await reader.close();
});
