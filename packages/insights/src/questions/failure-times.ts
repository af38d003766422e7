import { DateTime } from "luxon";
import { ofPresentDags, staleParameter, within } from "../common.ts";
import { MINUTE } from "../moments.ts";
import { defineQuestion } from "../question.ts";

/** With fewer executions a rate is meaningless. */
const ENOUGH = 20;
/** All time zones are a multiple of this from UTC, so every zone's hours consist of these. */
const QUARTER = 15 * MINUTE;

export const failureTimes = defineQuestion({
  name: "failure_times",
  sentence: "When do things fail?",
  limits: "For Dagster, runs are counted, not steps. Hours without any execution are omitted.",
  tables: ["airflow_task_instances", "dagster_runs"],
  days: 28,
  parameters: { ...staleParameter },
  columns: {
    weekday: { type: "integer", description: "1 is Monday, 7 is Sunday, in the time zone." },
    hour: { type: "integer", description: "0 to 23, in the time zone." },
    executions: { type: "integer", description: "Task attempts and Dagster runs that ended in this hour." },
    failed: { type: "integer", description: "How many of them failed." },
    rate: {
      type: "number",
      nullable: true,
      unit: "%",
      description: "Their share; null with fewer than 20 executions.",
    },
  },
  chart: { kind: "heatmap", x: "hour", y: "weekday", value: "failed" },
  sql: ({ window, parameters }) => `
    SELECT ended - ended % ${QUARTER} AS quarter, count(*) AS executions, sum(is_failed) AS failed
    FROM (
      SELECT ended, is_failed FROM executions e WHERE ${within("ended", window)} AND ${ofPresentDags("e", "dag_id", parameters)}
      UNION ALL
      SELECT ended, CASE WHEN state = 'failed' THEN 1 ELSE 0 END FROM job_runs
      WHERE state IN ('success', 'failed') AND ${within("ended", window)}) AS counted
    GROUP BY ended - ended % ${QUARTER}`,
  finish(rows, { timezone }) {
    const hours = new Map<number, { executions: number; failed: number }>();
    for (const { quarter, executions, failed } of rows) {
      const { weekday, hour } = DateTime.fromMillis(Number(quarter) / 1000, { zone: timezone });
      const sum = hours.get(weekday * 24 + hour) ?? { executions: 0, failed: 0 };
      sum.executions += Number(executions);
      sum.failed += Number(failed);
      hours.set(weekday * 24 + hour, sum);
    }
    return [...hours]
      .sort(([a], [b]) => a - b)
      .map(([place, { executions, failed }]) => ({
        weekday: Math.floor(place / 24),
        hour: place % 24,
        executions,
        failed,
        rate: executions >= ENOUGH ? (failed * 100) / executions : null,
      }));
  },
});
