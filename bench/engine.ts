/**
 * What the engine and each destination cost, without a server: a sync of rows from memory, a second one of the same rows,
 * and each driver's own bulk load of them. Medians of several runs in turns, each in a process of its own. A table goes to
 * stderr, JSON to stdout.
 *
 *     node --conditions=@org/source bench/engine.ts --rows 1000000 --runs 5 --destinations duckdb,sqlite,postgres,memory
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Destination } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { files } from "@org/destination/files";
import { memoryDestination } from "@org/destination/memory";
import { postgres } from "@org/destination/postgres";
import { sqlite } from "@org/destination/sqlite";
import { sync } from "@org/sync-engine";
import { startPostgres } from "@org/testkit/servers/postgres";
import { bulkLoads } from "./engine-bulk.ts";
import { batches, syntheticSource } from "./engine-rows.ts";
import { inProcess, type Measured, measured, summary, times } from "./measure.ts";

const script = fileURLToPath(import.meta.url);
const kinds = ["duckdb", "sqlite", "postgres", "memory", "files"] as const;
type Kind = (typeof kinds)[number];

/** `rows`: making the rows and nothing else, which is part of all others. */
type How = "rows" | "bulk" | "first" | "again";

interface Result {
  readonly destination: Kind;
  readonly rows: number;
  readonly bulk: Measured | undefined;
  readonly first: Measured;
  readonly again: Measured;
}

function destinationAt(kind: Kind, address: string): Destination {
  return { duckdb, sqlite, postgres, files, memory: () => memoryDestination() }[kind](address);
}

/** One run, in this process. */
async function measure(how: How, kind: Kind, address: string, rows: number): Promise<Measured> {
  if (how === "bulk") return measured(() => bulkLoads[kind as keyof typeof bulkLoads](address, rows));
  if (how === "rows") {
    return measured(async () => {
      for (const _ of batches(rows));
    });
  }
  const destination = destinationAt(kind, address);
  const run = () => sync({ source: syntheticSource(rows), destination, reconcile: false });
  // What is in memory is gone with the process.
  if (how === "again" && kind === "memory") await run();
  return measured(run);
}

/** Where a destination of its own begins empty. */
function placesIn(folder: string, server: Awaited<ReturnType<typeof startPostgres>> | undefined) {
  let count = 0;
  return async (kind: Kind, how: How) => {
    count += 1;
    if (kind !== "postgres") return join(folder, `${kind}-${how}-${count}`);
    await server?.createDatabase(`bench_${count}`);
    return server?.url(`bench_${count}`) ?? "";
  };
}

async function compare(kind: Kind, rows: number, runs: number, place: ReturnType<typeof placesIn>): Promise<Result> {
  const all: Record<Exclude<How, "rows">, Measured[]> = { bulk: [], first: [], again: [] };
  // In turns, so that whatever else the machine does hits all of them.
  for (let run = 0; run < runs; run += 1) {
    if (kind in bulkLoads) {
      const address = await place(kind, "bulk");
      all.bulk.push(inProcess(script, ["bulk", kind, address, String(rows)]));
      clear(address);
    }
    const address = await place(kind, "first");
    for (const how of ["first", "again"] as const) all[how].push(inProcess(script, [how, kind, address, String(rows)]));
    clear(address);
  }
  const bulk = all.bulk.length > 0 ? summary(all.bulk) : undefined;
  return { destination: kind, rows, bulk, first: summary(all.first), again: summary(all.again) };
}

const clear = (address: string) => {
  if (!address.startsWith("postgres"))
    for (const end of ["", ".wal", "-wal", "-shm"]) rmSync(address + end, { recursive: true, force: true });
};

const perSecond = (rows: number, ms: number) => Math.round((rows / ms) * 1000);

function show(results: readonly Result[]): void {
  console.table(
    results.map(({ destination, rows, bulk, first, again }) => ({
      destination,
      "first, rows/s": perSecond(rows, first.ms),
      "rows/CPU s": perSecond(rows, first.cpuMs),
      MB: first.mb,
      "unchanged, rows/s": perSecond(rows, again.ms),
      "rows/CPU s again": perSecond(rows, again.cpuMs),
      "MB again": again.mb,
      "bulk, rows/s": bulk && perSecond(rows, bulk.ms),
      "CPU of first / bulk": bulk && times(first.cpuMs, bulk.cpuMs),
    })),
  );
}

async function compareAll(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: "string", default: "1000000" },
      runs: { type: "string", default: "5" },
      destinations: { type: "string", default: kinds.join(",") },
    },
  });
  const [rows, runs] = [Number(values.rows), Number(values.runs)];
  const folder = mkdtempSync(join(tmpdir(), "bench-engine-"));
  const chosen = values.destinations.split(",") as Kind[];
  const server = chosen.includes("postgres") ? await startPostgres({ log: () => {} }) : undefined;
  try {
    const source = inProcess(script, ["rows", "memory", "", String(rows)]);
    const results: Result[] = [];
    for (const kind of chosen) {
      const result = await compare(kind, rows, runs, placesIn(folder, server));
      console.error(JSON.stringify(result));
      results.push(result);
    }
    show(results);
    console.log(JSON.stringify({ threads: availableParallelism(), node: process.version, runs, source, results }));
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const [first, how, kind, address, rows] = process.argv.slice(2);
if (first === "--one") {
  console.log(JSON.stringify(await measure(how as How, kind as Kind, address as string, Number(rows))));
} else {
  await compareAll();
}
