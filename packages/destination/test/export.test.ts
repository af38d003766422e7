/** What exports write, as DuckDB reads it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { defineTable } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { exportTables, verifyExports } from "@org/destination/export";
import { expect, test } from "vitest";
import {
  exact,
  exported,
  fill,
  hostile,
  kinds,
  places,
  readBack,
  run,
  runs,
  stored,
  temporaryFolder,
} from "./export-world.ts";

const forms = [
  { format: "csv", compression: "gzip" },
  { format: "csv", compression: "zstd" },
  { format: "ndjson", compression: "zstd" },
  { format: "ndjson", compression: "gzip" },
  { format: "parquet", compression: "zstd" },
] as const;

for (const [kind, create] of Object.entries(kinds)) {
  test.each(forms)(
    `rows of ${kind} are the same in $format with $compression, null and empty text told apart`,
    async (form) => {
      const destination = create(temporaryFolder());
      const given = form.format === "ndjson" ? hostile : [...hostile, exact];
      await fill(destination, given);
      const { manifest, rows } = await exported(destination, form);
      expect(await rows()).toEqual(await stored(destination));
      expect(manifest.files.map(({ table, rows }) => [table, rows])).toEqual([
        ["runs", given.length],
        ["places", 1],
      ]);
    },
  );
}

test("exports deleted rows with their _deleted_at", async () => {
  const destination = duckdb(join(temporaryFolder(), "from.duckdb"));
  await fill(destination);
  const session = await destination.open({ pipeline: "p" });
  await session.prepare([runs]);
  await session.commit("runs", {
    table: runs,
    replace: [{ scope: { id: { in: [1] } }, rows: [] }],
    state: { version: 1, value: 2 },
  });
  await session.close();
  const { rows } = await exported(destination);
  const [gone, ...others] = (await rows()).toSorted(
    (a, b) => Number(a._deleted_at === null) - Number(b._deleted_at === null),
  );
  expect(gone).toMatchObject({ id: 1, _deleted_at: expect.stringMatching(/Z$/) });
  expect(others.every(({ _deleted_at }) => _deleted_at === null)).toBe(true);
});

test("writes the manifest last, which describes the files, and leaves nothing else", async () => {
  const destination = duckdb(join(temporaryFolder(), "from.duckdb"));
  await fill(destination);
  const position = {
    pipeline: "p",
    stream: "runs",
    position: "2026-11-30T00:00:00.000Z",
    committedAt: "2026-11-30T00:00:01.000Z",
  };
  const into = join(temporaryFolder(), "not", "there", "yet");
  const { manifest } = await exported(destination, { into, format: "csv", positions: async () => [position] });
  const [year, month, day, time] = /(\d{4})-(\d\d)-(\d\d)T(\d{6})Z/.exec(manifest.id)!.slice(1);
  expect(manifest.files.map(({ path }) => path)).toEqual(
    ["runs", "places"].map((name) => `${year}/${month}/${day}/${name}_${time}.csv.gz`),
  );
  expect(readdirSync(into).toSorted()).toEqual([year, "_exports"].toSorted());
  expect(readdirSync(join(into, "_exports"))).toEqual([`${manifest.id}.json`]);
  expect(JSON.parse(readFileSync(join(into, "_exports", `${manifest.id}.json`), "utf8"))).toEqual(manifest);
  expect(manifest).toMatchObject({ from: destination.name, format: "csv", compression: "gzip", positions: [position] });
  expect(manifest.files[0]!.columns.slice(0, 2)).toEqual([
    { name: "id", type: "int64", nullable: false },
    { name: "name", type: "string", nullable: true },
  ]);
  expect(await verifyExports(into)).toEqual({
    exports: [{ id: manifest.id, files: 2, rows: hostile.length + 1, bytes: expect.any(Number), problems: [] }],
    unfinished: [],
    unexpected: [],
  });
});

test("the Hive layout has a folder per table, partitioned by day", async () => {
  const destination = duckdb(join(temporaryFolder(), "from.duckdb"));
  await fill(destination);
  const { manifest } = await exported(destination, { layout: "hive", tables: [runs] });
  expect(manifest.files[0]!.path).toMatch(/^runs\/dt=\d{4}-\d\d-\d\d\/runs_\d{6}\.parquet$/);
});

test("writes formulas unchanged, and with safeCsv guards those in strings and JSON, but no numbers", async () => {
  const texts = ["=1", "+1", "-1", "@a", " =1", "\t=1", "\r1", "＝1", "a=1", "'=1", ""];
  const destination = duckdb(join(temporaryFolder(), "from.duckdb"));
  await fill(destination, [...texts.map((name, index) => run(-index - 1, { name })), run(1, { conf: -1 })]);
  const plain = await exported(destination, { format: "csv" });
  expect(await plain.rows()).toEqual(await stored(destination));
  const safe = await exported(destination, { format: "csv", safeCsv: true });
  expect(safe.manifest.safeCsv).toBe(true);
  const text = gunzipSync(readFileSync(join(safe.into, safe.manifest.files[0]!.path))).toString();
  for (const name of ["'=1", "'+1", "'-1", "'@a", "' =1", "'\t=1", "'\r1", "'＝1", "a=1", "'=1", ""]) {
    expect(text).toContain(`,"${name}",,`);
  }
  expect(text).toMatch(/^-1,/m);
  expect(text).toContain('1,,,,,,"\'-1",');
});

test("rejects invalid options before it creates anything", async () => {
  const folder = temporaryFolder();
  const into = join(folder, "to");
  const destination = duckdb(join(folder, "from.duckdb"));
  await fill(destination);
  const attempt = (options: object) => exportTables(destination, { into, tables: [runs], ...options });
  await expect(attempt({ format: "xml" })).rejects.toThrow(/format is xml. Write one of csv, ndjson, parquet/);
  await expect(attempt({ format: "parquet", compression: "gzip" })).rejects.toThrow(/parquet is compressed with zstd/);
  await expect(attempt({ tables: [] })).rejects.toThrow(/no tables were given/);
  await expect(attempt({ tables: [runs, places, runs] })).rejects.toThrow(/names runs twice/);
  await expect(attempt({ window: { since: "yesterday" } })).rejects.toThrow(/since is not a valid time/);
  const [late, early] = ["2026-11-02T00:00:00.000000Z", "2026-11-01T00:00:00.000000Z"];
  await expect(attempt({ window: { since: late, until: early } })).rejects.toThrow(/is empty/);
  expect(readdirSync(folder)).not.toContain("to");
});

test("exports rows that exceed the usual memory limit", async () => {
  const destination = duckdb(join(temporaryFolder(), "from.duckdb"));
  const large = Array.from({ length: 1000 }, (_, id) => run(id, { name: `${id} `.repeat(30_000) }));
  await fill(destination, large);
  const { manifest, into } = await exported(destination, { tables: [runs] });
  expect(manifest.files[0]!.rows).toBe(1000);
  expect((await verifyExports(into)).exports[0]!.problems).toEqual([]);
});

test("lowers the memory limit again after a file of large rows", async () => {
  const folder = temporaryFolder();
  const destination = duckdb(join(folder, "from.duckdb"));
  await fill(destination, []);
  const reader = await destination.read!({ copyInto: folder });
  const settings = () =>
    reader.query("SELECT current_setting('memory_limit') AS memory, current_setting('threads') AS threads");
  const before = await settings();
  const sql = "SELECT repeat(i::VARCHAR, 20000) AS large FROM range(2500) AS r(i)";
  expect(await reader.copy!(sql, { file: join(folder, "large.parquet"), format: "FORMAT parquet" })).toBe(2500);
  expect(await settings()).toEqual(before);
  await reader.close();
});

const odd = defineTable({
  name: "we\"ird, ta'ble/..%é",
  description: "",
  primaryKey: ["select"],
  datedBy: ['t "x", \''],
  columns: {
    select: { type: "int64", description: "" },
    't "x", \'': { type: "timestamp", nullable: true, description: "" },
    'a"b,c\n': { type: "string", nullable: true, description: "" },
  },
});

test.each(Object.keys(kinds))("escapes names in %s that SQL, CSV and paths would misread, and NUL", async (kind) => {
  const destination = kinds[kind]!(temporaryFolder());
  const session = await destination.open({ pipeline: "p" });
  await session.prepare([odd]);
  const upserts = [{ select: 1, 't "x", \'': "2026-01-01T00:00:00.000000Z", 'a"b,c\n': "a\0b" }];
  await session.commit("odd", { table: odd, upserts, state: { version: 1, value: null } });
  await session.close();
  for (const format of ["csv", "ndjson", "parquet"] as const) {
    const into = join(temporaryFolder(), "to");
    const window = { since: "2026-01-01T00:00:00.000000Z" };
    const manifest = await exportTables(destination, { into, tables: [odd], format, layout: "hive", window });
    expect(manifest.files[0]!.path).toMatch(/^we%22ird%2c%20ta%27ble%2f%2e%2e%25%c3%a9\/dt=/);
    expect(await readBack(into, manifest, odd.name)).toEqual([
      {
        ...upserts[0],
        'a"b,c\n': kind === "sqlite" ? "a\ufffdb" : "a\0b",
        _synced_at: expect.any(String),
        _deleted_at: null,
      },
    ]);
    expect((await verifyExports(into)).exports.flatMap(({ problems }) => problems)).toEqual([]);
  }
});
