/**
 * How fast tables are exported, and in how much memory, beside DuckDB's own COPY of the same rows into the same format:
 * medians of five runs, each in a process of its own.
 *
 *     node --conditions=@org/source bench/export.ts [rows] [formats] [runs]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { systemColumns } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { type ExportFormat, exportTables } from "@org/destination/export";
import { taskInstancesTable } from "@org/sources/airflow";

const compression = { csv: "gzip", ndjson: "zstd", parquet: "zstd" } as const;
const copyFormat = { csv: "csv, HEADER", ndjson: "json", parquet: "parquet" } as const;

interface Measured {
  readonly ms: number;
  readonly mb: number;
}

/** Task instances as a busy Airflow has them: few names, many times. */
async function generate(file: string, rows: number): Promise<void> {
  const instance = await DuckDBInstance.create(file, { memory_limit: "500MB" });
  const connection = await instance.connect();
  const started = "TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_milliseconds(i * 1000)";
  const known: Readonly<Record<string, string>> = {
    dag_id: "'dag_' || i % 200",
    dag_run_id: "'scheduled__' || i // 50",
    task_id: "'task_' || i % 50",
    id: "uuid()::VARCHAR",
    hostname: "'worker-' || i % 33",
    note: "CASE WHEN i % 100 = 0 THEN '' END",
    state: "CASE i % 10 WHEN 0 THEN 'failed' ELSE 'success' END",
    pid: "i % 30000",
    duration: "(i % 77777) / 1000",
    _deleted_at: "NULL",
  };
  const byType = { string: "'default'", int64: "1", float64: "0.5", boolean: "true", timestamp: started, json: "'{}'" };
  const types = {
    string: "VARCHAR",
    int64: "BIGINT",
    float64: "DOUBLE",
    boolean: "BOOLEAN",
    timestamp: "TIMESTAMPTZ",
    json: "JSON",
  };
  const columns = Object.entries({ ...taskInstancesTable.columns, ...systemColumns }).map(
    ([name, { type }]) => `(${known[name] ?? byType[type]})::${types[type]} AS ${name}`,
  );
  await connection.run(
    `CREATE TABLE ${taskInstancesTable.name} AS SELECT ${columns.join(", ")} FROM range(${rows}) AS r(i)`,
  );
  connection.closeSync();
  instance.closeSync();
}

async function copy(file: string, format: ExportFormat, into: string): Promise<void> {
  const instance = await DuckDBInstance.create(file, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  await connection.run(
    `COPY ${taskInstancesTable.name} TO '${join(into, "copied")}' (FORMAT ${copyFormat[format]}, COMPRESSION ${compression[format]})`,
  );
}

/** One run, in this process. */
async function measure(how: string, file: string, format: ExportFormat): Promise<Measured> {
  const into = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const begun = performance.now();
    if (how === "copy") await copy(file, format, into);
    else await exportTables(duckdb(file), { into, tables: [taskInstancesTable], format });
    return { ms: performance.now() - begun, mb: process.resourceUsage().maxRSS / 1024 };
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

function compare(file: string, format: ExportFormat, runs: number): void {
  const inProcess = (how: string): Measured => {
    const args = ["--conditions=@org/source", fileURLToPath(import.meta.url), how, file, format];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
  };
  const copies: Measured[] = [];
  const exports: Measured[] = [];
  // In turns, so that whatever else the machine does hits both.
  for (let run = 0; run < runs; run += 1) {
    copies.push(inProcess("copy"));
    exports.push(inProcess("export"));
  }
  const of = (all: readonly Measured[]) => ({
    seconds: (median(all.map(({ ms }) => ms)) / 1000).toFixed(1),
    mb: Math.round(Math.max(...all.map(({ mb }) => mb))),
  });
  const ratio = median(exports.map(({ ms }) => ms)) / median(copies.map(({ ms }) => ms));
  console.log(JSON.stringify({ format, copy: of(copies), export: of(exports), ratio: ratio.toFixed(2) }));
}

const [first = "1000000", second = "parquet,csv,ndjson", third = "5"] = process.argv.slice(2);
if (first === "copy" || first === "export") {
  console.log(JSON.stringify(await measure(first, second, third as ExportFormat)));
} else {
  const folder = mkdtempSync(join(tmpdir(), "bench-export-"));
  try {
    const file = join(folder, "rows.duckdb");
    await generate(file, Number(first));
    for (const format of second.split(",")) compare(file, format as ExportFormat, Number(third));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
