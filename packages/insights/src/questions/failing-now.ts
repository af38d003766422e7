import { allTypesParameter, jobColumns, ofPresentDags, ofRegularRuns, staleParameter } from "../common.ts";
import { defineQuestion, type SqlRow } from "../question.ts";

/** The number of runs in the strip. */
const STRIP = 30;
const job = "orchestrator, pipeline, job";

export const failingNow = defineQuestion({
  name: "failing_now",
  sentence: "Which DAGs or jobs are failing now?",
  limits:
    "Airflow keeps one row per run, so only the last outcome of a cleared run is known. Tasks of Dagster's runs are not in the tables.",
  tables: ["airflow_dag_runs", "dagster_runs"],
  parameters: {
    min_streak: {
      type: "number",
      default: 1,
      unit: "runs",
      whole: true,
      least: 1,
      description: "Minimum number of consecutive failures.",
    },
    ...allTypesParameter,
    ...staleParameter,
  },
  columns: {
    ...jobColumns,
    streak: { type: "integer", unit: "runs", description: "Consecutive failed runs, by their end." },
    failing_since: { type: "moment", description: "End of the first of them." },
    last_failure: { type: "moment", description: "End of the last of them." },
    last_success: { type: "moment", nullable: true, description: "End of the last successful run." },
    run_id: { type: "text", description: "The last failed run." },
    last_error_task: {
      type: "text",
      nullable: true,
      description: "The first task that failed in that run, preferably one that failed for good.",
    },
    running_again: { type: "flag", description: "Whether a later run is queued or running." },
    paused: { type: "flag", nullable: true, description: "Whether the DAG is paused." },
    owners: { type: "text", nullable: true, description: "The DAG's owners." },
    last_runs: { type: "list", description: "Outcomes of the last 30 runs, oldest first." },
  },
  chart: { kind: "table" },
  sql: ({ parameters }) => `
    WITH outcomes AS (
      SELECT r.*, max(CASE WHEN state = 'success' THEN ended END) OVER (PARTITION BY ${job}) AS last_success,
        row_number() OVER (PARTITION BY ${job} ORDER BY ended DESC, run_id DESC) AS place
      FROM plain_runs r WHERE state IN ('success', 'failed') AND ended IS NOT NULL
        AND ${ofRegularRuns("r", parameters)} AND ${ofPresentDags("r", "name", parameters)}),
    failing AS (
      SELECT ${job}, name, count(*) AS streak, min(ended) AS failing_since, max(ended) AS last_failure,
        max(last_success) AS last_success, max(CASE WHEN place = 1 THEN run_id END) AS run_id,
        max(CASE WHEN place = 1 THEN coalesce(started, queued) END) AS last_start
      FROM outcomes WHERE state = 'failed' AND (last_success IS NULL OR ended > last_success)
      GROUP BY ${job}, name HAVING count(*) >= ${parameters.min_streak}),
    errors AS (
      SELECT f.pipeline, f.name, e.task_id, row_number() OVER (
        PARTITION BY f.pipeline, f.name ORDER BY CASE WHEN e.is_latest = 1 THEN 0 ELSE 1 END, coalesce(e.ended, e.started), e.task_id) AS place
      FROM failing f JOIN executions e ON e.pipeline = f.pipeline AND e.dag_id = f.job AND e.dag_run_id = f.run_id
      WHERE f.orchestrator = 'airflow' AND e.is_failed = 1),
    unfinished AS (
      SELECT ${job}, max(coalesce(started, queued)) AS newest
      FROM plain_runs WHERE is_finished = 0 AND purged_at IS NULL GROUP BY ${job})
    SELECT f.orchestrator, f.pipeline, f.name, f.job, f.streak, f.failing_since, f.last_failure, f.last_success, f.run_id,
      x.task_id AS last_error_task, CASE WHEN u.newest > f.last_start THEN 1 ELSE 0 END AS running_again,
      d.is_paused AS paused, d.owners
    FROM failing f
      LEFT JOIN errors x ON x.pipeline = f.pipeline AND x.name = f.name AND x.place = 1 AND f.orchestrator = 'airflow'
      LEFT JOIN unfinished u ON u.orchestrator = f.orchestrator AND u.pipeline = f.pipeline AND u.job = f.job
      LEFT JOIN jobs d ON d.orchestrator = f.orchestrator AND d.pipeline = f.pipeline AND d.job = f.job
    ORDER BY f.streak DESC, f.failing_since, f.name, f.pipeline, f.job`,
  async finish(rows, { parameters, query }) {
    if (rows.length === 0) return rows;
    const strips = new Map<string, string[]>();
    const outcomes = await query(
      () => `
      SELECT ${job}, state FROM (
        SELECT ${job}, state, ended, row_number() OVER (PARTITION BY ${job} ORDER BY ended DESC, run_id DESC) AS place
        FROM plain_runs r WHERE is_finished = 1 AND ended IS NOT NULL
          AND ${ofRegularRuns("r", parameters)} AND ${ofPresentDags("r", "name", parameters)}) AS numbered
      WHERE place <= ${STRIP} ORDER BY place DESC`,
    );
    for (const row of outcomes) strips.set(keyOf(row), [...(strips.get(keyOf(row)) ?? []), String(row.state)]);
    return rows.map((row) => ({ ...row, last_runs: strips.get(keyOf(row)) ?? [] }));
  },
});

function keyOf({ orchestrator, pipeline, job }: SqlRow): string {
  return JSON.stringify([orchestrator, pipeline, job]);
}
