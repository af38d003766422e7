import { limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { defineQuestion } from "../question.ts";
import { timedColumns, timedKey, timedSelection } from "../timings.ts";

export const durationSpread = defineQuestion({
  name: "duration_spread",
  sentence: "Which durations are unpredictable?",
  limits: "Dagster's steps are not in the tables, only its runs.",
  tables: ["airflow_dag_runs", "airflow_task_instances", "dagster_runs"],
  days: 30,
  parameters: {
    min_runs: {
      type: "number",
      default: 20,
      unit: "runs",
      whole: true,
      least: 1,
      description: "Minimum number of runs.",
    },
    floor: {
      type: "number",
      default: 30,
      unit: "s",
      description: "Minimum distance between the 95th percentile and the median, to ignore differences of seconds.",
    },
    ...staleParameter,
    ...limitParameter(50),
  },
  columns: {
    ...timedColumns,
    n: {
      type: "integer",
      description: "Successful runs (or task instances) that ended in the window and were not re-runs.",
    },
    median: { type: "number", unit: "s", description: "Median duration." },
    p95: { type: "number", unit: "s", description: "95th percentile." },
    p95_ratio: { type: "number", description: "95th percentile divided by the median." },
    iqr_ratio: { type: "number", description: "Interquartile range divided by the median." },
  },
  chart: { kind: "dumbbell", label: "name", before: "median", after: "p95" },
  sql: ({ window, parameters }) => `
    WITH measured AS (
      SELECT t.*, ${ranked("duration", timedKey)}
      FROM timings t WHERE duration IS NOT NULL AND ${within("ended", window)}
        AND ${ofPresentDags("t", "name", parameters)}),
    spreads AS (
      SELECT ${timedKey.join(", ")}, count(*) AS n, ${percentile(25, "duration")} AS p25,
        ${percentile(50, "duration")} AS median, ${percentile(75, "duration")} AS p75, ${percentile(95, "duration")} AS p95
      FROM measured GROUP BY ${timedKey.join(", ")})
    SELECT ${timedSelection}, n, median, p95, p95 / median AS p95_ratio, (p75 - p25) / median AS iqr_ratio
    FROM spreads WHERE n >= ${parameters.min_runs} AND median > 0 AND p95 - median >= ${parameters.floor}
    ORDER BY p95_ratio DESC, name, spreads.task, job, pipeline LIMIT ${parameters.limit}`,
});
