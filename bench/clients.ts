/**
 * What the clients add to a request and to the start of a program, and how long `dagsync` takes to start, all as they are
 * published. Medians of several runs in turns, each in a process of its own.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createAirflowSimulator, createDemoAirflowWorld } from "@org/simulators";
import { bare, byClient, pageOf, type Server } from "./clients/pages.ts";
import { besideServer, type Measured, measured, median, summary, times } from "./measure.ts";
import { markdownTable, type Ratios } from "./results.ts";

const script = fileURLToPath(import.meta.url);
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const run = promisify(execFile);
/** The first pages compile what later ones use. */
const WARM_UP = 50;

export const clientsOptions = { pages: "500", runs: "5" };

interface Started extends Measured {
  /** Until the first request was sent. */
  readonly requestMs?: number;
}

type Names =
  | `${Server}, page by ${"client" | "fetch"}`
  | "node"
  | `import ${Server}-client`
  | "dagsync --version"
  | "dagsync sync, idle";

type ClientsResults = Readonly<Record<Names, Started>>;

/** Runs what is published: `dist`, without this repository's sources. */
async function started(args: readonly string[], folder: string): Promise<Started> {
  const file = join(folder, "took.json");
  const env = {
    ...process.env,
    BENCH_FILE: file,
    AIRFLOW_USERNAME: "admin",
    AIRFLOW_PASSWORD: "admin",
  };
  // From a package that has both clients and the command.
  await run(process.execPath, ["--import", at("clients/at-exit.ts"), ...args], { env, cwd: at("../packages/cli") });
  return JSON.parse(readFileSync(file, "utf8")) as Started;
}

/** A server that answers every request with the page, at once. */
async function serving(page: string) {
  const body = Buffer.from(page);
  const token = Buffer.from(JSON.stringify({ access_token: "token" }));
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const answer = request.url?.startsWith("/auth") ? token : body;
      response.writeHead(200, { "content-type": "application/json", "content-length": answer.length }).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

/** What is measured, by name. Each call is one run. */
async function programs(pages: string, folder: string) {
  const servers = { airflow: await serving(await pageOf("airflow")), dagster: await serving(await pageOf("dagster")) };
  const simulated = await createAirflowSimulator({ world: createDemoAirflowWorld() }).listen();
  const page = (server: Server, how: "client" | "fetch") => () =>
    besideServer<Started>(process.execPath, [
      ...["--conditions=@org/source", script, "--one"],
      ...[server, how, servers[server].url, pages],
    ]);
  const program =
    (...args: string[]) =>
    () =>
      started(args, folder);
  const evaluated = (code: string) => program("--input-type=module", "--eval", code);
  const command = ["sync", "--from", `airflow:${simulated.url}`, "--to", `duckdb:${join(folder, "idle.duckdb")}`];
  const all: Readonly<Record<Names, () => Promise<Started>>> = {
    "airflow, page by fetch": page("airflow", "fetch"),
    "airflow, page by client": page("airflow", "client"),
    "dagster, page by fetch": page("dagster", "fetch"),
    "dagster, page by client": page("dagster", "client"),
    node: evaluated("0"),
    "import airflow-client": evaluated('import "@org/airflow-client"'),
    "import dagster-client": evaluated('import "@org/dagster-client"'),
    "dagsync --version": program("dist/bin.js", "--version"),
    "dagsync sync, idle": program("dist/bin.js", ...command),
  };
  const close = async () => {
    for (const server of Object.values(servers)) server.close();
    await simulated.close();
  };
  return { all, close };
}

export async function measureClients({ pages, runs }: typeof clientsOptions) {
  execFileSync("turbo", ["run", "build", "--filter=@org/cli"], { stdio: ["ignore", "ignore", "inherit"] });
  const folder = mkdtempSync(join(tmpdir(), "bench-clients-"));
  const { all, close } = await programs(pages, folder);
  try {
    const took = new Map<string, Started[]>();
    // So that later ones are idle.
    await all["dagsync sync, idle"]();
    for (let round = 0; round < Number(runs); round += 1) {
      for (const [name, measure] of Object.entries(all)) took.set(name, [...(took.get(name) ?? []), await measure()]);
    }
    const results = Object.fromEntries(
      [...took].map(([name, each]) => {
        const requests = each.flatMap(({ requestMs }) => requestMs ?? []);
        return [name, { ...summary(each), ...(requests.length > 0 && { requestMs: Math.round(median(requests)) }) }];
      }),
    );
    return { results: results as ClientsResults };
  } finally {
    await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function clientsRatios(results: ClientsResults): Ratios {
  const { node } = results;
  const cpu = (name: Names, than: Names) =>
    ({ value: times(results[name].cpuMs, results[than].cpuMs), better: "lower" }) as const;
  return {
    "CPU of pages, Airflow's client / fetch": cpu("airflow, page by client", "airflow, page by fetch"),
    "CPU of pages, Dagster's client / fetch": cpu("dagster, page by client", "dagster, page by fetch"),
    "CPU of an import, Airflow's client / Node alone": cpu("import airflow-client", "node"),
    "CPU of an import, Dagster's client / Node alone": cpu("import dagster-client", "node"),
    "CPU of dagsync --version / Node alone": cpu("dagsync --version", "node"),
    "first request of an idle sync / Node alone": {
      value: times(results["dagsync sync, idle"].requestMs ?? Number.NaN, node.ms),
      better: "lower",
    },
  };
}

/** Of pages only CPU time: their time is mostly that of the server beside them. */
export function clientsTable(results: ClientsResults): string {
  const { node } = results;
  const page = (server: Server) =>
    `${times(results[`${server}, page by client`].cpuMs, results[`${server}, page by fetch`].cpuMs)} times`;
  const program = (name: Names) => {
    const { ms, cpuMs } = results[name];
    return [`+${ms - node.ms}`, `+${cpuMs - node.cpuMs}`];
  };
  const idle = results["dagsync sync, idle"];
  return markdownTable(
    ["", "time (ms) ↓", "CPU (ms) ↓"],
    [
      ["a page of 100 task instances by Airflow's client, compared with `fetch` and `JSON.parse`", "", page("airflow")],
      ["a page of 100 runs by Dagster's client, compared with `fetch` and `JSON.parse`", "", page("dagster")],
      ["starting Node", `${node.ms}`, `${node.cpuMs}`],
      ["… and importing `@org/airflow-client`", ...program("import airflow-client")],
      ["… and importing `@org/dagster-client`", ...program("import dagster-client")],
      ["… and `dagsync --version`", ...program("dagsync --version")],
      ["… and the first request of an idle `dagsync sync`", `+${(idle.requestMs ?? Number.NaN) - node.ms}`, ""],
      ["… and a whole idle `dagsync sync` into DuckDB", ...program("dagsync sync, idle")],
    ],
  );
}

const [flag, server, how, url, pages] = process.argv.slice(2);
if (flag === "--one" && process.argv[1] === script) {
  const read = (how === "client" ? byClient : bare)[server as Server](url!);
  for (let page = 0; page < WARM_UP; page += 1) await read();
  const took = await measured(async () => {
    for (let page = 0; page < Number(pages); page += 1) await read();
  });
  console.log(JSON.stringify(took));
  // Connections that are kept would keep the process.
  process.exit();
}
