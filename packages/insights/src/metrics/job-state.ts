import { jobColumns } from "../common.ts";
import { defineQuestion, type SqlRow } from "../question.ts";
import { inOrder } from "./other-states.ts";

const job = "orchestrator, pipeline, location, name";
const states = ["queued", "running", "success", "failed", "canceled"] as const;
const isFinal = "('success', 'failed', 'canceled')";

/** The state of each DAG's and job's runs, for metrics. Not listed among the questions for users. */
export const jobState = defineQuestion({
  name: "job_state",
  sentence: "What are the states of each DAG's and job's runs?",
  tables: ["airflow_dags", "airflow_dag_runs", "dagster_runs", "dagster_schedules"],
  parameters: {},
  columns: {
    ...jobColumns,
    location: { type: "text", description: "The code location of a Dagster job; empty for a DAG." },
    queued: { type: "integer", description: "Queued runs." },
    running: { type: "integer", description: "Running runs." },
    success: { type: "integer", description: "All stored runs that succeeded." },
    failed: { type: "integer", description: "Runs that failed." },
    canceled: { type: "integer", description: "Runs that were canceled (Dagster only)." },
    queued_since: { type: "moment", nullable: true, description: "When the oldest of these was queued." },
    running_since: { type: "moment", nullable: true, description: "When the oldest of these started." },
    last_success: { type: "moment", nullable: true, description: "When the last successful one ended." },
    last_failed: { type: "moment", nullable: true, description: "When the last failed one ended." },
    last_canceled: { type: "moment", nullable: true, description: "When the last canceled one ended." },
    last_duration: { type: "number", nullable: true, unit: "s", description: "How long the last success took." },
    streak: { type: "integer", description: "Regular runs that failed since the last success." },
    paused: { type: "flag", nullable: true, description: "Whether the DAG is paused." },
    owners: { type: "text", nullable: true, description: "The DAG's owners." },
  },
  chart: { kind: "table" },
  // Not from the convention `runs`, which reads every attempt to detect re-runs.
  sql: () => `
    WITH every_run AS (
      SELECT 'airflow' AS orchestrator, pipeline, '' AS location, dag_id AS name, coalesce(state, 'queued') AS state,
        CASE WHEN run_type IN ('manual', 'backfill') THEN 0 ELSE 1 END AS is_regular,
        coalesce(queued_at, run_after) AS queued, start_date AS started, end_date AS ended,
        CASE WHEN end_date >= start_date THEN (end_date - start_date) / 1000000.0 END AS duration
      FROM airflow_dag_runs WHERE purged_at IS NULL OR state IN ${isFinal}
      UNION ALL
      SELECT 'dagster', pipeline, coalesce(code_location, ''), name, state,
        CASE WHEN origin IN ('manual', 'backfill') THEN 0 ELSE 1 END, queued, started, ended, duration
      FROM logical_runs),
    placed AS (
      SELECT e.*, max(CASE WHEN state = 'success' AND is_regular = 1 THEN ended END) OVER (PARTITION BY ${job}) AS recovered,
        row_number() OVER (PARTITION BY ${job}, state ORDER BY coalesce(ended, 0) DESC) AS place
      FROM every_run e)
    SELECT ${job},
      ${states.map((state) => `sum(CASE WHEN state = '${state}' THEN 1 ELSE 0 END) AS ${state}`).join(", ")},
      min(CASE WHEN state = 'queued' THEN queued END) AS queued_since,
      min(CASE WHEN state = 'running' THEN started END) AS running_since,
      max(CASE WHEN state = 'success' THEN ended END) AS last_success,
      max(CASE WHEN state = 'failed' THEN ended END) AS last_failed,
      max(CASE WHEN state = 'canceled' THEN ended END) AS last_canceled,
      max(CASE WHEN state = 'success' AND place = 1 THEN duration END) AS last_duration,
      sum(CASE WHEN state = 'failed' AND is_regular = 1 AND (recovered IS NULL OR ended > recovered) THEN 1 ELSE 0 END) AS streak
    FROM placed GROUP BY ${job}`,
  async finish(rows, { query }) {
    const dags = await query(
      () => "SELECT pipeline, dag_id AS name, is_paused AS paused, is_stale, owners FROM airflow_dags",
    );
    const jobs = await query(
      () => `SELECT DISTINCT pipeline, coalesce(code_location, '') AS location, pipeline_name AS name
        FROM dagster_schedules WHERE pipeline_name IS NOT NULL`,
    );
    const known = new Map(rows.map((row) => [keyOf(row), row]));
    const add = (row: SqlRow, more: object) => {
      const own = { ...row, ...more };
      known.set(keyOf(own), { ...noRuns, ...known.get(keyOf(own)), ...own });
    };
    for (const { is_stale, ...dag } of dags) {
      const of = { orchestrator: "airflow", location: "" };
      if (Number(is_stale) === 1) known.delete(keyOf({ ...dag, ...of }));
      else add(dag, of);
    }
    for (const each of jobs) add(each, { orchestrator: "dagster" });
    return inOrder([...known.values()].map((row) => ({ paused: null, owners: null, ...row })));
  },
});

const noRuns: SqlRow = {
  ...Object.fromEntries(states.map((state) => [state, 0])),
  streak: 0,
  queued_since: null,
  running_since: null,
  last_success: null,
  last_failed: null,
  last_canceled: null,
  last_duration: null,
};

function keyOf({ orchestrator, pipeline, location, name }: SqlRow): string {
  return JSON.stringify([orchestrator, pipeline, location, name]);
}
