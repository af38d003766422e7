/** How many requests a sync of Airflow sends when little or nothing has changed, by the size of the history. */
import { createAirflowClient } from "@org/airflow-client";
import { memoryDestination } from "@org/destination/memory";
import { createAirflowSimulator } from "@org/simulators";
import { createEmptyAirflowWorld } from "@org/simulators/internal";
import { airflow } from "@org/sources/airflow";
import { sync } from "@org/sync-engine";
import { markdownTable, type Ratios } from "./results.ts";

export const sizesOptions = { sizes: "1000,100000", tasks: "10", dags: "50" };

const HOUR_MS = 3_600_000;

interface Costs {
  readonly taskInstances: number;
  /** Requests of each sync. */
  readonly first: number;
  readonly idle: number;
  readonly changed: number;
  readonly reconcile: number;
  readonly idleMs: number;
}

async function costsOf(taskInstances: number, tasks: number, dags: number): Promise<Costs> {
  const world = createEmptyAirflowWorld();
  const names = Array.from({ length: tasks }, (_, number) => ({ taskId: `task_${number}` }));
  const all = Array.from({ length: dags }, (_, number) => world.addDag({ dagId: `dag_${number}`, tasks: names }));
  for (let run = 0; run < taskInstances / tasks; run += 1) {
    world.finishRun(world.addRun(all[run % dags]!));
    world.advance(60_000);
  }
  const { url, fetch } = createAirflowSimulator({ world });
  const client = createAirflowClient({ url, fetch, auth: { username: "admin", password: "admin" } });
  const destination = memoryDestination();
  const now = () => world.clock.now();
  const streams = ["dags", "dag_runs", "task_instances"];
  const requestsOf = async (reconcile: boolean) =>
    (await sync({ source: airflow({ client }), destination, now, reconcile, streams })).requests;
  const first = await requestsOf(false);
  // Idle is: nothing has changed for longer than the overlap.
  world.advance(HOUR_MS);
  await requestsOf(false);
  world.advance(HOUR_MS);
  const begun = performance.now();
  const idle = await requestsOf(false);
  const idleMs = Math.round(performance.now() - begun);
  for (let run = 0; run < taskInstances / tasks / 100; run += 1) world.finishRun(world.addRun(all[run % dags]!));
  const changed = await requestsOf(false);
  world.advance(HOUR_MS);
  const reconcile = await requestsOf(true);
  return { taskInstances, first, idle, changed, reconcile, idleMs };
}

export async function measureSizes({
  sizes,
  tasks,
  dags,
}: typeof sizesOptions): Promise<{ readonly results: readonly Costs[] }> {
  const costs: Costs[] = [];
  for (const size of sizes.split(",").map(Number)) {
    const each = await costsOf(size, Number(tasks), Number(dags));
    console.error(JSON.stringify(each));
    costs.push(each);
  }
  return { results: costs };
}

export function sizesRatios(costs: readonly Costs[]): Ratios {
  return Object.fromEntries(
    costs.flatMap(({ taskInstances, first, idle, changed, reconcile }) =>
      Object.entries({ first, idle, changed, reconcile }).map(([name, value]) => [
        `${name}, requests at ${taskInstances}`,
        { value, better: "lower" as const },
      ]),
    ),
  );
}

export function sizesTable(costs: readonly Costs[]): string {
  const number = new Intl.NumberFormat("en-US");
  const head = ["task instances", "first sync", "idle", "1 % changed", "looking for deletions"];
  return markdownTable(
    head,
    costs.map(({ taskInstances, first, idle, changed, reconcile }) =>
      [taskInstances, first, idle, changed, reconcile].map((each) => number.format(each)),
    ),
  );
}
