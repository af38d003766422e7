/** Queries that are running when their signal aborts, and what a PostgreSQL query must not reach. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Destination } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { files } from "@org/destination/files";
import { postgres } from "@org/destination/postgres";
import { ownDatabase } from "@org/testkit/own-database";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { during, store } from "./postgres-fixture.ts";

let database: string;
let folder: string;
beforeAll(async () => {
  database = await ownDatabase();
  folder = mkdtempSync(join(tmpdir(), "readers-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
});

const places: Readonly<Record<string, () => Destination>> = {
  duckdb: () => duckdb(join(folder, "a.duckdb")),
  files: () => files(join(folder, "files")),
  postgres: () => postgres(database),
};
const range = "SELECT count(*) AS n FROM range(1000000000000) a WHERE a.range % 7 = 8";
const series = "SELECT count(*) AS n FROM generate_series(1, 1000000000000) a WHERE a % 7 = 8";

test.each([
  ["duckdb", range],
  ["files", range],
  ["postgres", series],
])("an aborted signal ends a running query: %s, %s", async (kind, sql) => {
  const destination = places[kind]!();
  await during(destination, (session) => store(session));
  const controller = new AbortController();
  const reader = await destination.read!({ signal: controller.signal });
  const reason = new Error("enough");
  const asking = reader.query(sql);
  setTimeout(() => controller.abort(reason), 100);
  await expect(asking).rejects.toBe(reason);
  await reader.close();
  // The aborted query does not block the next one.
  const next = await destination.read!();
  expect(await next.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await next.close();
});

test("an aborted signal ends a DuckDB query of which rows were already read", async () => {
  const destination = places.duckdb!();
  await during(destination, (session) => store(session));
  const controller = new AbortController();
  const reader = await destination.read!({ signal: controller.signal });
  const reason = new Error("enough");
  // More rows than DuckDB buffers, and then nothing.
  const reading = async () => {
    const sql = `SELECT a.range AS n FROM range(1000000000000) a WHERE a.range < 300000 OR a.range % 7 = 8`;
    for await (const page of reader.pages(sql))
      if (page.some(({ n }) => n === 100_000)) setTimeout(() => controller.abort(reason), 100);
  };
  await expect(reading()).rejects.toBe(reason);
  await reader.close();
});

test("PostgreSQL itself ends the query of a disconnected reader", async () => {
  const destination = places.postgres!();
  const watcher = new pg.Client({ connectionString: database });
  await watcher.connect();
  const running = async () => {
    const { rows } = await watcher.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'FETCH%' ",
    );
    return rows[0].n;
  };
  const controller = new AbortController();
  const reader = await destination.read!({ signal: controller.signal });
  const asking = reader.query(series).catch(() => undefined);
  await expect.poll(running).toBeGreaterThan(0);
  controller.abort(new Error("enough"));
  await asking;
  await expect.poll(running).toBe(0);
  await reader.close();
  await watcher.end();
});

test("a superuser's reader of PostgreSQL reads tables, and none of the server's files", async () => {
  const destination = places.postgres!();
  await during(destination, (session) => store(session));
  const reader = await destination.read!();
  for (const sql of ["SELECT pg_read_file('/etc/hostname')", "SELECT pg_ls_dir('/')", "SELECT pg_reload_conf()"])
    await expect(reader.query(sql), sql).rejects.toMatchObject({ code: "NO_PERMISSION" });
  expect(await reader.query(`SELECT count(*) AS n FROM ${reader.table({ name: "things" })}`)).toEqual([{ n: 1 }]);
  await reader.close();
  // Later sessions are not affected.
  await during(destination, (session) => store(session));
});
