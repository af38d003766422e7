import { limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { defineQuestion } from "../question.ts";
import { timedColumns, timedKey, timedSelection } from "../timings.ts";

/** With fewer, the 95th percentile is only the longest. */
const ENOUGH_FOR_P95 = 3;

export const runDurations = defineQuestion({
  name: "run_durations",
  sentence: "How long do runs and tasks take?",
  limits: "Dagster's steps are not in the tables, only its runs.",
  tables: ["airflow_dag_runs", "airflow_task_instances", "dagster_runs"],
  parameters: { ...staleParameter, ...limitParameter(1000) },
  columns: {
    ...timedColumns,
    n: {
      type: "integer",
      description: "Successful runs (or task instances) that ended in the window and were not re-runs.",
    },
    min: { type: "number", nullable: true, unit: "s", description: "The shortest." },
    median: { type: "number", nullable: true, unit: "s", description: "Median duration." },
    p95: { type: "number", nullable: true, unit: "s", description: "95th percentile; null with fewer than 3." },
    max: { type: "number", nullable: true, unit: "s", description: "The longest." },
    hours: { type: "number", unit: "h", description: "Total." },
    failed: { type: "integer", description: "Failed ones, whose durations do not count." },
  },
  chart: { kind: "bars", label: "name", value: "median", mark: "p95" },
  sql: ({ window, parameters }) => `
    WITH measured AS (
      SELECT t.*, ${ranked("duration", timedKey)}
      FROM timings t WHERE ${within("ended", window)} AND ${ofPresentDags("t", "name", parameters)})
    SELECT ${timedSelection}, count(duration) AS n, min(duration) AS min, ${percentile(50, "duration")} AS median,
      CASE WHEN count(duration) >= ${ENOUGH_FOR_P95} THEN ${percentile(95, "duration")} END AS p95,
      max(duration) AS max, coalesce(sum(duration), 0) / 3600.0 AS hours,
      sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS failed
    FROM measured GROUP BY ${timedKey.join(", ")}
    HAVING count(duration) + sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) > 0
    ORDER BY coalesce(sum(duration), 0) DESC, failed DESC, name, measured.task, job, pipeline LIMIT ${parameters.limit}`,
});
