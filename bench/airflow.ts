/**
 * A first sync of a real Airflow beside other ways to copy it: wrong and missing rows, then speed, requests, CPU time and
 * memory. Medians of several runs in turns, each in a process of its own.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { airflowTruth } from "@org/testkit/servers/airflow-truth";
import { seedAirflow } from "@org/testkit/servers/airflow-world";
import { ensureVenv } from "@org/testkit/servers/python";
import { ceiling } from "./airflow/ceiling.ts";
import type { CheckedRow, Contender, Copied, Target } from "./airflow/contender.ts";
import { loop } from "./airflow/loop.ts";
import { besideOtherClient, type OtherClient } from "./airflow/other-client.ts";
import { ours } from "./airflow/ours.ts";
import { seed } from "./airflow/seed.ts";
import { besideServer, type Measured, measured, median, summary, times } from "./measure.ts";
import { markdownTable, type Ratios } from "./results.ts";

const script = fileURLToPath(import.meta.url);
const log = (line: string) => console.error(line);
const VERSION = "3.3.2";
const DLT = "dlt-1.31.0";

/** The ceiling repeats what ours has sent, so it follows. */
const contenders = { ours, ceiling, loop, seed } satisfies Record<string, Contender>;
const names = ["ours", "ceiling", "loop", "seed", "dlt"] as const;
type Name = (typeof names)[number];

export const airflowOptions = { dags: "30", "runs-per-dag": "500", runs: "5", contenders: names.join(",") };

interface Result extends Measured {
  readonly requests: number;
  readonly rows: number;
  readonly missing: number;
  readonly wrong: number;
  /** Until all task instances of the last seven days were stored. */
  readonly recentMs?: number;
}

type Row = Omit<Result, "rows" | "missing" | "wrong">;

async function runOne(name: Name, target: Target, python: string): Promise<Row> {
  const args = ["--conditions=@org/source", script, "--one", name, JSON.stringify(target)];
  if (name !== "dlt") return (await besideServer(process.execPath, args)) as Row;
  const program = fileURLToPath(new URL("airflow/dlt_pipeline.py", import.meta.url));
  return (await besideServer(python, [program, target.url, target.folder])) as Row;
}

/** Rows by key. */
const byKey = (rows: readonly CheckedRow[]) =>
  new Map(rows.map((row) => [JSON.stringify(row.slice(0, -1)), row.at(-1)]));

/** Rows that the server has and the copy does not, and rows that differ or that the server does not have. */
function compare(truth: readonly CheckedRow[], copied: readonly CheckedRow[]) {
  const [expected, found] = [byKey(truth), byKey(copied)];
  const missing = [...expected.keys()].filter((key) => !found.has(key)).length;
  const wrong = [...found].filter(([key, state]) => !expected.has(key) || expected.get(key) !== state).length;
  return { missing, wrong: wrong + copied.length - found.size };
}

