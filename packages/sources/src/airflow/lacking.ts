import type { Table } from "@org/destination";
import { assetEventsTable } from "./tables/asset-events.ts";
import { assetEdgesTable, assetsTable } from "./tables/assets.ts";
import { dagRunsTable } from "./tables/dag-runs.ts";
import { dagsTable } from "./tables/dags.ts";
import { eventLogsTable } from "./tables/event-logs.ts";
import { hitlTable } from "./tables/hitl.ts";
import { healthTable, jobsTable } from "./tables/jobs.ts";
import { connectionsTable, variablesTable } from "./tables/named.ts";
import { poolsTable } from "./tables/pools.ts";
import { taskInstancesTable } from "./tables/task-instances.ts";

/** Columns that an answer fills only since a version of Airflow. */
const since = [
  { minor: 1, table: dagRunsTable, column: "duration", of: "run" },
  { minor: 1, table: dagRunsTable, column: "triggering_user_name", of: "run" },
  { minor: 1, table: taskInstancesTable, column: "operator_name", of: "task instance" },
  { minor: 2, table: dagRunsTable, column: "partition_key", of: "run" },
  { minor: 2, table: poolsTable, column: "team_name", of: "pool" },
  { minor: 2, table: assetsTable, column: "watchers", of: "asset" },
  { minor: 2, table: assetEventsTable, column: "partition_key", of: "asset event" },
  { minor: 2, table: connectionsTable, column: "team_name", of: "connection" },
  { minor: 2, table: variablesTable, column: "team_name", of: "variable" },
  { minor: 4, table: dagsTable, column: "scheduling_state", of: "DAG" },
  { minor: 4, table: dagRunsTable, column: "team_name", of: "run" },
  { minor: 4, table: taskInstancesTable, column: "team_name", of: "task instance" },
  { minor: 4, table: taskInstancesTable, column: "state_reason", of: "task instance" },
  { minor: 4, table: eventLogsTable, column: "owner_display_name", of: "event log" },
  { minor: 4, table: eventLogsTable, column: "task_instance_id", of: "event log" },
  { minor: 4, table: eventLogsTable, column: "team_name", of: "event log" },
  { minor: 4, table: assetEventsTable, column: "source_task_instance_id", of: "asset event" },
  { minor: 4, table: jobsTable, column: "bundle_names", of: "job" },
  { minor: 4, table: jobsTable, column: "team_names", of: "job" },
  { minor: 4, table: healthTable, column: "detailed_status", of: "component" },
];

/** Rows that exist only since a version of Airflow. */
const rowsSince = [
  { minor: 1, table: hitlTable, lacks: "stays empty: tasks cannot ask people" },
  { minor: 1, table: assetEdgesTable, lacks: "has no edges of tasks that consume an asset" },
  { minor: 2, table: jobsTable, lacks: "only has jobs that run: those that ended are not listed" },
];

/**
 * What the tables cannot tell of a server of this version, each as a sentence.
 *
 * @param version as the server says it, such as `3.0.6`; nothing is said of one that is not understood
 * @param tables the tables that matter
 */
export function lackingColumns(version: string, tables: readonly Table[]): string[] {
  const [, minor] = /^3\.(\d+)\b/.exec(version) ?? [];
  const isLacking = (each: { readonly minor: number; readonly table: Table }) =>
    Number(minor) < each.minor && tables.some(({ name }) => name === each.table.name);
  const columns = since
    .filter(isLacking)
    .map(
      ({ table, column, of }) =>
        `Airflow ${version} does not have ${column} of a ${of}: ${table.name}.${column} stays NULL.`,
    );
  const rows = rowsSince
    .filter(isLacking)
    .map(({ table, lacks }) => `With Airflow ${version}, ${table.name} ${lacks}.`);
  return [...columns, ...rows];
}
