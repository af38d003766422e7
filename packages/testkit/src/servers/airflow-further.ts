import type { AirflowServer } from "./airflow.ts";
import { assetEventRuns, assetEvents } from "./airflow-further/asset-events.ts";
import { assetEdges, assets } from "./airflow-further/assets.ts";
import { backfills } from "./airflow-further/backfills.ts";
import { eventLogs } from "./airflow-further/event-logs.ts";
import { hitl } from "./airflow-further/hitl.ts";
import { importErrors } from "./airflow-further/import-errors.ts";
import { health, jobs } from "./airflow-further/jobs.ts";
import { connections, variables } from "./airflow-further/named.ts";
import { poolSamples, pools } from "./airflow-further/pools.ts";
import type { FurtherTable } from "./airflow-further/table.ts";
import { dagVersions, taskEdges, tasks } from "./airflow-further/tasks.ts";
import type { QueryRow } from "./database.ts";

/** The tables of opt-in streams, by name. */
const tables: { readonly [table: string]: FurtherTable } = {
  airflow_pools: pools,
  airflow_pool_samples: poolSamples,
  airflow_import_errors: importErrors,
  airflow_event_logs: eventLogs,
  airflow_dag_versions: dagVersions,
  airflow_tasks: tasks,
  airflow_task_edges: taskEdges,
  airflow_assets: assets,
  airflow_asset_edges: assetEdges,
  airflow_asset_events: assetEvents,
  airflow_asset_event_runs: assetEventRuns,
  airflow_jobs: jobs,
  airflow_health: health,
  airflow_backfills: backfills,
  airflow_hitl: hitl,
  airflow_connections: connections,
  airflow_variables: variables,
};

type Server = Pick<AirflowServer, "query">;

/** Adds rows to the server's database, or changes some. */
export async function changeFurther(server: Server, how: "seed" | "change"): Promise<void> {
  for (const table of Object.values(tables)) {
    for (const statement of table[how] ?? []) await server.query(statement);
  }
}

/** The expected rows of a table. @throws Error if nothing says what to expect */
export async function furtherTruth(server: Server, name: string): Promise<readonly QueryRow[]> {
  const table = tables[name];
  if (!table) throw new Error(`Add what ${name} should hold to packages/testkit/src/servers/airflow-further.`);
  return server.query(table.truth);
}
