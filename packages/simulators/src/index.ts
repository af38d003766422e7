export { type AirflowWorldOptions, createAirflowWorld } from "./airflow/demo.ts";
export type {
  DagSettings,
  SimulatedDag,
  SimulatedRun,
  SimulatedTask,
  TaskDefinition,
} from "./airflow/records.ts";
export type { AirflowRows, TruthRow } from "./airflow/rows.ts";
export { type AirflowSimulator, type AirflowSimulatorOptions, startAirflowSimulator } from "./airflow/simulator.ts";
export { type AddDag, type AddRun, AirflowWorld, createEmptyAirflowWorld } from "./airflow/world.ts";
export type { Fault, SimulatedRequest } from "./http/faults.ts";
export type { LoggedRequest, RequestLog } from "./http/server.ts";
export {
  type Clock,
  createClock,
  createRunningClock,
  day,
  defaultStartMs,
  formatSix,
  hour,
  type Instant,
  minute,
  second,
} from "./time.ts";
