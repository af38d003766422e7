import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, startService } from "@org/testkit/servers/processes";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Seen } from "./smoke.ts";
import { entryPoints, publishable } from "./support/projects.ts";
import { type Runtime, runtimes } from "./support/runtimes.ts";
import { type Servers, startServers } from "./support/servers.ts";
import { orSkip } from "./support/tools.ts";

const project = inject("npmProject");
const entries = [...publishable.values()].filter(({ name }) => name.endsWith("-client")).flatMap(entryPoints);

/** A runtime's report when it has finished. */
interface Report {
  readonly userAgent: string;
  readonly seen?: Seen;
  /** Number of exports per entry point. */
  readonly exports?: Readonly<Record<string, number>>;
  readonly error?: string;
}

let servers: Servers;
let page = "";

beforeAll(async () => {
  // One at a time, since downloads interfere with each other. A missing tool is reported by its own test.
  await Promise.allSettled(runtimes.map((runtime) => runtime.command()));
  servers = await startServers(() => page);
  // Node cannot run TypeScript before 22.18, so all of them run the compiled output.
  cpSync(join(import.meta.dirname, "smoke.ts"), join(project, "smoke.ts"));
  await run("tsc", ["--ignoreConfig", "--target", "es2022", "--module", "nodenext", "--types", "node", "smoke.ts"], {
    cwd: project,
  });
  writeFileSync(
    join(project, "report.js"),
    `import { smoke } from "./smoke.js";
${entries.map((entry, index) => `import * as entry${index} from ${JSON.stringify(entry)};`).join("\n")}
const count = (entry) => Object.keys(entry).length;
export async function report(origin) {
  const exports = { ${entries.map((entry, index) => `${JSON.stringify(entry)}: count(entry${index})`).join(", ")} };
  const done = await smoke(origin).then((seen) => ({ seen, exports }), (error) => ({ error: String(error?.stack ?? error) }));
  await fetch(origin + "/report", { method: "POST", body: JSON.stringify({ userAgent: navigator.userAgent, ...done }) });
}
`,
  );
  const imported = 'import { report } from "./report.js";';
  writeFileSync(join(project, "files.js"), `${imported} await report(process.argv[2]);`);
  writeFileSync(join(project, "browser.js"), `${imported} await report(location.origin);`);
  writeFileSync(join(project, "worker.js"), `${imported} export default { test: (_, { ORIGIN }) => report(ORIGIN) };`);
});

afterAll(() => servers.close());

/** A runtime's arguments. */
async function argumentsFor({ runs }: Runtime): Promise<string[]> {
  if (runs === "files") return [join(project, "files.js"), servers.origin];
  const kind = runs === "browser bundle" ? "browser" : "worker";
  const outfile = join(project, `${kind}.bundle.js`);
  // Bundling for these two fails if anything imports a Node module.
  await build({
    entryPoints: [join(project, `${kind}.js`)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "browser",
    logLevel: "silent",
  });
  if (kind === "browser") {
    page = readFileSync(outfile, "utf8");
    return [`--user-data-dir=${join(project, "profile")}`, servers.origin];
  }
  const config = join(project, "worker.capnp");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [
  (name = "main", worker = .main),
  (name = "internet", network = (allow = ["public", "private", "local"])),
]);
const main :Workerd.Worker = (
  modules = [(name = "main", esModule = embed "worker.bundle.js")],
  bindings = [(name = "ORIGIN", text = "${servers.origin}")],
  compatibilityDate = "2025-01-01",
);
`,
  );
  return [config];
}

/** Runs everything in a runtime. @throws if it ends, or is silent for a minute, without a report */
async function reportOf(runtime: Runtime, [command, ...first]: readonly [string, ...string[]]): Promise<Report> {
  const reported = servers.report();
  const ended = Promise.withResolvers<never>();
  const process = startService(command, [...first, ...(await argumentsFor(runtime))], {
    cwd: project,
    onEnd: (how) => setTimeout(() => ended.reject(new Error(`it ended with ${how}:\n${process.tail()}`)), 1000),
  });
  const late = setTimeout(() => ended.reject(new Error(`it did not report:\n${process.tail()}`)), 60_000);
  try {
    return (await Promise.race([reported, ended.promise])) as Report;
  } finally {
    clearTimeout(late);
    await process.stop();
  }
}

test.for(runtimes)("both clients work on $name, as $runs", async (runtime, context) => {
  const command = await orSkip(context, runtime.name, runtime.command);
  const { userAgent, seen, exports, error } = await reportOf(runtime, command);
  expect(error).toBeUndefined();
  expect(userAgent).toMatch(runtime.userAgent);
  console.log(`  ${runtime.name} says that it is ${userAgent}`);
  const runs = servers.airflow.world.rows().airflow_dag_runs.length;
  expect(seen).toEqual({
    airflowVersion: "3.3.2",
    dag: "load_orders",
    dagRunPages: pagesOf(runs, 100),
    missing: "AirflowResponseError NOT_FOUND",
    refused: "AirflowAuthError INVALID_CREDENTIALS",
    late: "AirflowNetworkError TIMEOUT",
    lost: expect.stringMatching(/^AirflowNetworkError /),
    aborted: "AbortError",
    dagsterVersion: "1.13.27",
    dagsterRunPages: pagesOf(servers.dagster.world.rows().dagster_runs.length, 250),
    locations: ["warehouse", "ml_platform"],
    invalid: "DagsterResponseError INVALID_REQUEST",
  } satisfies Seen);
  expect(Object.keys(exports ?? {})).toEqual(entries);
  for (const entry of entries) expect(exports?.[entry], entry).toBeGreaterThan(0);
});

/** Total number of rows in the pages. */
function pagesOf(rows: number, size: number): number[] {
  return Array.from({ length: Math.ceil(rows / size) }, (_, page) => Math.min(size, rows - page * size));
}
