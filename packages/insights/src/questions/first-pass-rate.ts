import { jobColumns, limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { defineQuestion } from "../question.ts";

/** With fewer runs a rate is meaningless. */
const ENOUGH_RUNS = 10;

export const firstPassRate = defineQuestion({
  name: "first_pass_rate",
  sentence: "How many runs needed no retry and no help?",
  limits:
    "For Dagster, only retries of runs are known, not of steps. Airflow's runs count only if their tasks are synced too.",
  tables: ["airflow_task_instances", "dagster_runs"],
  parameters: { ...staleParameter, ...limitParameter(1000) },
  columns: {
    ...jobColumns,
    runs: { type: "integer", description: "Runs that succeeded or failed in the window." },
    clean: {
      type: "integer",
      description: "Runs that succeeded at once: nothing failed, and nothing was executed again.",
    },
    retried_only: { type: "integer", description: "Runs that succeeded after automatic retries." },
    rerun_by_hand: {
      type: "integer",
      description: "Runs that someone cleared or re-executed, whatever the outcome.",
    },
    failed: { type: "integer", description: "The other runs, which failed." },
    rate: {
      type: "number",
      nullable: true,
      unit: "%",
      description: "Share of clean runs; null with fewer than 10 runs.",
    },
  },
  chart: { kind: "bars", label: "name", value: "runs", parts: ["clean", "retried_only", "rerun_by_hand", "failed"] },
  sql: ({ window, parameters }) => `
    WITH passes AS (
      SELECT orchestrator, pipeline, name, job, ended, state, is_rerun AS by_hand,
        CASE WHEN failed_executions > 0 THEN 1 ELSE 0 END AS is_retried
      FROM dag_runs WHERE is_finished = 1 AND pipeline IN (SELECT DISTINCT pipeline FROM airflow_task_instances)
      UNION ALL
      SELECT orchestrator, pipeline, name, job, ended, state, CASE WHEN reruns_by_hand > 0 THEN 1 ELSE 0 END,
        CASE WHEN reruns > 0 THEN 1 ELSE 0 END
      FROM logical_runs WHERE state IN ('success', 'failed'))
    SELECT orchestrator, pipeline, name, job, count(*) AS runs,
      sum(CASE WHEN by_hand = 0 AND state = 'success' AND is_retried = 0 THEN 1 ELSE 0 END) AS clean,
      sum(CASE WHEN by_hand = 0 AND state = 'success' AND is_retried = 1 THEN 1 ELSE 0 END) AS retried_only,
      sum(by_hand) AS rerun_by_hand, sum(CASE WHEN by_hand = 0 AND state = 'failed' THEN 1 ELSE 0 END) AS failed,
      CASE WHEN count(*) >= ${ENOUGH_RUNS} THEN
        sum(CASE WHEN by_hand = 0 AND state = 'success' AND is_retried = 0 THEN 1 ELSE 0 END) * 100.0 / count(*) END AS rate
    FROM passes p WHERE ${within("ended", window)} AND ${ofPresentDags("p", "name", parameters)}
    GROUP BY orchestrator, pipeline, name, job
    ORDER BY count(*) - sum(CASE WHEN by_hand = 0 AND state = 'success' AND is_retried = 0 THEN 1 ELSE 0 END) DESC, runs DESC, name, pipeline, job LIMIT ${parameters.limit}`,
});
