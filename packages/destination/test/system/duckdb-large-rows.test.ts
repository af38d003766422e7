import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Table } from "@org/destination";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { expect, onTestFinished, test } from "vitest";
import { Database } from "../../src/duckdb/database.ts";
import { openFile } from "../../src/duckdb/open.ts";
import { namesIn } from "../../src/sql/names.ts";

const table = {
  name: "runs",
  description: "Runs.",
  columns: {
    id: { type: "int64", description: "Its number." },
    conf: { type: "json", nullable: true, description: "What it was given." },
  },
  primaryKey: ["id"],
} as const satisfies Table;

const kilobyte = 1024;

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "large-rows-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "runs.duckdb");
}

/** Stores rows in batches of ten, starting at a number. */
async function store(path: string, { from = 0, rows, bytes }: { from?: number; rows: number; bytes: number }) {
  const session = await duckdb(path).open({ pipeline: "runs" });
  try {
    await session.prepare([table]);
    for (let start = from; start < from + rows; start += 10) {
      const upserts = Array.from({ length: 10 }, (_, index) => ({ id: start + index, conf: ["x".repeat(bytes)] }));
      const { inserted } = await session.commit("runs", { table, upserts, state: { version: 1, value: start } });
      expect(inserted).toBe(10);
    }
  } finally {
    await session.close();
  }
}

/** The number of rows in each row group. */
async function rowGroups(path: string): Promise<number[]> {
  const segments = await queryDuckdb(
    path,
    `SELECT sum(count) AS rows FROM pragma_storage_info('runs')
     WHERE column_name = 'id' AND segment_type <> 'VALIDITY' GROUP BY row_group_id ORDER BY row_group_id`,
  );
  return segments.map(({ rows }) => Number(rows));
}

test("I11: a row group holds few large rows, so that few are read at once", async () => {
  const path = newFile();
  await store(path, { rows: 600, bytes: 100 * kilobyte });
  await store(path, { from: 600, rows: 10, bytes: 100 * kilobyte });
  const groups = await rowGroups(path);
  expect(groups.reduce((sum, rows) => sum + rows, 0)).toBe(610);
  // Checkpoints are 4 MB apart, plus the batch that exceeds it.
  expect(Math.max(...groups)).toBeLessThanOrEqual(60);
  expect(groups.at(-1)).toBe(10);
});

test("small rows of many sessions share a row group", async () => {
  const path = newFile();
  for (let session = 0; session < 5; session += 1) await store(path, { from: session * 20, rows: 20, bytes: 100 });
  const groups = await rowGroups(path);
  expect(groups.reduce((sum, rows) => sum + rows, 0)).toBe(100);
  expect(groups.length).toBeLessThanOrEqual(2);
});

test("a few long texts among small rows change nothing", async () => {
  const path = newFile();
  await store(path, { rows: 10, bytes: 10 * kilobyte });
  for (let session = 1; session < 4; session += 1) await store(path, { from: session * 10, rows: 10, bytes: 100 });
  expect((await rowGroups(path)).length).toBeLessThanOrEqual(2);
});

test("many row groups of large rows are merged at the end of a session, however few rows it wrote", async () => {
  const path = newFile();
  await store(path, { rows: 10, bytes: 20 * kilobyte });
  const { connection, close } = await openFile(path, path, "a test", {});
  await connection.run("SET max_vacuum_tasks = 0");
  for (let id = 100; id < 331; id += 1) {
    await connection.run(`INSERT INTO runs VALUES (${id}, to_json(repeat('x', 20000)), now(), NULL)`);
    await connection.run("CHECKPOINT");
  }
  close();
  expect((await rowGroups(path)).length).toBeGreaterThan(200);
  await store(path, { from: 500, rows: 10, bytes: 20 * kilobyte });
  expect(await rowGroups(path)).toEqual([251]);
});

test("a transaction that exceeds DuckDB's memory limit is retried with the machine's memory", async () => {
  const file = await openFile(newFile(), "a file", "a test", { memoryLimit: "40MB" });
  const large = "SELECT list(repeat('x', 1000000)) AS texts FROM range(60)";
  const database = new Database({ ...file, memoryLimit: 40_000_000 }, "a file", namesIn("main"));
  const fixed = new Database({ ...file, memoryLimit: undefined }, "a file", namesIn("main"));
  let tries = 0;
  const work = (which: Database) => () => {
    tries += 1;
    return which.run(`CREATE OR REPLACE TEMP TABLE large AS ${large}`);
  };
  await expect(fixed.transaction(work(fixed))).rejects.toThrow("Out of Memory");
  await database.transaction(work(database));
  expect(tries).toBe(3);
  await database.close();
});

test("a table with an index, whose rows cannot be spread out, gets the memory that 2,048 of them need", async () => {
  const file = await openFile(newFile(), "a file", "a test", {});
  const database = new Database(file, "a file", namesIn("main"));
  const limit = async () => {
    const [found] = await database.read("SELECT current_setting('memory_limit') AS value");
    return found?.value;
  };
  await database.run("CREATE TABLE runs (id BIGINT, conf JSON)");
  const batch = [
    [1, 2],
    ["x".repeat(300_000), "x".repeat(300_000)],
  ];
  await database.largeRows?.expect("runs", batch);
  expect(await limit()).toBe("91.5 MiB");
  await database.run("CREATE INDEX by_id ON runs (id)");
  const again = new Database(file, "a file", namesIn("main"));
  await again.largeRows?.expect("runs", batch);
  // Twice 2,048 times 300 kB.
  expect(await limit()).toBe("1.1 GiB");
  await database.close();
});

test("a limit set by the user stays, and the error says what it is too low for", async () => {
  const path = newFile();
  const session = await duckdb(path, { memoryLimit: "12MB" }).open({ pipeline: "runs" });
  onTestFinished(() => session.close());
  await session.prepare([table]);
  const upserts = Array.from({ length: 40 }, (_, id) => ({ id, conf: ["x".repeat(1_000_000)] }));
  const storing = session.commit("runs", { table, upserts, state: { version: 1, value: null } });
  await expect(storing).rejects.toThrow("raise memoryLimit, or exclude the largest columns");
});
