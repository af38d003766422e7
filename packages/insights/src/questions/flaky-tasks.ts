import { limitParameter, ofPresentDags, staleParameter, taskColumns, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { DAY } from "../moments.ts";
import { defineQuestion } from "../question.ts";

const instance = ["pipeline", "dag_id", "dag_run_id", "task_id", "map_index", "region_id", "region_index"];

export const flakyTasks = defineQuestion({
  name: "flaky_tasks",
  sentence: "Which tasks only succeed on retry?",
  limits:
    "Without the audit log, a clear within a day of a failure looks like a retry; an attempt that started more than a day after the previous one counts as manual.",
  tables: ["airflow_task_instances"],
  parameters: {
    min_instances: {
      type: "number",
      default: 5,
      unit: "instances",
      whole: true,
      least: 1,
      description: "Minimum number of instances.",
    },
    ...staleParameter,
    ...limitParameter(50),
  },
  columns: {
    ...taskColumns,
    instances: { type: "integer", description: "Instances whose current attempt succeeded in the window." },
    saved: { type: "integer", description: "How many of them had failed before and were retried automatically." },
    saved_percent: { type: "number", unit: "%", description: "Their share." },
    failed_attempts: { type: "integer", description: "Their failed attempts." },
    attempts_p95: { type: "integer", description: "95th percentile of attempts per instance." },
    max_tries: { type: "integer", nullable: true, description: "Number of the last try before a task fails for good." },
  },
  chart: { kind: "bars", label: "task", value: "saved_percent" },
  sql: ({ window, parameters }) => `
    WITH attempts AS (
      SELECT e.*, lead(started) OVER (PARTITION BY ${instance.map((name) => `e.${name}`).join(", ")} ORDER BY try_number) AS next_started
      FROM executions e WHERE ${ofPresentDags("e", "dag_id", parameters)}),
    instances AS (
      SELECT ${instance.join(", ")}, max(max_tries) AS max_tries, max(try_number) AS attempts,
        sum(is_failed) AS failed,
        sum(CASE WHEN is_failed = 1 AND next_started - ended > ${DAY} THEN 1 ELSE 0 END) AS by_hand,
        max(CASE WHEN is_latest = 1 AND state = 'success' THEN ended END) AS succeeded
      FROM attempts GROUP BY ${instance.join(", ")}),
    numbered AS (
      SELECT i.*, CASE WHEN failed > 0 AND by_hand = 0 THEN 1 ELSE 0 END AS is_saved,
        ${ranked("attempts", ["pipeline", "dag_id", "task_id"])}
      FROM instances i WHERE ${within("succeeded", window)})
    SELECT pipeline, dag_id AS dag, task_id AS task, count(*) AS instances, sum(is_saved) AS saved,
      sum(is_saved) * 100.0 / count(*) AS saved_percent,
      sum(CASE WHEN is_saved = 1 THEN failed ELSE 0 END) AS failed_attempts,
      ${percentile(95, "attempts")} AS attempts_p95, max(max_tries) AS max_tries
    FROM numbered GROUP BY pipeline, dag_id, task_id
    HAVING count(*) >= ${parameters.min_instances} AND sum(is_saved) > 0
    ORDER BY saved_percent DESC, failed_attempts DESC, dag, task, pipeline LIMIT ${parameters.limit}`,
});
