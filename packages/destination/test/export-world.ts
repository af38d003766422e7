/** A table with values that files like to lose, and the places that tables are exported from. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { type Destination, parseJson, type Row, type StoredValues } from "@org/destination";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { type ExportManifest, type ExportOptions, exportTables } from "@org/destination/export";
import { files } from "@org/destination/files";
import { sqlite } from "@org/destination/sqlite";
import { onTestFinished } from "vitest";
import { places, runs } from "./export-tables.ts";

export { places, runs };

export type Run = Row<typeof runs>;

export const run = (id: number | bigint, known: Partial<Run> = {}): Run => ({
  ...{ id, name: null, created: null, begun: null, seconds: null, done: null, conf: null },
  ...known,
});

/** Rows of which each is a trap. */
export const hostile: readonly Run[] = [
  run(1),
  run(2, { name: "" }),
  run(3, { name: '"', conf: { a: [1, null, 'x,\n"y"'] } }),
  run(4, { name: "a,b\r\nc\td\\N\\", seconds: -0.1, done: false }),
  run(5, { name: "NULL", created: "2026-11-01T00:00:00.000001Z", done: true }),
  run(6, { name: "=1+1", begun: "1999-12-31T23:59:59.999999Z" }),
  run(9_223_372_036_854_775_807n, { name: "\u00e9\u{1f600}\u2028", seconds: 1e300, conf: [] }),
  run(-7, { name: " padded ", conf: "text" }),
  run(8, { name: "a\ufeff'-@", conf: { "": { nested: true } } }),
];

/** A row whose numbers JSON's own writers say in other words. */
export const exact = run(10, { conf: parseJson('{"large":12345678901234567890,"list":[1.10,1E5,-0],"vast":1e400}') });

export const state = { version: 1, value: null };

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "export-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Destinations that need no server, each empty. */
export const kinds: Readonly<Record<string, (folder: string) => Destination>> = {
  duckdb: (folder) => duckdb(join(folder, "from.duckdb")),
  sqlite: (folder) => sqlite(join(folder, "from.sqlite")),
  files: (folder) => files(join(folder, "from")),
};

export async function fill(destination: Destination, rows: readonly Run[] = hostile): Promise<void> {
  const session = await destination.open({ pipeline: "p" });
  try {
    await session.prepare([runs, places]);
    await session.commit("runs", { table: runs, upserts: rows, state });
    await session.commit("places", { table: places, upserts: [{ id: "here" }], state });
  } finally {
    await session.close();
  }
}

/** All rows of a table as the destination has them, by their ids. */
export async function stored(destination: Destination, table: typeof runs = runs): Promise<readonly StoredValues[]> {
  const reader = await destination.read!();
  try {
    const columns = { ...table.columns, _synced_at: { type: "timestamp", description: "" } } as const;
    return await reader.query(`SELECT * FROM ${reader.table(table)} ORDER BY id`, [], { columns });
  } finally {
    await reader.close();
  }
}

/** A table's files of an export as DuckDB reads them when it is told the columns, in the form in which rows carry them. */
export async function readBack(
  into: string,
  manifest: ExportManifest,
  table = "runs",
): Promise<readonly StoredValues[]> {
  const files = manifest.files.filter((each) => each.table === table);
  const paths = `[${files.map(({ path }) => `'${join(into, path).replaceAll("'", "''")}'`).join(", ")}]`;
  const types = {
    string: "VARCHAR",
    int64: "BIGINT",
    float64: "DOUBLE",
    boolean: "BOOLEAN",
    timestamp: "TIMESTAMPTZ",
    json: "JSON",
  };
  const declared = files[0]!.columns
    .map(({ name, type }) => `'${name.replaceAll("'", "''")}': '${types[type]}'`)
    .join(", ");
  const reads = {
    csv: `read_csv(${paths}, columns = {${declared}}, header = true, allow_quoted_nulls = false, auto_detect = false, hive_partitioning = false,
      delim = ',', quote = '"', escape = '"', timestampformat = '%Y-%m-%dT%H:%M:%S.%fZ', new_line = '\\n')`,
    ndjson: `read_json(${paths}, columns = {${declared}}, format = 'newline_delimited', hive_partitioning = false, timestampformat = '%Y-%m-%dT%H:%M:%S.%fZ')`,
    parquet: `read_parquet(${paths}, hive_partitioning = false)`,
  };
  const folder = mkdtempSync(join(tmpdir(), "export-read-"));
  const database = join(folder, "empty.duckdb");
  (await DuckDBInstance.create(database)).closeSync();
  try {
    return await queryDuckdb(database, `SELECT * FROM ${reads[manifest.format]} ORDER BY 1`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Exports both tables, and reads one of them back. */
export async function exported(destination: Destination, options: Partial<ExportOptions> = {}) {
  const into = options.into ?? join(temporaryFolder(), "to");
  const manifest = await exportTables(destination, { tables: [runs, places], ...options, into });
  return { into, manifest, rows: () => readBack(into, manifest) };
}
