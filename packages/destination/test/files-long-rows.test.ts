/** Large rows: their layout in Parquet, and rows that a text format could hold but no reader could return. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { files } from "@org/destination/files";
import { createFixture } from "@org/testkit/places/files";
import { afterEach, expect, test } from "vitest";
import { during, row, store, table } from "./postgres-fixture.ts";

let cleanup: (() => Promise<void>) | undefined;
afterEach(() => cleanup?.());

test.each(["csv", "ndjson"] as const)("only the row of many megabytes is rejected, in %s", async (format) => {
  const fixture = await createFixture({ format });
  cleanup = async () => fixture.cleanup?.();
  const long = row({ id: "long", data: { text: '"'.repeat(20 * 2 ** 20) } });
  await during(fixture.connect(), async (session) => {
    await expect(store(session, [row({ id: "a" }), long])).rejects.toMatchObject({
      code: "INVALID_ROW",
      rows: [{ key: { id: "long" }, reason: expect.stringContaining("32 MB") }],
    });
    expect(await store(session, [row({ id: "a" })])).toMatchObject({ inserted: 1 });
  });
  await during(fixture.connect(), async (session) => {
    await session.prepare([table]);
    expect(await session.count(table, {})).toBe(1);
  });
});

test("I11: a Parquet row group, which writers and readers hold as a whole, has few large rows", async () => {
  const folder = mkdtempSync(join(tmpdir(), "large-rows-"));
  cleanup = async () => rmSync(folder, { recursive: true, force: true });
  const text = (index: number) => `${index}${"x".repeat(100_000)}`;
  await during(files(join(folder, "files")), async (session) => {
    // The last session rewrites all rows into one file.
    for (let start = 0; start < 440; start += 20) {
      const batch = Array.from({ length: 20 }, (_, index) =>
        row({ id: String(start + index), data: { text: text(index) } }),
      );
      await store(session, batch);
    }
  });
  const path = join(folder, "other.duckdb");
  await (await duckdb(path).open({ pipeline: "other" })).close();
  const found = await queryDuckdb(
    path,
    `SELECT max(row_group_num_rows) AS most FROM parquet_metadata('${join(folder, "files")}/**/*.parquet')`,
  );
  // Two megabytes, plus the chunk that exceeds it.
  expect(Number(found[0]?.most)).toBeLessThanOrEqual(100);
});
