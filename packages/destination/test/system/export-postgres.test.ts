/** Exports of PostgreSQL's tables, and of CSV that its COPY reads back. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import { duckdb } from "@org/destination/duckdb";
import { ownDatabase } from "@org/testkit/own-database";
import { createFixture, query } from "@org/testkit/places/postgres";
import pg from "pg";
import { from } from "pg-copy-streams";
import { expect, test } from "vitest";
import { exported, fill, hostile, type Run, run, runs, stored, temporaryFolder } from "../export-world.ts";

const url = await ownDatabase();

test.each(["csv", "ndjson", "parquet"] as const)(
  "rows of PostgreSQL are identical in %s, and windows select them",
  async (format) => {
    const destination = createFixture(url).connect();
    await fill(destination, hostile);
    const { rows } = await exported(destination, { format });
    expect(await rows()).toEqual(await stored(destination));
    const window = { since: "2026-11-01T00:00:00.000001Z", until: "2026-11-01T00:00:00.000002Z" };
    const picked = await exported(destination, { format, window });
    expect((await picked.rows()).map(({ id }) => id)).toEqual([5]);
    const changed = await exported(destination, { format, changedSince: "2999-01-01T00:00:00.000000Z" });
    expect(await changed.rows()).toEqual([]);
  },
);

test("a database's own time zone and date style change nothing in an export", async () => {
  const rows = [
    run(1, { created: "2026-10-25T00:30:00.123456Z", seconds: 0.1 }),
    run(2, { created: "2026-10-25T01:30:00.000000Z" }),
    run(3, { created: "2026-03-29T01:00:00.000000Z", done: true }),
  ];
  const own = await ownDatabase();
  await fill(createFixture(own).connect(), []);
  const name = pg.escapeIdentifier(new URL(own).pathname.slice(1));
  for (const setting of ["timezone = 'Europe/Berlin'", "datestyle = 'SQL, DMY'", "extra_float_digits = -5"]) {
    await query(own, `ALTER DATABASE ${name} SET ${setting}`);
  }
  const destination = createFixture(own).connect();
  await fill(destination, rows);
  for (const format of ["csv", "ndjson", "parquet"] as const) {
    const { rows: all } = await exported(destination, { format, tables: [runs] });
    expect(
      (await all()).map(({ id, created, seconds, done }) =>
        run(Number(id), { created, seconds, done } as Partial<Run>),
      ),
    ).toEqual(rows);
    const window = { since: "2026-10-25T00:30:00.123456Z", until: "2026-10-25T01:30:00.000000Z" };
    const hour = await exported(destination, { format, tables: [runs], window });
    expect((await hour.rows()).map(({ id }) => id)).toEqual([1]);
  }
});

test("PostgreSQL's COPY reads the CSV as it was stored, and distinguishes null from empty text", async () => {
  const destination = duckdb(join(temporaryFolder(), "from.duckdb"));
  await fill(destination, [...hostile, run(11, { name: "" }), run(12)]);
  const { into, manifest } = await exported(destination, { format: "csv", tables: [runs] });
  const place = createFixture(url);
  await fill(place.connect(), []);
  const table = `${pg.escapeIdentifier(place.schema)}.runs`;
  await query(url, `TRUNCATE ${table}`);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const names = manifest.files[0]!.columns.map(({ name }) => pg.escapeIdentifier(name)).join(", ");
    const copying = client.query(from(`COPY ${table} (${names}) FROM STDIN (FORMAT csv, HEADER)`));
    copying.end(gunzipSync(readFileSync(join(into, manifest.files[0]!.path))));
    await finished(copying);
  } finally {
    await client.end();
  }
  expect(await stored(place.connect())).toEqual(await stored(destination));
  expect(await query(url, `SELECT id FROM ${table} WHERE name IS NULL ORDER BY id`)).toEqual([
    { id: "1" },
    { id: "12" },
  ]);
});
