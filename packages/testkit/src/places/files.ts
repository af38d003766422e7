import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { StoredValues } from "@org/destination";
import { type FileFormat, type FilesOptions, files } from "@org/destination/files";
import type { DestinationSuite, Fixture } from "@org/destination/testing";
import { hasReaders, readingOnly } from "../read-only.ts";

/** Short, so that tests need not wait long for it to expire. */
const leaseMs = 1500;

export interface FilesFixture extends Fixture {
  readonly folder: string;
  /** For {@link connect}. */
  readonly argument: string;
}

/** Called by the suite's other processes. @param argument place and options as JSON */
export function connect(argument: string) {
  const [fixture, options] = JSON.parse(argument) as [string, FilesOptions];
  return files(fixture, { leaseMs, ...options });
}

export async function createFixture(options: FilesOptions = {}): Promise<FilesFixture> {
  const parent = await mkdtemp(join(tmpdir(), "destination-"));
  const folder = join(parent, "files [x]");
  const argument = JSON.stringify([folder, options]);
  return {
    folder,
    argument,
    connect: () => connect(argument),
    process: { module: import.meta.url, argument },
    ...(hasReaders && { asReader: (work) => readingOnly(folder, () => work(connect(argument))) }),
    cleanup: () => rm(parent, { recursive: true }),
  };
}

export const filesSuite = (format: FileFormat): DestinationSuite<FilesFixture> => ({
  name: `files, ${format}`,
  create: () => createFixture({ format }),
  read: ({ folder }, table) => readFolder(folder, table),
});

interface Manifest {
  readonly tables: Readonly<Record<string, ManifestTable>>;
}
interface ManifestTable {
  readonly primaryKey: readonly string[];
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly files: readonly { readonly path: string }[];
  readonly retired: readonly { readonly path: string }[];
}

export async function latestManifest(folder: string): Promise<Manifest> {
  const names = (await readdir(join(folder, "_sync/manifests"))).filter((name) => name.endsWith(".json"));
  return JSON.parse(await readFile(join(folder, "_sync/manifests", names.sort().at(-1) as string), "utf8"));
}

/** Reads as a user would: the files of the latest manifest, with DuckDB; of each key, the row in the last file. */
export async function readFolder(folder: string, table: string): Promise<StoredValues[]> {
  const { columns, primaryKey, files: dataFiles } = (await latestManifest(folder)).tables[table] as ManifestTable;
  const rows = new Map<string, StoredValues>();
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    for (const { path } of dataFiles) {
      const found = await connection.runAndReadAll(sqlFor(join(folder, path), columns));
      for (const values of found.getRowObjectsJS() as Record<string, string | null>[]) {
        const row = Object.fromEntries(columns.map(({ name, type }) => [name, parsed(type, values[name] ?? null)]));
        const key = JSON.stringify(primaryKey.map((name) => values[name]));
        if (values._removed === "true") rows.delete(key);
        else rows.set(key, row);
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return [...rows.values()];
}

/** Reads a file independently of the adapter: as DuckDB's text. */
function sqlFor(file: string, columns: ManifestTable["columns"]): string {
  const all = [...columns, { name: "_removed", type: "boolean" }];
  const literal = `'${file.replace(/[[*?]/g, "[$&]").replaceAll("'", "''")}'`;
  const texts = `{${all.map(({ name }) => `'${name.replaceAll("'", "''")}': 'VARCHAR'`).join(", ")}}`;
  if (file.endsWith(".csv")) {
    return `SELECT * FROM read_csv(${literal}, columns = ${texts}, header = true, auto_detect = false, quote = '"',
      escape = '"', allow_quoted_nulls = false, max_line_size = 10000000, buffer_size = 20000000, parallel = false)`;
  }
  if (file.endsWith(".ndjson.zst")) return `SELECT * FROM read_ndjson(${literal}, columns = ${texts})`;
  const values = all.map(({ name, type }) => {
    const column = `"${name.replaceAll('"', '""')}"`;
    const text = type === "timestamp" ? `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%fZ')` : `${column}::VARCHAR`;
    return `${text} AS ${column}`;
  });
  return `SELECT ${values.join(", ")} FROM read_parquet(${literal})`;
}

function parsed(type: string, text: string | null) {
  if (text === null) return null;
  if (type === "int64") return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
  if (type === "float64") return Number(text);
  return type === "boolean" || type === "json" ? JSON.parse(text) : text;
}
