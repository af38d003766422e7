import {
  createClock,
  createDemoAirflowWorld,
  createDemoDagsterWorld,
  startAirflowSimulator,
  startDagsterSimulator,
} from "@org/simulators/internal";
import * as airflowLife from "./airflow-life.ts";
import * as dagsterLife from "./dagster-life.ts";

/** Both servers, running. */
export interface DemoServers {
  readonly airflow: string;
  readonly dagster: string;
  close(): Promise<void>;
}

/**
 * Both servers' worlds, advanced through all visits up to the last.
 *
 * @param visits in ms since 1970, ascending
 */
export function createWorlds(visits: readonly number[]) {
  const [first, ...later] = visits;
  const clock = createClock(first);
  const worlds = {
    airflow: createDemoAirflowWorld({ clock, incidents: true }),
    dagster: createDemoDagsterWorld({ clock, incidents: true }),
  };
  for (const visit of later) {
    const from = clock.now() * 1000;
    clock.set(visit);
    airflowLife.liveOn(worlds.airflow, from);
    dagsterLife.liveOn(worlds.dagster, from);
  }
  return worlds;
}

/** Starts both simulators with these worlds. */
export async function startSimulated(visits: readonly number[]): Promise<DemoServers> {
  const worlds = createWorlds(visits);
  const airflow = await startAirflowSimulator({ world: worlds.airflow });
  const dagster = await startDagsterSimulator({ world: worlds.dagster });
  return {
    airflow: airflow.url,
    dagster: dagster.url,
    close: async () => void (await Promise.all([airflow.close(), dagster.close()])),
  };
}
