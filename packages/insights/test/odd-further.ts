/** Random rows of opt-in streams: any combination of what their columns may hold. */
import type { Row, StoredValues, Table } from "@org/destination";
import type { Random } from "@org/simulators/internal";
import { at, further, type World } from "@org/testkit/insights/world";

/** What columns hold whose texts have a meaning, by name. */
const known: Readonly<Record<string, readonly (string | null)[]>> = {
  component: ["scheduler", "triggerer", "metadatabase"],
  daemon_type: ["SCHEDULER", "SENSOR"],
  event_type: ["MATERIALIZATION", "MATERIALIZATION", "FAILED", "OBSERVATION"],
  failure_type: ["FAILED", "SKIPPED"],
  instigator_type: ["SCHEDULE", "SENSOR"],
  job_type: ["SchedulerJob", "TriggererJob"],
  load_status: ["LOADED", "FAILED"],
  relation: ["schedules", "produced_by"],
  state: ["running", "failed"],
  severity: ["ERROR", "WARN"],
  asset_id: ['["a"]', '["b"]'],
  task_id: ["extract", "load", "<task>"],
  upstream_task_id: ["extract"],
  downstream_task_id: ["load", "<task>"],
  pool: ["default_pool", "p'ool"],
};
const statuses: Readonly<Record<string, readonly string[]>> = {
  dagster_ticks: ["SUCCESS", "SKIPPED", "FAILURE", "STARTED"],
  dagster_backfills: ["REQUESTED", "COMPLETED_SUCCESS", "CANCELED"],
  dagster_asset_checks: ["SUCCEEDED", "FAILED", "EXECUTION_FAILED", "IN_PROGRESS"],
  dagster_steps: ["SUCCESS", "FAILURE", "SKIPPED"],
  airflow_health: ["healthy", "unhealthy"],
};

export interface OddNames {
  readonly dags: readonly string[];
  readonly runIds: readonly string[];
  readonly moment: () => string;
}

/** Up to 60 rows of each table. */
export function oddFurther(tables: readonly Table[], random: Random, names: OddNames): World["further"] {
  return tables.map((table) => {
    const rows = Array.from({ length: 60 }, () => oddRow(table, random, names));
    const keyed = new Map(rows.map((row) => [JSON.stringify(table.primaryKey.map((name) => row[name])), row]));
    return further(table, [...keyed.values()] as readonly Partial<Row<Table>>[]);
  });
}

function oddRow(table: Table, { chance, pick, between }: Random, { dags, runIds, moment }: OddNames): StoredValues {
  const entries = Object.entries(table.columns).map(([name, { type, nullable }]) => {
    if (nullable && chance(0.15)) return [name, null];
    switch (type) {
      case "timestamp":
        return [name, at(moment())];
      case "int64":
        return [name, between(name.endsWith("slots") ? -1 : 0, 4)];
      case "float64":
        return [name, between(0, 400)];
      case "boolean":
        return [name, chance(0.5)];
      case "json":
        return [name, []];
      default: {
        if (name === "status") return [name, pick(statuses[table.name] ?? ["x"])];
        if (name === "dag_id" || name === "source_dag_id") return [name, pick(dags)];
        if (name === "run_id" || name === "dag_run_id" || name === "source_dag_run_id") return [name, pick(runIds)];
        return [name, pick(known[name] ?? ["a", "it's <b>\n2", "1", "23"])];
      }
    }
  });
  return Object.fromEntries(entries);
}
