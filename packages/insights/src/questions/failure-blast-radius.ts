import { limitParameter, ofPresentDags, staleParameter, taskColumns, within } from "../common.ts";
import { defineQuestion } from "../question.ts";

const run = ["pipeline", "dag_id", "dag_run_id"];

export const failureBlastRadius = defineQuestion({
  name: "failure_blast_radius",
  sentence: "What did a failing task block?",
  limits:
    "Task dependencies are not in the tables: if several tasks of a run failed, the blocked tasks count for each of them. Runs of other DAGs that wait for this one, and tasks that were skipped because of it, are unknown.",
  tables: ["airflow_task_instances"],
  parameters: { ...staleParameter, ...limitParameter(50) },
  columns: {
    ...taskColumns,
    failed_runs: { type: "integer", description: "Runs in which it failed for good, in the window." },
    shared_runs: { type: "integer", description: "Runs in which other tasks failed too." },
    blocked_instances: {
      type: "integer",
      description: "Instances in these runs that did not run because of a failure.",
    },
    blocked_per_failure: { type: "number", description: "Blocked instances per failed run." },
    last: { type: "moment", description: "End of its last failure." },
  },
  chart: { kind: "bars", label: "task", value: "blocked_instances" },
  sql: ({ window, parameters }) => `
    WITH failed AS (
      SELECT ${run.join(", ")}, task_id, max(end_date) AS last, count(*) OVER (PARTITION BY ${run.join(", ")}) AS failed_tasks
      FROM airflow_task_instances t
      WHERE is_latest = 1 AND state = 'failed' AND ${within("end_date", window)} AND ${ofPresentDags("t", "dag_id", parameters)}
      GROUP BY ${run.join(", ")}, task_id),
    blocked AS (
      SELECT ${run.join(", ")}, count(*) AS blocked FROM airflow_task_instances
      WHERE is_latest = 1 AND state = 'upstream_failed' GROUP BY ${run.join(", ")})
    SELECT f.pipeline, f.dag_id AS dag, f.task_id AS task, count(*) AS failed_runs,
      sum(CASE WHEN f.failed_tasks > 1 THEN 1 ELSE 0 END) AS shared_runs, sum(b.blocked) AS blocked_instances,
      sum(coalesce(b.blocked, 0)) * 1.0 / count(*) AS blocked_per_failure, max(f.last) AS last
    FROM failed f LEFT JOIN blocked b ON b.pipeline = f.pipeline AND b.dag_id = f.dag_id AND b.dag_run_id = f.dag_run_id
    GROUP BY f.pipeline, f.dag_id, f.task_id HAVING sum(b.blocked) > 0
    ORDER BY blocked_instances DESC, failed_runs DESC, dag, task, f.pipeline LIMIT ${parameters.limit}`,
});
