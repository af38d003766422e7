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
import { exported, fill, hostile, run, runs, stored, temporaryFolder } from "../export-world.ts";

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
