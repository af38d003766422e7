/**
 * Short methods for common operations, named in the API's own terms: `dagRuns.trigger(airflow, "daily")`. Each takes
 * the client as its first argument; bundlers drop the ones that are not used.
 */

export * as assets from "./assets.ts";
export * as backfills from "./backfills.ts";
export * as connections from "./connections.ts";
export * as dagBundles from "./dag-bundles.ts";
export * as dagRuns from "./dag-runs.ts";
export * as dags from "./dags.ts";
export * as eventLogs from "./event-logs.ts";
export type { DagRef } from "./ids.ts";
export * as importErrors from "./import-errors.ts";
export type { ListQuery, OrderBy } from "./list.ts";
export * as monitor from "./monitor.ts";
export * as pools from "./pools.ts";
export * as roles from "./roles.ts";
export type { DagsRef } from "./several-dags.ts";
export * as taskInstances from "./task-instances.ts";
export * as users from "./users.ts";
export * as variables from "./variables.ts";
export * as xcoms from "./xcoms.ts";
