/**
 * How fast tables are exported, and in how much memory, beside DuckDB's own COPY of the same rows from a DuckDB file into the
 * same format: medians of several runs in turns, each in a process of its own. A table goes to stderr, JSON to stdout.
 *
 *     node --conditions=@org/source bench/export.ts --rows 1000000 --runs 5 --origins duckdb,sqlite,postgres
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { type ExportFormat, exportTables } from "@org/destination/export";
import { taskInstancesTable as table } from "@org/sources/airflow";
import { startPostgres } from "@org/testkit/servers/postgres";
import { destinationAt, generate, type Origin } from "./export-rows.ts";
import { inProcess, type Measured, measured, summary, times } from "./measure.ts";

const script = fileURLToPath(import.meta.url);

const copyOptions = {
  csv: "csv, HEADER, COMPRESSION gzip",
  ndjson: "json, COMPRESSION zstd",
  parquet: "parquet, COMPRESSION zstd",
} as const;

interface Result {
  readonly origin: Origin;
  readonly format: ExportFormat;
  readonly rows: number;
  readonly copy: Measured;
  readonly export: Measured;
  /** How many times as long as COPY. */
  readonly ratio: number;
  /** The same of the time of all threads. */
  readonly cpuRatio: number;
}

/** DuckDB as it is set by default, on as many threads as there are. */
async function copy(file: string, format: ExportFormat, into: string): Promise<void> {
  const instance = await DuckDBInstance.create(file, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  await connection.run(`COPY ${table.name} TO '${join(into, "copied")}' (FORMAT ${copyOptions[format]})`);
}

/** One run, in this process. */
async function measure(how: "copy" | Origin, address: string, format: ExportFormat): Promise<Measured> {
  const into = mkdtempSync(join(tmpdir(), "bench-"));
  const exported = () => exportTables(destinationAt(how as Origin, address), { into, tables: [table], format });
  try {
    return await measured(() => (how === "copy" ? copy(address, format, into) : exported()));
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}

interface Compared {
  readonly origin: Origin;
  readonly address: string;
  readonly format: ExportFormat;
  readonly rows: number;
  readonly runs: number;
  /** The same rows in DuckDB. */
  readonly file: string;
}

function compare({ origin, address, format, rows, runs, file }: Compared): Result {
  const copies: Measured[] = [];
  const exports: Measured[] = [];
  // In turns, so that whatever else the machine does hits both.
  for (let run = 0; run < runs; run += 1) {
    copies.push(inProcess(script, ["copy", file, format]));
    exports.push(inProcess(script, [origin, address, format]));
  }
  const [copied, exported] = [summary(copies), summary(exports)];
  const [ratio, cpuRatio] = [times(exported.ms, copied.ms), times(exported.cpuMs, copied.cpuMs)];
  return { origin, format, rows, copy: copied, export: exported, ratio, cpuRatio };
}

async function compareAll(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: "string", default: "1000000" },
      runs: { type: "string", default: "5" },
      formats: { type: "string", default: "parquet,csv,ndjson" },
      origins: { type: "string", default: "duckdb,sqlite,postgres" },
      // Where rows stay for the next time.
      folder: { type: "string" },
    },
  });
  const [rows, runs] = [Number(values.rows), Number(values.runs)];
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), "bench-export-"));
  mkdirSync(folder, { recursive: true });
  const origins = values.origins.split(",") as Origin[];
  const server = origins.includes("postgres") ? await startPostgres({ log: () => {} }) : undefined;
  try {
    const addresses = {
      duckdb: join(folder, `${rows}.duckdb`),
      sqlite: join(folder, `${rows}.sqlite`),
      postgres: server?.url("postgres") ?? "",
    };
    const results: Result[] = [];
    for (const origin of new Set<Origin>(["duckdb", ...origins])) {
      const address = addresses[origin];
      if (!existsSync(address)) await generate(origin, address, rows);
      if (!origins.includes(origin)) continue;
      for (const format of values.formats.split(",") as ExportFormat[]) {
        const result = compare({ origin, address, format, rows, runs, file: addresses.duckdb });
        console.error(JSON.stringify(result));
        results.push(result);
      }
    }
    console.table(
      results.map(({ origin, format, copy: copied, export: exported, ratio, cpuRatio }) => ({
        ...{ origin, format, "COPY, s": copied.ms / 1000, "export, s": exported.ms / 1000, ratio, cpuRatio },
        "export, MB": exported.mb,
      })),
    );
    console.log(JSON.stringify({ threads: availableParallelism(), runs, results }));
  } finally {
    await server?.stop();
    if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

const [first, how, address, format] = process.argv.slice(2);
if (first === "--one") {
  console.log(JSON.stringify(await measure(how as Origin, address as string, format as ExportFormat)));
} else {
  await compareAll();
}
