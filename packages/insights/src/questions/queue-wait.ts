import { limitParameter, ofPresentDags, over, staleParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { HOUR, type Micros, minutesIntoHour, SECOND, textOf } from "../moments.ts";
import { type Asking, defineQuestion, type ParameterSet } from "../question.ts";

/** With fewer, percentiles are meaningless. */
const ENOUGH = 5;

/** What the waits can be grouped by. */
const groupings = ["pool", "queue", "executor", "job", "hour", "all"] as const;

const parameters = {
  by: {
    type: "text",
    default: "pool",
    values: groupings,
    description: "How to group waits. The last three work for Dagster.",
  },
  ...staleParameter,
  ...limitParameter(1000),
} as const satisfies ParameterSet;

type Own = Asking<typeof parameters>;

const seconds = (description: string) => ({ type: "number", nullable: true, unit: "s", description }) as const;

export const queueWait = defineQuestion({
  name: "queue_wait",
  sentence: "How long do tasks wait for a worker, and for the scheduler?",
  limits: "For a deferred or rescheduled task, only the last wait is known, and none if it started before that.",
  tables: ["airflow_task_instances", "dagster_runs"],
  parameters,
  columns: {
    orchestrator: { type: "text", description: "airflow (waits of tasks) or dagster (waits of runs)." },
    key: { type: "text", description: "The pool, queue, executor or job; for hours, the start in UTC." },
    n: { type: "integer", description: "Waits for a worker that ended in the window." },
    median: seconds("Median; null with fewer than 5."),
    p95: seconds("95th percentile; null with fewer than 5."),
    max: seconds("The longest."),
    over_1m: { type: "integer", description: "Longer than a minute." },
    over_5m: { type: "integer", description: "Longer than five minutes." },
    total_hours: { type: "number", unit: "h", description: "Total." },
    scheduler_median: seconds("Median of the previous wait, from scheduled to queued; null for Dagster."),
    scheduler_p95: seconds("Its 95th percentile."),
    scheduler_max: seconds("Its longest."),
    negative: {
      type: "integer",
      description:
        "Executions that started before they were queued: clocks differ, or a task continued after deferral.",
    },
  },
  chart: { kind: "bars", label: "key", value: "p95" },
  sql: (asking) => {
    const { by } = asking.parameters;
    const percentileOf = (percent: number, wait: string) =>
      `CASE WHEN count(${wait}) >= ${ENOUGH} THEN ${percentile(percent, wait)} END`;
    return `
    WITH waits AS (${waits(asking)}),
    measured AS (
      SELECT w.*, ${ranked("queue_wait", ["orchestrator", "key"])}, ${ranked("schedule_wait", ["orchestrator", "key"])}
      FROM waits w)
    SELECT orchestrator, key, count(queue_wait) AS n, ${percentileOf(50, "queue_wait")} AS median,
      ${percentileOf(95, "queue_wait")} AS p95, max(queue_wait) AS max, ${over("queue_wait", { over_1m: 60, over_5m: 300 })},
      coalesce(sum(queue_wait), 0) / 3600.0 AS total_hours,
      ${percentileOf(50, "schedule_wait")} AS scheduler_median, ${percentileOf(95, "schedule_wait")} AS scheduler_p95,
      max(schedule_wait) AS scheduler_max, sum(is_negative) AS negative
    FROM measured GROUP BY orchestrator, key
    ORDER BY ${by === "hour" ? "key, orchestrator" : "total_hours DESC, key, orchestrator"} LIMIT ${asking.parameters.limit}`;
  },
  finish: (rows, { parameters }) =>
    parameters.by === "hour" ? rows.map((row) => ({ ...row, key: textOf(Number(row.key)) })) : rows,
});

function waits({ window, timezone, parameters }: Own): string {
  const { by } = parameters;
  // Some time zones' hours start at half past.
  const shift: Micros = minutesIntoHour(window.from, timezone);
  const hour = `started - (started + ${shift}) % ${HOUR}`;
  const of = { pool: "pool", queue: "queue", executor: "executor", job: "e.dag_id", hour, all: "'all'" }[by];
  const none = by === "executor" ? "(default)" : "(none)";
  const key = by === "hour" ? of : `coalesce(${of}, '${none}')`;
  const tasks = `SELECT 'airflow' AS orchestrator, ${key} AS key, queue_wait, schedule_wait,
      CASE WHEN queued > started THEN 1 ELSE 0 END AS is_negative
    FROM executions e WHERE ${within("started", window)} AND queued IS NOT NULL
      AND ${ofPresentDags("e", "dag_id", parameters)}`;
  if (by === "pool" || by === "queue" || by === "executor") return tasks;
  const ofRuns = { job: "name", hour, all: "'all'" }[by];
  return `${tasks} UNION ALL
    SELECT 'dagster', ${ofRuns}, CASE WHEN started >= queued THEN (started - queued) / ${SECOND}.0 END, NULL,
      CASE WHEN queued > started THEN 1 ELSE 0 END
    FROM job_runs WHERE ${within("started", window)}`;
}
