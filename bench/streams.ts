/** How many requests each opt-in stream adds to a sync of a simulated server. */
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import { memoryDestination } from "@org/destination/memory";
import {
  createAirflowSimulator,
  createDagsterSimulator,
  createDemoAirflowWorld,
  createDemoDagsterWorld,
} from "@org/simulators";
import { airflow } from "@org/sources/airflow";
import { dagster } from "@org/sources/dagster";
import { type Source, sync } from "@org/sync-engine";
import { markdownTable, type Ratios } from "./results.ts";

export const streamsOptions = { dags: "20", days: "7" };

const HOUR_MS = 3_600_000;

/** A server without history in any destination. */
interface Server {
  readonly source: Source;
  now(): number;
  /** Lets time pass in which nothing happens. */
  wait(durationMs: number): void;
}

const servers: Readonly<Record<string, (options: typeof streamsOptions) => Server>> = {
  airflow({ dags, days }) {
    const world = createDemoAirflowWorld({ dags: Number(dags), days: Number(days) });
    const client = createAirflowClient({
      ...createAirflowSimulator({ world }),
      auth: { username: "admin", password: "admin" },
    });
    return { source: airflow({ client }), now: () => world.clock.now(), wait: (ms) => world.advance(ms) };
  },
  dagster({ days }) {
    const world = createDemoDagsterWorld({ days: Number(days) });
    const client = createDagsterClient(createDagsterSimulator({ world }));
    return { source: dagster({ client }), now: () => world.clock.now(), wait: (ms) => world.clock.advance(ms) };
  },
};

interface Costs {
  readonly server: string;
  /** `default`, an opt-in stream beside the default ones, or `all`. */
  readonly streams: string;
  readonly rows: number;
  /** Requests of each sync. */
  readonly first: number;
  readonly idle: number;
  readonly reconcile: number;
}

async function costsOf(server: string, streams: string, options: typeof streamsOptions): Promise<Costs> {
  const { source, now, wait } = servers[server]!(options);
  const destination = memoryDestination();
  const names = streams === "default" ? ["default"] : streams === "all" ? ["all"] : ["default", streams];
  const syncNow = (reconcile: boolean) => sync({ source, destination, now, reconcile, streams: names });
  const first = await syncNow(false);
  // Idle is: nothing has changed for longer than the overlap.
  wait(HOUR_MS);
  await syncNow(false);
  wait(HOUR_MS);
  const idle = await syncNow(false);
  wait(HOUR_MS);
  const reconcile = await syncNow(true);
  const own = first.streams.filter(({ stream }) => streams === "all" || streams === "default" || stream === streams);
  const rows = own.reduce((sum, { inserted }) => sum + inserted, 0);
  return {
    ...{ server, streams, rows },
    ...{ first: first.requests, idle: idle.requests, reconcile: reconcile.requests },
  };
}

export async function measureStreams(options: typeof streamsOptions): Promise<{ readonly results: readonly Costs[] }> {
  const costs: Costs[] = [];
  for (const [server, create] of Object.entries(servers)) {
    const optIn = create(options).source.streams.filter(({ isOptIn }) => isOptIn);
    for (const streams of ["default", ...optIn.map(({ name }) => name), "all"]) {
      costs.push(await costsOf(server, streams, options));
    }
  }
  return { results: costs };
}

export function streamsRatios(costs: readonly Costs[]): Ratios {
  return Object.fromEntries(
    costs.flatMap(({ server, streams, first, idle, reconcile }) =>
      Object.entries({ first, idle, reconcile }).map(([name, value]) => [
        `${server}, ${streams}: ${name}`,
        { value, better: "lower" as const },
      ]),
    ),
  );
}

/** Opt-in streams show what they add. */
export function streamsTable(costs: readonly Costs[]): string {
  const number = new Intl.NumberFormat("en-US");
  const isWhole = ({ streams }: Costs) => streams === "default" || streams === "all";
  return markdownTable(
    ["server", "streams", "rows", "first sync", "idle", "looking for deletions"],
    costs.map((each) => {
      const base = costs.find(({ server, streams }) => server === each.server && streams === "default")!;
      const shown = (key: "first" | "idle" | "reconcile") =>
        isWhole(each) ? number.format(each[key]) : `+${number.format(each[key] - base[key])}`;
      const names = each.streams === "default" || each.streams === "all" ? each.streams : `\`${each.streams}\``;
      return [each.server, names, number.format(each.rows), shown("first"), shown("idle"), shown("reconcile")];
    }),
  );
}
