import { limitParameter, ofPresentDags, staleParameter, taskColumns, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { SECOND } from "../moments.ts";
import { defineQuestion } from "../question.ts";

const measures = ["executed", "waited", "start", "length", "instances"] as const;

export const taskTimeShare = defineQuestion({
  name: "task_time_share",
  sentence: "Where does a DAG's time go?",
  limits: "How long earlier attempts waited to be scheduled is unknown if Airflow did not report it.",
  tables: ["airflow_task_instances"],
  parameters: {
    dag: { type: "text", default: null, description: "Only this DAG." },
    ...staleParameter,
    ...limitParameter(1000),
  },
  columns: {
    ...taskColumns,
    runs: { type: "integer", description: "Runs in which it was executed." },
    of_runs: { type: "integer", description: "The DAG's runs that succeeded in the window and were not re-runs." },
    executed: {
      type: "number",
      unit: "s",
      description: "Execution time per run, over all instances and attempts (median).",
    },
    waited: { type: "number", unit: "s", description: "The same from scheduled to started (median)." },
    share: { type: "number", unit: "%", description: "Its share of the execution and waiting time of these runs." },
    start: { type: "number", unit: "s", description: "From the run's start to its first start (median)." },
    length: { type: "number", unit: "s", description: "From its first start to its last end (median)." },
    instances: {
      type: "integer",
      description: "Instances per run, more than one if it is mapped or in a loop (median).",
    },
  },
  chart: { kind: "gantt", label: "task", start: "start", length: "length" },
  sql: ({ window, parameters, value }) => `
    WITH picked AS (
      SELECT r.pipeline, r.job, r.run_id, r.started, count(*) OVER (PARTITION BY pipeline, job) AS of_runs
      FROM dag_runs r WHERE state = 'success' AND is_rerun = 0 AND ${within("ended", window)}
        AND ${ofPresentDags("r", "name", parameters)}
        ${parameters.dag === null ? "" : `AND job = ${value(parameters.dag)}`}),
    per_run AS (
      SELECT e.pipeline, e.dag_id AS dag, e.task_id AS task, max(p.of_runs) AS of_runs,
        sum(coalesce(e.duration, 0)) AS executed,
        sum(coalesce(e.schedule_wait, 0) + coalesce(e.queue_wait, 0)) AS waited,
        (min(e.started) - min(p.started)) / ${SECOND}.0 AS start, (max(e.ended) - min(e.started)) / ${SECOND}.0 AS length,
        sum(e.is_latest) AS instances
      FROM executions e JOIN picked p ON p.pipeline = e.pipeline AND p.job = e.dag_id AND p.run_id = e.dag_run_id
      WHERE e.ended IS NOT NULL GROUP BY e.pipeline, e.dag_id, e.task_id, e.dag_run_id),
    measured AS (
      SELECT p.*, ${measures.map((name) => ranked(name, ["pipeline", "dag", "task"])).join(", ")} FROM per_run p),
    tasks AS (
      SELECT pipeline, dag, task, count(*) AS runs, max(of_runs) AS of_runs, sum(executed + waited) AS spent,
        ${measures.map((name) => `${percentile(50, name)} AS ${name}`).join(", ")}
      FROM measured GROUP BY pipeline, dag, task),
    totals AS (SELECT t.*, sum(spent) OVER (PARTITION BY pipeline, dag) AS total FROM tasks t)
    SELECT totals.*, CASE WHEN total > 0 THEN spent * 100.0 / total ELSE 0 END AS share
    FROM totals ORDER BY dag, pipeline, start, task LIMIT ${parameters.limit}`,
});
