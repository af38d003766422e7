/** Airflow and Dagster servers in this process, for the tests of programs that use them. */
export {
  type DagDetailsRow,
  type DagRow,
  type DagRunRow,
  dag,
  dagDetails,
  dagRun,
  type EventLogRow,
  eventLog,
  type TaskInstanceAttemptRow,
  type TaskInstanceRow,
  taskInstance,
  taskInstanceAttempt,
} from "./airflow/builders.ts";
export { createDemoAirflowWorld, type DemoAirflowOptions } from "./airflow/demo.ts";
export type {
  AddDag,
  AddRun,
  DagSettings,
  DagVersion,
  RunState,
  RunType,
  SimulatedAttempt,
  SimulatedDag,
  SimulatedEvent,
  SimulatedRegion,
  SimulatedRun,
  SimulatedTask,
  TaskDefinition,
  TaskState,
} from "./airflow/records.ts";
export {
  type AirflowServerOptions,
  type AirflowSimulator,
  type AirflowSimulatorOptions,
  createAirflowSimulator,
} from "./airflow/simulator.ts";
export type { AirflowWorldVersion } from "./airflow/store.ts";
export type { Tokens } from "./airflow/tokens.ts";
export { type AirflowWorld, createEmptyAirflowWorld, type EmptyAirflowOptions } from "./airflow/world.ts";
export { type DagsterRunRow, run } from "./dagster/builders.ts";
export { createDemoDagsterWorld, type DemoDagsterOptions } from "./dagster/demo.ts";
export { createEmptyDagsterWorld, type EmptyDagsterOptions } from "./dagster/empty-world.ts";
export type { LocationDefinitions, ScheduleDefinition, SensorDefinition } from "./dagster/locations.ts";
export type {
  AssetDefinition,
  DagsterRunStatus,
  Materialization,
  SimulatedDagsterRun,
  SimulatedInstigator,
  SimulatedLocation,
  SimulatedSchedule,
  SimulatedSensor,
} from "./dagster/records.ts";
export {
  createDagsterSimulator,
  type DagsterSimulator,
  type DagsterSimulatorOptions,
  type DagsterVersion,
} from "./dagster/simulator.ts";
export type { AddDagsterRun, DagsterWorld } from "./dagster/world.ts";
export type { Fault, Faults, SimulatedRequest } from "./http/faults.ts";
export type { SimulatorFetch } from "./http/fetch.ts";
export type { ListeningServer, ListenOptions } from "./http/listen.ts";
export type { LoggedRequest, RequestLog } from "./http/request-log.ts";
export type { SimulatedServer } from "./http/simulated-server.ts";
export { type Clock, createClock, createRunningClock, day, hour, type Instant, minute, second } from "./time.ts";
