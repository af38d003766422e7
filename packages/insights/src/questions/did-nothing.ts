import { knownUntil } from "../as-of.ts";
import { jobColumns, limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { defineQuestion } from "../question.ts";

/** Operators that only decide what runs. Those of decorators have a leading underscore. */
const idle = ["Empty", "Dummy", "Branch", "ShortCircuit", "LatestOnly"]
  .map((name) => `ltrim(coalesce(operator, ''), '_') LIKE '${name}%'`)
  .join(" OR ");

export const didNothing = defineQuestion({
  name: "did_nothing",
  sentence: "Which runs are green but did no work?",
  limits:
    "Any successful task counts as work, and so does any materialization, observation or asset check of Dagster. Airflow's runs without tasks in the tables are omitted, and of Dagster's jobs those that never did any of these. Without the stream materializations, nothing is known about Dagster. A run looks empty if the history of its assets was wiped.",
  tables: ["airflow_task_instances", "dagster_materializations"],
  betterWith: ["dagster_materializations", "dagster_asset_checks"],
  parameters: { ...staleParameter, ...limitParameter(200) },
  columns: {
    ...jobColumns,
    runs: { type: "integer", description: "Runs that succeeded in the window." },
    empty_runs: {
      type: "integer",
      description:
        "Runs in which everything was skipped, or only empty and branching tasks ran; of Dagster, those that neither materialized, observed nor checked an asset.",
    },
    percent: { type: "number", unit: "%", description: "Their share." },
    last_useful_run: { type: "moment", nullable: true, description: "End of the last run that did any work." },
  },
  chart: { kind: "bars", label: "name", value: "empty_runs" },
  sql: ({ window, contents, dialect, values, parameters }) => `
    WITH known (pipeline, known_until) AS (${values([...knownUntil(contents, "dagster_materializations")], 2)}),
    work AS (
      SELECT pipeline, dag_id, dag_run_id, max(CASE WHEN state = 'success' AND NOT (${idle}) THEN 1 ELSE 0 END) AS is_useful
      FROM airflow_task_instances WHERE is_latest = 1 GROUP BY pipeline, dag_id, dag_run_id),
    made AS (
      SELECT pipeline, run_id, timestamp FROM dagster_materializations WHERE event_type IN ('MATERIALIZATION', 'OBSERVATION')
      UNION ALL
      SELECT pipeline, run_id, NULL FROM dagster_asset_checks WHERE status IN ('SUCCEEDED', 'FAILED')),
    useful AS (
      SELECT DISTINCT j.pipeline, j.job, j.root_run_id AS run_id
      FROM made m JOIN job_runs j ON j.pipeline = m.pipeline AND j.run_id = m.run_id),
    reach AS (
      SELECT m.pipeline, min(m.timestamp) AS known_from, max(CAST(k.known_until AS ${dialect.types.micros})) AS known_until
      FROM made m JOIN known k ON k.pipeline = m.pipeline GROUP BY m.pipeline),
    ended_well AS (
      SELECT r.orchestrator, r.pipeline, r.name, r.job, r.ended, w.is_useful
      FROM plain_runs r JOIN work w ON r.orchestrator = 'airflow' AND w.pipeline = r.pipeline AND w.dag_id = r.name AND w.dag_run_id = r.run_id
      WHERE r.state = 'success' AND ${ofPresentDags("r", "name", parameters)}
      UNION ALL
      SELECT l.orchestrator, l.pipeline, l.name, l.job, l.ended, CASE WHEN u.run_id IS NULL THEN 0 ELSE 1 END
      FROM logical_runs l JOIN reach k ON k.pipeline = l.pipeline
        LEFT JOIN useful u ON u.pipeline = l.pipeline AND u.run_id = l.run_id
      WHERE l.state = 'success' AND l.ended <= k.known_until AND (u.run_id IS NOT NULL OR l.started >= k.known_from)
        AND (l.name = '(asset runs)' OR EXISTS (SELECT 1 FROM useful o WHERE o.pipeline = l.pipeline AND o.job = l.job))),
    green AS (
      SELECT e.*, CASE WHEN ${within("ended", window)} THEN 1 ELSE 0 END AS is_current FROM ended_well e)
    SELECT orchestrator, pipeline, name, sum(is_current) AS runs, sum(is_current * (1 - is_useful)) AS empty_runs,
      sum(is_current * (1 - is_useful)) * 100.0 / sum(is_current) AS percent,
      max(CASE WHEN is_useful = 1 THEN ended END) AS last_useful_run
    FROM green GROUP BY orchestrator, pipeline, name, job HAVING sum(is_current * (1 - is_useful)) > 0
    ORDER BY empty_runs DESC, percent DESC, name, pipeline, job LIMIT ${parameters.limit}`,
});
