/** The rows of Airflow's tables as database drivers read them. */
import type { Driver, StoredRow } from "@org/destination";
import type { dagRunsTable } from "./tables/dag-runs.ts";
import type { dagsTable } from "./tables/dags.ts";
import type { taskInstancesTable } from "./tables/task-instances.ts";

/** A row of `airflow_dags` as a database's driver reads it: `AirflowDag<"postgres">`. */
export type AirflowDag<D extends Driver> = StoredRow<typeof dagsTable, D>;

/** A row of `airflow_dag_runs` as a database's driver reads it: `AirflowDagRun<"postgres">`. */
export type AirflowDagRun<D extends Driver> = StoredRow<typeof dagRunsTable, D>;

/**
 * A row of `airflow_task_instances`, an attempt, as a database's driver reads it: `AirflowTaskInstance<"postgres">`.
 */
export type AirflowTaskInstance<D extends Driver> = StoredRow<typeof taskInstancesTable, D>;
