import type { Table } from "@org/destination";
import { dagRunsTable } from "./tables/dag-runs.ts";
import { dagsTable } from "./tables/dags.ts";
import { poolsTable } from "./tables/pools.ts";
import { taskInstancesTable } from "./tables/task-instances.ts";

/** Columns that an answer fills only since a version of Airflow. */
const since = [
  { minor: 1, table: dagRunsTable, column: "duration", of: "run" },
  { minor: 1, table: dagRunsTable, column: "triggering_user_name", of: "run" },
  { minor: 1, table: taskInstancesTable, column: "operator_name", of: "task instance" },
  { minor: 2, table: dagRunsTable, column: "partition_key", of: "run" },
  { minor: 2, table: poolsTable, column: "team_name", of: "pool" },
  { minor: 4, table: dagsTable, column: "scheduling_state", of: "DAG" },
  { minor: 4, table: dagRunsTable, column: "team_name", of: "run" },
  { minor: 4, table: taskInstancesTable, column: "team_name", of: "task instance" },
  { minor: 4, table: taskInstancesTable, column: "state_reason", of: "task instance" },
];

/**
 * What the tables cannot tell of a server of this version, each as a sentence.
 *
 * @param version as the server says it, such as `3.0.6`; nothing is said of one that is not understood
 * @param tables the tables that matter
 */
export function lackingColumns(version: string, tables: readonly Table[]): string[] {
  const [, minor] = /^3\.(\d+)\b/.exec(version) ?? [];
  return since
    .filter((each) => Number(minor) < each.minor && tables.some(({ name }) => name === each.table.name))
    .map(
      ({ table, column, of }) =>
        `Airflow ${version} does not have ${column} of a ${of}: ${table.name}.${column} stays NULL.`,
    );
}
