import type { StoredPipeline, StoredStream } from "@org/destination";
import { asOfOf, knownUntil } from "../as-of.ts";
import { type Micros, SECOND } from "../moments.ts";
import { defineQuestion } from "../question.ts";
import { isOptIn, knownTable } from "../tables.ts";

const known = (table: string, first: string, last: string, more: string) =>
  `SELECT pipeline, '${table}' AS known, min(${first}) AS first, max(${last}) AS last, ${more} FROM ${table} GROUP BY pipeline`;
/** Of the finished rows: those without a start, and those whose times give no duration. */
const times = (start: string, end: string, finished: string) => `
  sum(CASE WHEN ${finished} AND ${start} IS NULL THEN 1 ELSE 0 END) AS without_start,
  sum(CASE WHEN ${finished} AND (${start} IS NULL OR ${end} IS NULL OR ${end} < ${start}) THEN 1 ELSE 0 END) AS bad_durations`;
const runStart = "coalesce(start_date, queued_at, run_after)";
const jobStart = "coalesce(start_time, creation_time, update_time)";

export const coverage = defineQuestion({
  name: "coverage",
  sentence: "How much data do these answers cover?",
  limits:
    "“Never” in any answer means: not since the first time listed here. Whatever the server purged before the first sync is unknown.",
  tables: [
    "airflow_dags",
    "airflow_dag_runs",
    "airflow_task_instances",
    "dagster_runs",
    "dagster_assets",
    "dagster_schedules",
    "dagster_sensors",
  ],
  parameters: {},
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    table: { type: "text", description: "The stored table's name." },
    rows: { type: "integer", description: "Rows that are not deleted." },
    first: { type: "moment", nullable: true, description: "Time of its first run, attempt or asset." },
    last: { type: "moment", nullable: true, description: "Time of its last one." },
    as_of: { type: "moment", nullable: true, description: "The time of its data." },
    synced_at: { type: "moment", nullable: true, description: "When a sync last wrote to it." },
    age: { type: "number", nullable: true, unit: "s", description: "Time since then, by the reader's clock." },
    purged: {
      type: "integer",
      nullable: true,
      description: "Rows that the server has purged since; they count.",
    },
    deleted: { type: "integer", description: "Deleted rows; they do not count." },
    without_start: { type: "integer", nullable: true, description: "Runs or attempts that ended without a start." },
    bad_durations: {
      type: "integer",
      nullable: true,
      description: "Runs or attempts without a valid duration: no start, no end, or an end before the start.",
    },
    late_dags: {
      type: "integer",
      nullable: true,
      description: "DAGs older than their history here: their first version here is not their first.",
    },
  },
  chart: { kind: "stats" },
  sql: () => `
    ${known("airflow_dag_runs", runStart, runStart, `sum(CASE WHEN purged_at IS NOT NULL THEN 1 ELSE 0 END) AS purged, ${times("start_date", "end_date", "state IN ('success', 'failed')")}, NULL AS late_dags`)}
    UNION ALL
    SELECT counted.*, late.late_dags FROM (
      ${known("airflow_task_instances", "start_date", "start_date", `sum(CASE WHEN purged_at IS NOT NULL THEN 1 ELSE 0 END) AS purged, ${times("start_date", "end_date", "try_number >= 1 AND state IN ('success', 'failed')")}`)}) AS counted
      JOIN (SELECT pipeline, sum(CASE WHEN first_version > 1 THEN 1 ELSE 0 END) AS late_dags FROM (
        SELECT pipeline, dag_id, min(dag_version) AS first_version FROM airflow_task_instances GROUP BY pipeline, dag_id) AS versions
        GROUP BY pipeline) AS late ON late.pipeline = counted.pipeline
    UNION ALL
    ${known("dagster_runs", jobStart, jobStart, `NULL, ${times("start_time", "end_time", "status IN ('SUCCESS', 'FAILURE', 'CANCELED')")}, NULL`)}
    UNION ALL
    ${known("dagster_assets", "last_materialization_time", "last_materialization_time", "NULL, NULL, NULL, NULL")}`,
  finish(rows, { contents }) {
    const now = Date.now();
    const nothing = {
      first: null,
      last: null,
      purged: null,
      without_start: null,
      bad_durations: null,
      late_dags: null,
    };
    return contents.flatMap(({ pipeline, tables, streams }) =>
      tables.map(({ name, rows: stored, deleted }) => {
        const counted = rows.find((row) => row.pipeline === pipeline && row.known === knownTable(name));
        const synced = lastCommit(streams, name);
        return {
          ...nothing,
          ...counted,
          pipeline,
          table: name,
          rows: stored,
          deleted,
          as_of: currentAsOf({ pipeline, tables, streams }, name) ?? null,
          synced_at: synced === undefined ? null : synced * 1000,
          age: synced === undefined ? null : Math.max(0, now * 1000 - synced * 1000) / SECOND,
        };
      }),
    );
  },
});

/** A table of an opt-in stream may be older than the others. */
function currentAsOf(stored: StoredPipeline, table: string): Micros | undefined {
  const name = knownTable(table);
  return name && isOptIn(name) ? knownUntil([stored], name).get(stored.pipeline) : asOfOf([stored]);
}

/** In ms since 1970. */
function lastCommit(streams: readonly StoredStream[], table: string): number | undefined {
  const times = streams
    .filter(({ tables }) => tables.includes(table))
    .map(({ committedAt }) => Date.parse(committedAt));
  return times.length > 0 ? Math.max(...times) : undefined;
}
