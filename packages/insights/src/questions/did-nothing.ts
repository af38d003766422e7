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
    "Any successful task counts as work. The tables do not tell whether a Dagster run did anything. Runs without tasks in the tables are omitted.",
  tables: ["airflow_task_instances"],
  parameters: { ...staleParameter, ...limitParameter(200) },
  columns: {
    ...jobColumns,
    runs: { type: "integer", description: "Runs that succeeded in the window." },
    empty_runs: {
      type: "integer",
      description: "Runs in which everything was skipped, or only empty and branching tasks ran.",
    },
    percent: { type: "number", unit: "%", description: "Their share." },
    last_useful_run: { type: "moment", nullable: true, description: "End of the last run that did any work." },
  },
  chart: { kind: "bars", label: "name", value: "empty_runs" },
  sql: ({ window, parameters }) => `
    WITH work AS (
      SELECT pipeline, dag_id, dag_run_id, max(CASE WHEN state = 'success' AND NOT (${idle}) THEN 1 ELSE 0 END) AS is_useful
      FROM airflow_task_instances WHERE is_latest = 1 GROUP BY pipeline, dag_id, dag_run_id),
    green AS (
      SELECT r.orchestrator, r.pipeline, r.name, r.ended, w.is_useful,
        CASE WHEN ${within("r.ended", window)} THEN 1 ELSE 0 END AS is_current
      FROM plain_runs r JOIN work w ON r.orchestrator = 'airflow' AND w.pipeline = r.pipeline AND w.dag_id = r.name AND w.dag_run_id = r.run_id
      WHERE r.state = 'success' AND ${ofPresentDags("r", "name", parameters)})
    SELECT orchestrator, pipeline, name, sum(is_current) AS runs, sum(is_current * (1 - is_useful)) AS empty_runs,
      sum(is_current * (1 - is_useful)) * 100.0 / sum(is_current) AS percent,
      max(CASE WHEN is_useful = 1 THEN ended END) AS last_useful_run
    FROM green GROUP BY orchestrator, pipeline, name HAVING sum(is_current * (1 - is_useful)) > 0
    ORDER BY empty_runs DESC, percent DESC, name, pipeline LIMIT ${parameters.limit}`,
});
