export { type AirflowWorldOptions, createAirflowWorld } from "./airflow/demo.ts";
export { type AirflowIncidents, airflowIncidents } from "./airflow/incidents.ts";
export type {
  AddDag,
  AddRun,
  DagSettings,
  SimulatedDag,
  SimulatedRegion,
  SimulatedRun,
  SimulatedTask,
  TaskDefinition,
} from "./airflow/records.ts";
export type { AirflowRows, TruthRow } from "./airflow/rows.ts";
export {
  type AirflowServerOptions,
  type AirflowSimulator,
  type AirflowSimulatorOptions,
  directAirflowSimulator,
  startAirflowSimulator,
} from "./airflow/simulator.ts";
export type { AirflowWorldVersion } from "./airflow/store.ts";
export { AirflowWorld, createEmptyAirflowWorld } from "./airflow/world.ts";
export { createDagsterWorld, type DagsterWorldOptions } from "./dagster/demo.ts";
export type { LocationDefinitions } from "./dagster/locations.ts";
export type { DagsterRunStatus, SimulatedDagsterRun, SimulatedLocation } from "./dagster/records.ts";
export type { DagsterRows } from "./dagster/rows.ts";
export {
  type DagsterSimulator,
  type DagsterSimulatorOptions,
  type DagsterVersion,
  directDagsterSimulator,
  startDagsterSimulator,
} from "./dagster/simulator.ts";
export {
  type AddDagsterRun,
  createEmptyDagsterWorld,
  DagsterWorld,
} from "./dagster/world.ts";
export { type DirectServer, directServer } from "./http/direct.ts";
export type { Fault, SimulatedRequest } from "./http/faults.ts";
export type { LoggedRequest, RequestLog } from "./http/server.ts";
export { createRandom, type Random } from "./random.ts";
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
