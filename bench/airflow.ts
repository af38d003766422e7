/**
 * A first sync of a real Airflow beside other ways to copy it: wrong and missing rows, then speed, requests, CPU time and
 * memory. Medians of several runs in turns, each in a process of its own.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { airflowTruth } from "@org/testkit/servers/airflow-truth";
import { seedAirflow } from "@org/testkit/servers/airflow-world";
import { ensureVenv } from "@org/testkit/servers/python";
import { ceiling } from "./airflow/ceiling.ts";
import { loop } from "./airflow/loop.ts";
import { besideOtherClient, type OtherClient } from "./airflow/other-client.ts";
import { ours } from "./airflow/ours.ts";
import { seed } from "./airflow/seed.ts";
import type { AirflowTarget } from "./airflow/target.ts";
import {
  compete,
  competitionRatios,
  competitionTable,
  copyOnce,
  type Name,
  names,
  type Results,
  runOne,
} from "./compete.ts";
import type { CheckedRow, Tables } from "./contender.ts";
import type { Ratios } from "./results.ts";

const script = fileURLToPath(import.meta.url);
const log = (line: string) => console.error(line);
const VERSION = "3.3.2";
const DLT = "1.31.0";

const contenders = { ours, ceiling, loop, seed };

export const airflowOptions = { dags: "30", "runs-per-dag": "500", runs: "5", contenders: names.join(",") };

async function truthOf(server: AirflowServer): Promise<Tables> {
  const { airflow_dag_runs: runs, airflow_task_instances: attempts } = await airflowTruth(server);
  const text = (value: unknown) => value as string;
  return {
    runs: runs.map((row): CheckedRow => [text(row.dag_id), text(row.dag_run_id), row.state as string | null]),
    // No URL of the API can name the earlier attempts of a run whose id has a slash.
    attempts: attempts
      .filter((row) => row.is_latest !== false || !text(row.dag_run_id).includes("/"))
      .map(
        (row): CheckedRow => [
          ...[text(row.dag_id), text(row.dag_run_id), text(row.task_id)],
          ...[Number(row.map_index), Number(row.try_number)],
          row.state as string | null,
        ],
      ),
  };
}

/** By the names of contenders, and what was seen besides. */
export type AirflowResults = Results & { readonly counts: object; readonly otherClient: OtherClient };

export async function measureAirflow(options: typeof airflowOptions) {
  const chosen = names.filter((name) => options.contenders.split(",").includes(name));
  const folder = mkdtempSync(join(tmpdir(), "bench-airflow-"));
  const server = await startAirflow({ log, version: VERSION });
  try {
    const counts = await seedAirflow(server, {
      dags: Number(options.dags),
      runsPerDag: Number(options["runs-per-dag"]),
    });
    log(JSON.stringify(counts));
    const python = chosen.includes("dlt") ? (await ensureVenv({ name: `dlt-${DLT}`, log })).python : "";
    const dlt = { python, pipeline: new URL("airflow/dlt_pipeline.py", import.meta.url) };
    const { url, username, password } = server;
    const target = (place: string): AirflowTarget => ({ url, username, password, folder: place });
    const results = await compete({
      ...{ script, contenders, chosen, folder, target, dlt, log },
      runs: Number(options.runs),
      truth: await truthOf(server),
      dated: "attempts",
    });
    const beside = target(join(folder, "beside"));
    mkdirSync(beside.folder);
    const otherClient = await besideOtherClient(beside, () => runOne({ script, dlt }, "ours", beside));
    log(`another client: ${JSON.stringify(otherClient)}`);
    return { versions: { airflow: VERSION, dlt: DLT }, results: { counts, otherClient, ...results } };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function airflowRatios(results: AirflowResults): Ratios {
  return {
    "latency of another client, beside a sync / idle": { value: results.otherClient.ratio, better: "lower" },
    ...competitionRatios(results),
  };
}

const labels: Record<Name, string> = {
  ours: "`dagsync sync` into DuckDB",
  ceiling: "the same requests, responses discarded",
  loop: "a loop with the plain client",
  seed: "the example connector's requests",
  dlt: "dlt's `rest_api`, without earlier attempts",
};

export function airflowTable(results: AirflowResults): string {
  const { idleMs, duringMs } = results.otherClient;
  const beside = `Another client's request for a page of DAGs took ${duringMs} ms beside our sync, and ${idleMs} ms without (medians).`;
  return `${competitionTable(labels, results)}\n\n${beside}`;
}

if (process.argv[1] === script) await copyOnce(contenders, process.argv.slice(2));
