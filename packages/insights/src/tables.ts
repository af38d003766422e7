/**
 * The synced tables as questions see them: those of all pipelines together, with times, flags and names in one form.
 */
import type { SqlReader, StoredPipeline } from "@org/destination";
import type { Dialect } from "./dialect.ts";
import { furtherColumns } from "./further-tables.ts";

/** The form of a column; `micros` and `flag` are those of {@link Dialect}. */
type Form = "text" | "int" | "float" | "micros" | "flag" | "json";

/**
 * The columns that questions use, by table. A table of an older release, or with excluded columns, lacks some: they are
 * null.
 */
export const tableColumns = {
  airflow_dags: {
    dag_id: "text",
    is_paused: "flag",
    is_stale: "flag",
    owners: "text",
    timezone: "text",
    tags: "text",
    max_active_runs: "int",
    max_active_tasks: "int",
    next_dagrun_create_after: "micros",
    timetable_summary: "text",
    timetable_description: "text",
    has_import_errors: "flag",
  },
  airflow_dag_runs: {
    dag_id: "text",
    dag_run_id: "text",
    run_type: "text",
    state: "text",
    logical_date: "micros",
    start_date: "micros",
    end_date: "micros",
    run_after: "micros",
    queued_at: "micros",
    note: "text",
    triggered_by: "text",
    triggering_user_name: "text",
    bundle_version: "text",
    purged_at: "micros",
  },
  airflow_task_instances: {
    dag_id: "text",
    dag_run_id: "text",
    task_id: "text",
    map_index: "int",
    region_id: "text",
    region_index: "int",
    loop_id: "text",
    iteration: "int",
    try_number: "int",
    is_latest: "flag",
    state: "text",
    start_date: "micros",
    end_date: "micros",
    run_after: "micros",
    queued_when: "micros",
    scheduled_when: "micros",
    max_tries: "int",
    pool: "text",
    pool_slots: "int",
    queue: "text",
    executor: "text",
    operator: "text",
    hostname: "text",
    rendered_map_index: "text",
    note: "text",
    dag_version: "int",
    purged_at: "micros",
  },
  dagster_runs: {
    run_id: "text",
    pipeline_name: "text",
    status: "text",
    start_time: "micros",
    end_time: "micros",
    update_time: "micros",
    creation_time: "micros",
    tags: "json",
    root_run_id: "text",
    parent_run_id: "text",
    repository: "text",
    code_location: "text",
  },
  dagster_assets: {
    id: "text",
    key_path: "text",
    last_materialization_run_id: "text",
    last_materialization_time: "micros",
    group_name: "text",
    repository: "text",
    code_location: "text",
  },
  dagster_schedules: {
    id: "text",
    name: "text",
    cron_schedule: "text",
    pipeline_name: "text",
    status: "text",
    execution_timezone: "text",
    repository: "text",
    code_location: "text",
  },
  dagster_sensors: {
    id: "text",
    name: "text",
    sensor_type: "text",
    pipeline_name: "text",
    status: "text",
    repository: "text",
    code_location: "text",
  },
  ...furtherColumns,
} as const satisfies Readonly<Record<string, Readonly<Record<string, Form>>>>;

export type TableName = keyof typeof tableColumns;

export const tableNames = Object.keys(tableColumns) as readonly TableName[];

/** Whether the stream of a table is opt-in. */
export function isOptIn(name: TableName): boolean {
  return Object.hasOwn(furtherColumns, name);
}

/** Whether a stored table belongs to an opt-in stream. */
export function isFurther(stored: string): boolean {
  const name = knownTable(stored);
  return name !== undefined && isOptIn(name);
}

/** The name under which a table's stream is chosen: `ticks` for `dagster_ticks`. */
export function streamOf(name: TableName): string {
  return name.slice(name.indexOf("_") + 1);
}

/** A pipeline's stored table. */
export interface FoundTable {
  readonly pipeline: string;
  /** With the pipeline's prefix. */
  readonly stored: string;
  readonly columns: ReadonlySet<string>;
}

export type FoundTables = ReadonlyMap<TableName, readonly FoundTable[]>;

/**
 * The destination's tables that questions know, whatever their prefix.
 *
 * @param contents the result of `destination.contents()`
 * @param pipelines only those of these. @default all
 */
export function findTables(contents: readonly StoredPipeline[], pipelines?: readonly string[]): FoundTables {
  const found = new Map<TableName, FoundTable[]>();
  for (const { pipeline, tables } of contents) {
    if (pipelines && !pipelines.includes(pipeline)) continue;
    for (const { name: stored, columns } of tables) {
      const name = knownTable(stored);
      if (!name) continue;
      found.set(name, [...(found.get(name) ?? []), { pipeline, stored, columns: new Set(columns) }]);
    }
  }
  return found;
}

/** A stored table's name without its prefix, if questions know it. */
export function knownTable(stored: string): TableName | undefined {
  // The longest name that fits: one may be another's suffix.
  const [name] = tableNames
    .filter((each) => stored === each || stored.endsWith(`_${each}`))
    .sort((a, b) => b.length - a.length);
  return name;
}

/**
 * A query for a table's rows of all pipelines; returns no row if no pipeline has the table. Deleted rows are left out,
 * unless questions know the column `_deleted_at`.
 */
export function tableSql(
  name: TableName,
  found: FoundTables,
  dialect: Dialect,
  reader: Pick<SqlReader, "table">,
): string {
  const columns = Object.entries<Form>(tableColumns[name]);
  const present = Object.hasOwn(tableColumns[name], "_deleted_at") ? "" : " WHERE _deleted_at IS NULL";
  const nothing = (form: Form) => `CAST(NULL AS ${dialect.types[form]})`;
  const form = (column: string, as: Form) => {
    if (as === "micros") return dialect.micros(column);
    if (as === "text") return dialect.text(column);
    return as === "flag" ? dialect.flag(column) : column;
  };
  const parts = (found.get(name) ?? []).map(({ pipeline, stored, columns: there }) => {
    const values = columns.map(
      ([column, as]) =>
        `${there.has(column) || column === "_deleted_at" ? form(column, as) : nothing(as)} AS ${column}`,
    );
    const owner = dialect.text(`CAST('${pipeline.replaceAll("'", "''")}' AS ${dialect.types.text})`);
    return `SELECT ${owner} AS pipeline, ${values.join(", ")} FROM ${reader.table({ name: stored })}${present}`;
  });
  if (parts.length > 0) return parts.join(" UNION ALL ");
  const nulls = columns.map(([column, as]) => `${nothing(as)} AS ${column}`);
  return `SELECT ${nothing("text")} AS pipeline, ${nulls.join(", ")} WHERE 1 = 0`;
}
