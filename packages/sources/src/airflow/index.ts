import { type AirflowClient, checkServer } from "@org/airflow-client";
import type { Source } from "@org/sync-engine";
import type { Stream } from "@org/sync-engine/source";
import { tablesOf } from "../tables-of.ts";
import { untestedNote } from "../tested-versions.ts";
import { dagRuns } from "./dag-runs.ts";
import { dags } from "./dags.ts";
import { furtherStreams } from "./further.ts";
import { importErrors } from "./import-errors.ts";
import { airflowInventory } from "./inventory/index.ts";
import { lackingColumns } from "./lacking.ts";
import { poolSamples, pools } from "./pools.ts";
import { unreadableLists } from "./readable.ts";
import { type AirflowOptions, type AirflowSync, startAirflowSync } from "./shared.ts";
import { taskInstances } from "./task-instances.ts";
import { optional } from "./unavailable.ts";

export type { AirflowOptions } from "./shared.ts";
export type { AirflowDag, AirflowDagRun, AirflowTaskInstance } from "./stored-rows.ts";
export { assetEventRunsTable, assetEventsTable } from "./tables/asset-events.ts";
export { assetEdgesTable, assetsTable } from "./tables/assets.ts";
export { backfillsTable } from "./tables/backfills.ts";
export { dagRunsTable } from "./tables/dag-runs.ts";
export { dagVersionsTable } from "./tables/dag-versions.ts";
export { dagsTable } from "./tables/dags.ts";
export { eventLogsTable } from "./tables/event-logs.ts";
export { hitlTable } from "./tables/hitl.ts";
export { importErrorsTable } from "./tables/import-errors.ts";
export { healthTable, jobsTable } from "./tables/jobs.ts";
export { connectionsTable, variablesTable } from "./tables/named.ts";
export { poolSamplesTable, poolsTable } from "./tables/pools.ts";
export { taskInstancesTable } from "./tables/task-instances.ts";
export { taskEdgesTable, tasksTable } from "./tables/tasks.ts";

const defaultStreams = [dags, dagRuns, taskInstances] as const;
const streams = [...defaultStreams, pools, poolSamples, importErrors, ...furtherStreams] as const;

const offered: readonly Stream<AirflowSync>[] = streams.map((each) => ("isOptIn" in each ? optional(each) : each));

/** The tables of all of Airflow's streams: everything that a sync of Airflow can write. */
export const airflowTables = tablesOf(streams);

/** The tables of the streams that are synced by default. */
export const defaultAirflowTables = tablesOf(defaultStreams);

/**
 * Airflow as a source of the streams `dags`, `dag_runs` and `task_instances`, and of further ones that are opt-in.
 *
 * The first sync lists runs and task instances through the server's batch endpoints; each such call for task instances
 * writes a row into Airflow's own audit log.
 *
 * Its inventory: `sources` (of DAGs), `pools`, and the names, without values, of `variables`, `connections` and `xcoms`.
 */
export function airflow(options: AirflowOptions): Source<AirflowSync> {
  const { client } = options;
  return {
    name: "airflow",
    url: client.url,
    streams: offered,
    limitsHistory: true,
    inventory: airflowInventory(client),
    start: (context) => startAirflowSync(options, context),
    async check({ request, signal, streams: chosen }) {
      const { version } = await request("the server", (signal) => checkServer(client, { signal }));
      const untested = untestedNote("Airflow", version);
      const synced = streams.filter(({ name }) => chosen?.has(name) ?? true);
      const lacking = lackingColumns(version, tablesOf(synced));
      const unreadable = await unreadableLists(
        client,
        { request, signal },
        synced.map(({ name }) => name),
      );
      return { version, notes: [...(untested ? [untested] : []), ...lacking, ...unreadable] };
    },
  };
}

export type { AirflowClient };