async function truthOf(server: AirflowServer): Promise<Omit<Copied, "requests">> {
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

async function storedBy(name: Name, target: Target): Promise<Omit<Copied, "requests">> {
  if (name === "dlt") return JSON.parse(readFileSync(join(target.folder, "dlt.json"), "utf8"));
  return contenders[name].stored(target);
}

/** @returns the results, by name */
export async function measureAirflow(options: typeof airflowOptions) {
  const chosen = names.filter((name) => options.contenders.split(",").includes(name));
  const folder = mkdtempSync(join(tmpdir(), "bench-airflow-"));
  const server = await startAirflow({ log, version: VERSION });
  try {
    const counts = await seedAirflow(server, {
      dags: Number(options.dags),
      runsPerDag: Number(options["runs-per-dag"]),
    });
    const python = chosen.includes("dlt") ? (await ensureVenv({ name: DLT, log })).python : "";
    const truth = await truthOf(server);
    const all: Partial<Record<Name, Row[]>> = {};
    const checked: Partial<Record<Name, { missing: number; wrong: number; rows: number }>> = {};
    // In turns, so that whatever else the machine does hits all of them.
    for (let run = 0; run < Number(options.runs); run += 1) {
      const place = join(folder, String(run));
      mkdirSync(place);
      const { url, username, password } = server;
      const target = { url, username, password, folder: place };
      for (const name of chosen) {
        const row = await runOne(name, target, python);
        all[name] = [...(all[name] ?? []), row];
        log(`${name}: ${Math.round(row.ms)} ms, ${row.requests} requests`);
        const { runs, attempts } = await storedBy(name, target);
        const [a, b] = [compare(truth.runs, runs), compare(truth.attempts, attempts)];
        const rows = runs.length + attempts.length;
        checked[name] = { missing: a.missing + b.missing, wrong: a.wrong + b.wrong, rows };
      }
    }
    const results = Object.fromEntries(
      chosen.map((name): [Name, Result] => {
        const rows = all[name]!;
        const recent = rows.flatMap(({ recentMs }) => recentMs ?? []);
        return [
          name,
          {
            ...summary(rows),
            requests: median(rows.map(({ requests }) => requests)),
            ...(recent.length > 0 && { recentMs: Math.round(median(recent)) }),
            ...checked[name]!,
          },
        ];
      }),
    ) as Partial<Record<Name, Result>>;
    const place = join(folder, "beside");
    mkdirSync(place);
    const beside = { url: server.url, username: server.username, password: server.password, folder: place };
    const otherClient = await besideOtherClient(beside, () => runOne("ours", beside, python));
    log(`another client: ${JSON.stringify(otherClient)}`);
    return { otherClient, versions: { airflow: VERSION, dlt: "1.31.0" }, counts, results };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function airflowRatios(results: Partial<Record<Name, Result>>, otherClient: OtherClient): Ratios {
  const { ours: our, ceiling: most, loop: by, dlt } = results;
  const others = {
    "latency of another client, beside a sync / idle": { value: otherClient.ratio, better: "lower" },
  } as const;
  if (!our) return others;
  return {
    ...others,
    "wrong or missing rows": { value: our.wrong + our.missing, better: "lower" },
    requests: { value: our.requests, better: "lower" },
    ...(most && { "share of the ceiling": { value: times(most.ms, our.ms), better: "higher" } }),
    ...(by && { "time of the loop / ours": { value: times(by.ms, our.ms), better: "higher" } }),
    ...(dlt && { "CPU time of dlt / ours": { value: times(dlt.cpuMs, our.cpuMs), better: "higher" } }),
  };
}

const labels: Record<Name, string> = {
  ours: "`dagsync sync` into DuckDB",
  ceiling: "the same requests, responses discarded",
  loop: "a loop with the plain client",
  seed: "the example connector's requests",
  dlt: "dlt's `rest_api`, without earlier attempts",
};

export function airflowTable(results: Partial<Record<Name, Result>>, { idleMs, duringMs }: OtherClient): string {
  const number = new Intl.NumberFormat("en-US");
  const head = ["", "missing rows", "wrong rows", "rows/s", "requests", "s", "CPU s", "MB"];
  const beside = `Another client's request for a page of DAGs took ${duringMs} ms beside our sync, and ${idleMs} ms without (medians).`;
  const table = markdownTable(
    head,
    Object.entries(results).map(([name, { rows, missing, wrong, requests, ms, cpuMs, mb }]) => {
      const stores = name !== "ceiling";
      return [
        labels[name as Name],
        stores ? number.format(missing) : "",
        stores ? number.format(wrong) : "",
        stores ? number.format(Math.round((rows * 1000) / ms)) : "",
        number.format(requests),
        (ms / 1000).toFixed(1),
        (cpuMs / 1000).toFixed(1),
        number.format(mb),
      ];
    }),
  );
  return `${table}\n\n${beside}`;
}

const [first, name, target] = process.argv.slice(2);
if (first === "--one" && process.argv[1] === script) {
  const at = JSON.parse(target as string) as Target;
  let requests = 0;
  const cost = await measured(async () => {
    requests = await contenders[name as keyof typeof contenders].copy(at);
  });
  const noted = name === "ours" ? JSON.parse(readFileSync(join(at.folder, "sent.json"), "utf8")) : {};
  console.log(JSON.stringify({ ...cost, requests, recentMs: noted.recentMs }));
}
