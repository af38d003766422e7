/** What only our own tests and demos use. It is not published: packages resolve it inside the checkout only. */

export { taskDocument } from "./airflow/documents.ts";
export { type FurtherRows, pool } from "./airflow/further.ts";
export type { FurtherRow } from "./airflow/further-list.ts";
export { type AirflowIncidents, airflowIncidents } from "./airflow/incidents.ts";
export { type AirflowRows, airflowRows, type TruthRow } from "./airflow/rows.ts";
export { type AnsweredRoute, airflowSimulator, type ValidatingOptions } from "./airflow/simulator.ts";
export { AirflowWorld } from "./airflow/world.ts";
export type { DagsterRows } from "./dagster/rows.ts";
export { DagsterWorld } from "./dagster/world.ts";
export * from "./index.ts";
export { createRandom, type Random } from "./random.ts";
export {
  type StartedAirflow,
  type StartedDagster,
  type StartOptions,
  startAirflowSimulator,
  startDagsterSimulator,
} from "./start.ts";
export { defaultStartMs, formatSix } from "./time.ts";
