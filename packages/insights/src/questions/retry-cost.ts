import { limitParameter, ofPresentDags, staleParameter, taskColumns, within } from "../common.ts";
import { DAY, HOUR } from "../moments.ts";
import { defineQuestion } from "../question.ts";

const instance = ["pipeline", "dag_id", "dag_run_id", "task_id", "map_index", "region_id", "region_index"];

export const retryCost = defineQuestion({
  name: "retry_cost",
  sentence: "How many hours go into failed attempts, and into waiting for the next one?",
  limits:
    "Hours are from an attempt's start to its end, whatever it used. If the next attempt started more than a day later, it counts as manual, without waiting time.",
  tables: ["airflow_task_instances"],
  days: 30,
  parameters: {
    rate: { type: "number", default: null, unit: "per h", description: "Cost of an hour, for the column cost." },
    ...staleParameter,
    ...limitParameter(50),
  },
  columns: {
    ...taskColumns,
    failed_attempts: { type: "integer", description: "Attempts that failed in the window." },
    failed_hours: { type: "number", unit: "h", description: "Their total running time." },
    waiting_hours: { type: "number", unit: "h", description: "Time from their end to the start of the next attempt." },
    share: {
      type: "number",
      nullable: true,
      unit: "%",
      description: "Failed hours as a share of all task hours in the window.",
    },
    cost: { type: "number", nullable: true, description: "Failed hours times the rate; null without a rate." },
  },
  chart: { kind: "bars", label: "task", value: "failed_hours", parts: ["failed_hours", "waiting_hours"] },
  // Sums integer microseconds: sums of fractions depend on their order.
  sql: ({ window, parameters }) => `
    WITH attempts AS (
      SELECT e.*, lead(started) OVER (PARTITION BY ${instance.map((name) => `e.${name}`).join(", ")} ORDER BY try_number) AS next_started
      FROM executions e WHERE ${ofPresentDags("e", "dag_id", parameters)}),
    ended AS (
      SELECT pipeline, dag_id, task_id, is_failed, CASE WHEN ended >= started THEN ended - started ELSE 0 END AS length,
        CASE WHEN next_started >= ended AND next_started - ended <= ${DAY} THEN next_started - ended ELSE 0 END AS gap
      FROM attempts WHERE ${within("ended", window)})
    SELECT pipeline, dag_id AS dag, task_id AS task, count(*) AS failed_attempts, sum(length) * 1.0 / ${HOUR} AS failed_hours,
      sum(gap) * 1.0 / ${HOUR} AS waiting_hours, sum(length) * 100.0 / max(all_lengths) AS share
    FROM ended CROSS JOIN (SELECT CASE WHEN sum(length) > 0 THEN sum(length) END AS all_lengths FROM ended) AS total
    WHERE is_failed = 1 GROUP BY pipeline, dag_id, task_id
    ORDER BY failed_hours DESC, waiting_hours DESC, dag, task, pipeline LIMIT ${parameters.limit}`,
  finish: (rows, { parameters: { rate } }) =>
    rows.map((row) => ({ ...row, cost: rate === null ? null : Number(row.failed_hours) * rate })),
});
