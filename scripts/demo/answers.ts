/** Typical questions about the seven tables, as SQL on the file. */
import { queryDuckdb } from "@org/destination/duckdb";
import { defaultAirflowTables } from "@org/sources/airflow";
import { defaultDagsterTables } from "@org/sources/dagster";
import { type Cell, textTable } from "../../packages/cli/src/render/table.ts";

export const tables: readonly string[] = [...defaultAirflowTables, ...defaultDagsterTables].map(({ name }) => name);

/** Row counts, without tables that do not exist yet. */
export async function countRows(file: string): Promise<ReadonlyMap<string, number>> {
  const found = await queryDuckdb(file, "SELECT table_name FROM duckdb_tables()");
  const there = tables.filter((table) => found.some(({ table_name }) => table_name === table));
  if (there.length === 0) return new Map();
  const counts = there.map((table) => `SELECT '${table}' AS name, count(*) AS rows FROM ${table}`);
  const rows = await queryDuckdb(file, counts.join(" UNION ALL "));
  return new Map(rows.map(({ name, rows }) => [String(name), Number(rows)]));
}

/** @param now the servers' current time, as an SQL expression */
const questions = (now: string) => [
  {
    question: "Which DAGs failed most this week?",
    sql: `SELECT dag_id, count(*) AS runs, count(*) FILTER (state = 'failed') AS failed,
        round(100 * avg((state = 'failed')::INT), 1) AS "failed %",
        strftime(max(end_date) FILTER (state = 'failed'), '%a %d %b %H:%M') AS "last failure"
      FROM airflow_dag_runs
      WHERE run_after > ${now} - INTERVAL 7 DAY AND state IN ('success', 'failed')
      GROUP BY dag_id HAVING failed > 0 ORDER BY failed DESC, dag_id LIMIT 5`,
  },
  {
    question: "Which tasks are the slowest?",
    sql: `SELECT dag_id, task_id, count(*) AS attempts, round(median(duration) / 60, 1) AS "median min",
        round(max(duration) / 60, 1) AS "longest min"
      FROM airflow_task_instances
      WHERE state = 'success' AND start_date > ${now} - INTERVAL 7 DAY
      GROUP BY ALL ORDER BY median(duration) DESC, dag_id LIMIT 5`,
  },
  {
    question: "Which tasks only succeed on retry?",
    sql: `SELECT dag_id, task_id, count(*) FILTER (is_latest) AS "task instances",
        count(*) FILTER (is_latest AND try_number > 1 AND state = 'success') AS "saved by a retry",
        count(*) FILTER (NOT is_latest AND start_date IS NOT NULL AND state IN ('failed', 'up_for_retry')) AS "failed attempts"
      FROM airflow_task_instances
      GROUP BY ALL HAVING "saved by a retry" > 0 ORDER BY "saved by a retry" DESC, dag_id LIMIT 5`,
  },
  {
    question: "Which assets are stale?",
    sql: `SELECT key_path AS "asset key", coalesce(asset.code_location, 'no definition') AS "code location",
        strftime(last_materialization_time, '%a %d %b') AS materialized,
        round(epoch(${now} - last_materialization_time) / 86400, 1) AS "days ago",
        coalesce(runs.pipeline_name, 'from outside') AS "by job"
      FROM dagster_assets AS asset LEFT JOIN dagster_runs AS runs ON runs.run_id = last_materialization_run_id
      WHERE last_materialization_time < ${now} - INTERVAL 3 DAY
      ORDER BY last_materialization_time, key_path LIMIT 6`,
  },
];

/** Answers all questions. @param nowMs the servers' current time, in ms since 1970 */
export async function answers(file: string, nowMs: number): Promise<string> {
  const parts: string[] = [];
  for (const { question, sql } of questions(`to_timestamp(${nowMs / 1000})`)) {
    const rows = await queryDuckdb(file, sql);
    const head = Object.keys(rows[0] ?? {});
    const cells = rows.map((row) => head.map((name) => row[name] as Cell));
    parts.push(`${question}\n${rows.length === 0 ? "  None.\n" : textTable(head, cells, 2)}`);
  }
  return parts.join("\n");
}

/** The tables with their row counts, and how many rows are new since an earlier count. */
export function rowsTable(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string {
  const rows = tables.map((table) => {
    const count = after.get(table) ?? 0;
    return [table, count, ...(before.size > 0 ? [count - (before.get(table) ?? 0)] : [])];
  });
  return textTable(["table", "rows", ...(before.size > 0 ? ["added"] : [])], rows, 2);
}
