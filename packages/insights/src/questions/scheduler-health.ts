import { inOrderOf, within } from "../common.ts";
import { defineQuestion } from "../question.ts";

/** With fewer samples, their share says nothing. */
const ENOUGH = 10;

export const schedulerHealth = defineQuestion({
  name: "scheduler_health",
  sentence: "Are the scheduler and the other components alive, and were they?",
  limits:
    "A sample is taken when a sync runs, so an outage between two syncs is not seen, nor one of the whole server, during which no sync succeeds. The age of the heartbeat decides, not the server's verdict: Dagster calls a daemon healthy for half an hour after its end.",
  tables: ["airflow_health", "dagster_daemons"],
  betterWith: ["airflow_jobs"],
  parameters: {
    max_age: {
      type: "number",
      default: 120,
      unit: "s",
      description: "A component is down if its last heartbeat is older than this.",
    },
  },
  columns: {
    orchestrator: { type: "text", description: "airflow or dagster." },
    pipeline: { type: "text", description: "The pipeline that synced it." },
    component: { type: "text", description: "The component, such as scheduler or SENSOR." },
    state: {
      type: "text",
      description: "healthy, down, errors (it is alive and reports some), or never (it never reported).",
    },
    required: { type: "flag", description: "Whether the deployment needs it." },
    last_heartbeat: { type: "moment", nullable: true, description: "Its last heartbeat." },
    age: { type: "number", nullable: true, unit: "s", description: "Age of that at the last sample." },
    sampled_at: { type: "moment", description: "When the last sample was taken." },
    status: { type: "text", nullable: true, description: "The server's own verdict." },
    samples: { type: "integer", description: "Samples in the window." },
    bad: { type: "integer", description: "Those in which it was down." },
    bad_percent: { type: "number", nullable: true, unit: "%", description: "Their share; null with fewer than 10." },
    outages: { type: "integer", description: "How many times it was down in one or more samples in a row." },
    worst_age: { type: "number", nullable: true, unit: "s", description: "The oldest heartbeat in a sample." },
    processes: { type: "integer", nullable: true, description: "Its running processes (Airflow)." },
    started: { type: "integer", nullable: true, description: "Its processes that started in the window (Airflow)." },
    error: { type: "text", nullable: true, description: "What it last reported (Dagster)." },
  },
  isFinding: ({ state, required }) => required && state !== "healthy",
  chart: { kind: "table" },
  // The database has no heartbeat: its status counts. A triggerer that never ran is not needed.
  sql: ({ asOf, window, dialect, parameters: { max_age } }) => `
    WITH samples AS (
      SELECT 'airflow' AS orchestrator, pipeline, component AS name, sampled_at,
        CASE WHEN component IN ('metadatabase', 'scheduler') OR latest_heartbeat IS NOT NULL THEN 1 ELSE 0 END AS required,
        status, latest_heartbeat AS heartbeat, heartbeat_age AS age, NULL AS error,
        CASE WHEN component = 'metadatabase' THEN 1 ELSE 0 END AS is_silent
      FROM airflow_health
      UNION ALL
      SELECT 'dagster', pipeline, daemon_type, sampled_at, coalesce(required, 1),
        CASE WHEN healthy = 1 THEN 'healthy' WHEN healthy = 0 THEN 'unhealthy' END, last_heartbeat_time,
        CAST((sampled_at - last_heartbeat_time) / 1000000.0 AS ${dialect.types.float}), error, 0
      FROM dagster_daemons),
    judged AS (
      SELECT s.*, CASE WHEN is_silent = 1 THEN CASE WHEN status = 'healthy' THEN 0 ELSE 1 END
        WHEN age > ${max_age} THEN 1 ELSE 0 END AS is_bad
      FROM samples s WHERE sampled_at <= ${asOf}),
    placed AS (
      SELECT j.*, row_number() OVER (PARTITION BY orchestrator, pipeline, name ORDER BY sampled_at DESC) AS newest,
        coalesce(lag(is_bad) OVER (PARTITION BY orchestrator, pipeline, name ORDER BY sampled_at), 0) AS was_bad,
        CASE WHEN ${within("sampled_at", window)} THEN 1 ELSE 0 END AS counts
      FROM judged j),
    processes AS (
      SELECT pipeline, CASE job_type WHEN 'SchedulerJob' THEN 'scheduler' WHEN 'TriggererJob' THEN 'triggerer'
          WHEN 'DagProcessorJob' THEN 'dag_processor' END AS name,
        sum(CASE WHEN state = 'running' THEN 1 ELSE 0 END) AS processes,
        sum(CASE WHEN ${within("start_date", window)} THEN 1 ELSE 0 END) AS started
      FROM airflow_jobs GROUP BY pipeline, job_type)
    SELECT p.orchestrator, p.pipeline, p.name AS component, max(CASE WHEN newest = 1 THEN required END) AS required,
      max(CASE WHEN newest = 1 THEN heartbeat END) AS last_heartbeat, max(CASE WHEN newest = 1 THEN age END) AS age,
      max(sampled_at) AS sampled_at, max(CASE WHEN newest = 1 THEN status END) AS status,
      max(CASE WHEN newest = 1 THEN error END) AS error,
      max(CASE WHEN newest = 1 THEN CASE WHEN is_bad = 1 THEN 'down' WHEN heartbeat IS NULL AND is_silent = 0 THEN 'never'
        WHEN error IS NOT NULL THEN 'errors' ELSE 'healthy' END END) AS state,
      sum(counts) AS samples, sum(counts * is_bad) AS bad, max(CASE WHEN counts = 1 THEN age END) AS worst_age,
      CASE WHEN sum(counts) >= ${ENOUGH} THEN sum(counts * is_bad) * 100.0 / sum(counts) END AS bad_percent,
      sum(CASE WHEN counts = 1 AND is_bad = 1 AND was_bad = 0 THEN 1 ELSE 0 END) AS outages,
      max(c.processes) AS processes, max(c.started) AS started
    FROM placed p LEFT JOIN processes c ON c.pipeline = p.pipeline AND c.name = p.name AND p.orchestrator = 'airflow'
    GROUP BY p.orchestrator, p.pipeline, p.name`,
  finish: (rows) =>
    [...rows].sort(
      (a, b) =>
        urgency(a) - urgency(b) ||
        Number(b.age ?? 0) - Number(a.age ?? 0) ||
        inOrderOf(a, b, ["component", "pipeline"]),
    ),
});

function urgency({ state, required }: Readonly<Record<string, unknown>>): number {
  return (Number(required) === 1 ? 0 : 4) + ["down", "never", "errors", "healthy"].indexOf(String(state));
}
