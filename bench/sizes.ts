/**
 * How many requests a sync sends when little or nothing has changed, by the size of the history. Each size is a simulated
 * server in a process of its own, since its rows are all in memory: a million of Dagster's runs take 4 GB.
 */
import { fileURLToPath } from "node:url";
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import { memoryDestination } from "@org/destination/memory";
import {
  createAirflowSimulator,
  createDagsterSimulator,
  createEmptyAirflowWorld,
  createEmptyDagsterWorld,
} from "@org/simulators";
import { airflow } from "@org/sources/airflow";
import { dagster } from "@org/sources/dagster";
import { type Source, sync } from "@org/sync-engine";
import { besideServer } from "./measure.ts";
import { markdownTable, type Ratios } from "./results.ts";

const script = fileURLToPath(import.meta.url);

export const sizesOptions = { sizes: "1000,100000,1000000", tasks: "10", dags: "50" };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HEAP_MB = 12_000;
const kinds = { airflow: "task instances", dagster: "runs" } as const;
type Kind = keyof typeof kinds;

interface Costs {
  readonly server: Kind;
  /** Task instances, or Dagster's runs. */
  readonly rows: number;
  /** Requests of each sync. */
  readonly first: number;
  readonly idle: number;
  readonly changed: number;
  readonly reconcile: number;
  /** Of the idle sync, the simulator's part included. */
  readonly idleMs: number;
  /** The most memory of the process, simulator and tables included. */
  readonly mb: number;
}

/** A server with its history. */
interface Server {
  readonly source: Source;
  readonly streams?: readonly string[];
  now(): number;
  wait(durationMs: number): void;
  /** One percent of its rows come to it anew. */
  change(): void;
}

const servers: Readonly<Record<Kind, (rows: number, tasks: number, dags: number) => Server>> = {
  airflow(rows, tasks, dags) {
    const world = createEmptyAirflowWorld();
    const names = Array.from({ length: tasks }, (_, number) => ({ taskId: `task_${number}` }));
    const all = Array.from({ length: dags }, (_, number) => world.addDag({ dagId: `dag_${number}`, tasks: names }));
    const finishRuns = (count: number, everyMs: number) => {
      for (let run = 0; run < count; run += 1) {
        world.finishRun(world.addRun(all[run % dags]!));
        world.advance(everyMs);
      }
    };
    finishRuns(rows / tasks, MINUTE_MS);
    const { url, fetch } = createAirflowSimulator({ world });
    const client = createAirflowClient({ url, fetch, auth: { username: "admin", password: "admin" } });
    return {
      source: airflow({ client }),
      streams: ["dags", "dag_runs", "task_instances"],
      now: () => world.clock.now(),
      wait: (durationMs) => world.advance(durationMs),
      change: () => finishRuns(rows / tasks / 100, 0),
    };
  },
  dagster(rows, _, jobs) {
    const world = createEmptyDagsterWorld();
    world.addLocation("main");
    const completeRuns = (count: number, everyMs: number) => {
      for (let run = 0; run < count; run += 1) {
        world.completeRun({ jobName: `job_${run % jobs}` });
        world.advance(everyMs);
      }
    };
    completeRuns(rows, MINUTE_MS);
    const client = createDagsterClient(createDagsterSimulator({ world }));
    return {
      source: dagster({ client }),
      now: () => world.clock.now(),
      wait: (durationMs) => world.advance(durationMs),
      change: () => completeRuns(rows / 100, 0),
    };
  },
};

async function costsOf(kind: Kind, rows: number, tasks: number, dags: number): Promise<Costs> {
  const { source, streams, now, wait, change } = servers[kind](rows, tasks, dags);
  const destination = memoryDestination();
  const requestsOf = async (reconcile: boolean) =>
    (await sync({ source, destination, now, reconcile, ...(streams && { streams }) })).requests;
  const first = await requestsOf(false);
  // Idle is: nothing has changed for longer than the overlap.
  wait(HOUR_MS);
  await requestsOf(false);
  wait(HOUR_MS);
  const begun = performance.now();
  const idle = await requestsOf(false);
  const idleMs = Math.round(performance.now() - begun);
  change();
  const changed = await requestsOf(false);
  wait(HOUR_MS);
  const reconcile = await requestsOf(true);
  const mb = Math.round(process.resourceUsage().maxRSS / 1024);
  return { server: kind, rows, first, idle, changed, reconcile, idleMs, mb };
}

export async function measureSizes({ sizes, tasks, dags }: typeof sizesOptions) {
  const results: Costs[] = [];
  for (const kind of Object.keys(kinds)) {
    for (const size of sizes.split(",")) {
      const node = [`--max-old-space-size=${HEAP_MB}`, "--conditions=@org/source"];
      const costs = await besideServer<Costs>(process.execPath, [...node, script, "--one", kind, size, tasks, dags]);
      console.error(JSON.stringify(costs));
      results.push(costs);
    }
  }
  return { results };
}

export function sizesRatios(costs: readonly Costs[]): Ratios {
  return Object.fromEntries(
    costs.flatMap(({ server, rows, first, idle, changed, reconcile }) =>
      Object.entries({ first, idle, changed, reconcile }).map(([name, value]) => [
        `${name}, requests to ${server} at ${rows}`,
        { value, better: "lower" as const },
      ]),
    ),
  );
}

export function sizesTable(costs: readonly Costs[]): string {
  const number = new Intl.NumberFormat("en-US");
  return markdownTable(
    ["history", "first sync", "idle", "1 % changed", "looking for deletions"],
    costs.map(({ server, rows, first, idle, changed, reconcile }) => [
      `${number.format(rows)} ${kinds[server]}`,
      ...[first, idle, changed, reconcile].map((each) => number.format(each)),
    ]),
  );
}

const [flag, kind, ...numbers] = process.argv.slice(2);
if (flag === "--one" && process.argv[1] === script) {
  const [rows, tasks, dags] = numbers.map(Number) as [number, number, number];
  console.log(JSON.stringify(await costsOf(kind as Kind, rows, tasks, dags)));
}
