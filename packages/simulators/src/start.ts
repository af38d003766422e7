/** Simulators as our own tests and demos use them: with a demo inside, on a port from the beginning. */
import { createDemoAirflowWorld } from "./airflow/demo.ts";
import { type AirflowSimulator, airflowSimulator, type ValidatingOptions } from "./airflow/simulator.ts";
import { createDemoDagsterWorld } from "./dagster/demo.ts";
import { createDagsterSimulator, type DagsterSimulator, type DagsterSimulatorOptions } from "./dagster/simulator.ts";
import type { ListeningServer } from "./http/listen.ts";
import type { Clock } from "./time.ts";

export interface StartedAirflow extends AirflowSimulator, ListeningServer {}

export interface StartedDagster extends DagsterSimulator, ListeningServer {}

export interface StartOptions {
  /** The clock of the demo world; a given world has its own. */
  readonly clock?: Clock;
  /** @default 0, any free one */
  readonly port?: number;
}

/** @param options read at every request */
export async function startAirflowSimulator(options: ValidatingOptions & StartOptions = {}): Promise<StartedAirflow> {
  const world = options.world ?? createDemoAirflowWorld(options.clock ? { clock: options.clock } : {});
  const simulator = airflowSimulator(world, options);
  return { ...simulator, ...(await simulator.listen(options)) };
}

export async function startDagsterSimulator(
  options: DagsterSimulatorOptions & StartOptions = {},
): Promise<StartedDagster> {
  const world = options.world ?? createDemoDagsterWorld(options.clock ? { clock: options.clock } : {});
  const simulator = createDagsterSimulator({ ...options, world });
  return { ...simulator, ...(await simulator.listen(options)) };
}
