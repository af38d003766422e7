import { jobColumns, limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { defineQuestion } from "../question.ts";

export const jobDays = defineQuestion({
  name: "job_days",
  sentence: "How did each DAG or job do on each day?",
  tables: ["airflow_dag_runs", "dagster_runs"],
  parameters: { ...staleParameter, ...limitParameter(100_000) },
  columns: {
    ...jobColumns,
    day: { type: "text", description: "The day on which the runs ended, in the answer's time zone: 2026-11-30." },
    succeeded: { type: "integer", description: "Runs that succeeded." },
    failed: { type: "integer", description: "Runs that failed." },
    mean: { type: "number", nullable: true, unit: "s", description: "Average duration of successes." },
  },
  chart: { kind: "heatmap", x: "day", y: "name", value: "failed" },
  sql: ({ window, days, values, parameters }) => `
    WITH days (day, day_from, day_to) AS (${values(
      days.map(({ date, from, to }) => [date, from, to]),
      3,
    )})
    SELECT orchestrator, pipeline, name, job, day,
      sum(CASE WHEN state = 'success' THEN 1 ELSE 0 END) AS succeeded,
      sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS failed,
      sum(CASE WHEN state = 'success' THEN duration END) / nullif(sum(CASE WHEN state = 'success' AND duration IS NOT NULL THEN 1 ELSE 0 END), 0) AS mean
    FROM plain_runs r JOIN days ON r.ended >= day_from AND r.ended < day_to
    WHERE state IN ('success', 'failed') AND ${within("r.ended", window)} AND ${ofPresentDags("r", "name", parameters)}
    GROUP BY orchestrator, pipeline, name, job, day ORDER BY name, pipeline, job, day LIMIT ${parameters.limit}`,
});
