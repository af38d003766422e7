/**
 * A first sync of a real Dagster beside other ways to copy it: wrong and missing rows, then speed, requests, CPU time and
 * memory. Medians of several runs in turns, each in a process of its own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dagsterVersion, startDagster } from "@org/testkit/servers/dagster";
import { type DagsterTruth, dagsterTruth } from "@org/testkit/servers/dagster-truth";
import { seedDagster } from "@org/testkit/servers/dagster-world";
import { ensureVenv } from "@org/testkit/servers/python";
import { compete, competitionTable, copyOnce, type Name, names, type Results } from "./compete.ts";
import { type CheckedRow, type Tables, WEEK_MS } from "./contender.ts";
import { ceiling } from "./dagster/ceiling.ts";
import { loop } from "./dagster/loop.ts";
import { ours } from "./dagster/ours.ts";
import { seed } from "./dagster/seed.ts";
import type { DagsterTarget } from "./dagster/target.ts";

const script = fileURLToPath(import.meta.url);
const log = (line: string) => console.error(line);
const DLT = "1.31.0";
/** The server's order of runs, that of insertion, differs from that of creation by less. */
const SHUFFLED_MS = 3_600_000;

const contenders = { ours, ceiling, loop, seed };

export const dagsterOptions = { "dagster-runs": "5000", runs: "5", contenders: names.join(",") };

function tablesOf(truth: DagsterTruth): Tables {
  const text = (value: unknown) => value as string;
  const definition = (row: DagsterTruth["dagster_schedules"][number]): CheckedRow => [
    ...[text(row.code_location), text(row.repository), text(row.name)],
    text(row.status),
  ];
  const time = (value: unknown) => (value === null ? null : Date.parse(text(value)));
  return {
    runs: truth.dagster_runs.map((row): CheckedRow => [text(row.run_id), text(row.status)]),
    assets: truth.dagster_assets.map((row): CheckedRow => [text(row.id), time(row.last_materialization_time)]),
    schedules: truth.dagster_schedules.map(definition),
    sensors: truth.dagster_sensors.map(definition),
  };
}

export async function measureDagster(options: typeof dagsterOptions) {
  const chosen = names.filter((name) => options.contenders.split(",").includes(name));
  const folder = mkdtempSync(join(tmpdir(), "bench-dagster-"));
  const server = await startDagster({ log });
  try {
    const counts = await seedDagster(server, { runs: Number(options["dagster-runs"]) });
    log(JSON.stringify(counts));
    const truth = await dagsterTruth(server);
    const since = new Date(Date.now() - WEEK_MS - SHUFFLED_MS).toISOString();
    const recentRuns = truth.dagster_runs.filter((row) => String(row.creation_time) >= since).length;
    const python = chosen.includes("dlt") ? (await ensureVenv({ name: `dlt-${DLT}`, log })).python : "";
    const target = (place: string): DagsterTarget => ({ url: server.url, folder: place, recentRuns });
    const results = await compete({
      ...{ script, contenders, chosen, folder, target, log },
      dlt: { python, pipeline: new URL("dagster/dlt_pipeline.py", import.meta.url) },
      runs: Number(options.runs),
      truth: tablesOf(truth),
      dated: "runs",
    });
    return { versions: { dagster: dagsterVersion, dlt: DLT }, results: { counts, ...results } };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const labels: Record<Name, string> = {
  ours: "`dagsync sync` into DuckDB",
  ceiling: "the same requests, responses discarded",
  loop: "a loop with the plain client",
  seed: "the example connector's requests",
  dlt: "dlt's `rest_api`, posting GraphQL",
};

export const dagsterTable = (results: Results): string => competitionTable(labels, results);

if (process.argv[1] === script) await copyOnce(contenders, process.argv.slice(2));
