import { jobColumns, limitParameter, ofPresentDags, over, staleParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { MINUTE, SECOND } from "../moments.ts";
import { defineQuestion, type SqlRow } from "../question.ts";

/** With fewer, the 95th percentile is only the longest. */
const ENOUGH_FOR_P95 = 3;
/** Runs due longer than that before their DAG's first run are catching up. */
const FIRST_RUN: number = 5 * MINUTE;

const parts = ["creation", "run_queue", "first_task"] as const;
const part = (description: string) =>
  ({ type: "number", nullable: true, unit: "s", description: `Mean time ${description}.` }) as const;

export const scheduleDelay = defineQuestion({
  name: "schedule_delay",
  sentence: "How late do scheduled runs start?",
  limits:
    "Cleared runs are omitted, because their first start times are lost, and so are runs that have not started. When a Dagster tick was due is unknown, only when it created the run.",
  tables: ["airflow_dag_runs", "dagster_runs"],
  parameters: { ...staleParameter, ...limitParameter(1000) },
  columns: {
    ...jobColumns,
    n: { type: "integer", description: "Scheduled runs that were due in the window and have started." },
    median: { type: "number", nullable: true, unit: "s", description: "Median delay." },
    p95: { type: "number", nullable: true, unit: "s", description: "95th percentile; null with fewer than 3." },
    max: { type: "number", nullable: true, unit: "s", description: "The latest." },
    over_1m: { type: "integer", description: "More than a minute late." },
    over_5m: { type: "integer", description: "More than five minutes late." },
    over_1h: { type: "integer", description: "More than an hour late." },
    creation: part("from when a run was due until the scheduler created it; null for Dagster"),
    run_queue: part("until it was allowed to run: its DAG's limits, or Dagster's run queue"),
    first_task: part("until its first task started, which is up to the executor; null for Dagster"),
    main_part: {
      type: "text",
      nullable: true,
      description: "The longest of these: creation, run_queue or first_task.",
    },
    catch_up: {
      type: "integer",
      description:
        "Other runs, created more than an interval late or due before their DAG existed: catch-ups, not late.",
    },
  },
  chart: { kind: "bars", label: "name", value: "median", parts },
  sql: ({ window, parameters }) => `
    WITH scheduled AS (
      SELECT r.*, min(queued) OVER (PARTITION BY pipeline, job) AS first_seen,
        coalesce(lead(run_after) OVER (PARTITION BY pipeline, job ORDER BY run_after, run_id) - run_after,
          run_after - lag(run_after) OVER (PARTITION BY pipeline, job ORDER BY run_after, run_id)) AS every
      FROM dag_runs r WHERE origin = 'scheduled' AND ${ofPresentDags("r", "name", parameters)}),
    samples AS (
      SELECT orchestrator, pipeline, name, job, coalesce(first_execution, started) - run_after AS delay,
        queued - run_after AS creation, started - queued AS run_queue, first_execution - started AS first_task,
        CASE WHEN run_after < first_seen - ${FIRST_RUN} OR queued - run_after > every THEN 1 ELSE 0 END AS is_catch_up
      FROM scheduled WHERE is_rerun = 0 AND started IS NOT NULL AND ${within("run_after", window)}
      UNION ALL
      SELECT orchestrator, pipeline, name, job, started - queued, NULL, started - queued, NULL, 0
      FROM job_runs WHERE origin = 'scheduled' AND is_rerun = 0 AND started >= queued AND ${within("queued", window)}),
    seconds AS (
      SELECT orchestrator, pipeline, name, job, is_catch_up, creation, run_queue, first_task,
        CASE WHEN is_catch_up = 0 AND delay >= 0 THEN delay / ${SECOND}.0 END AS delay
      FROM samples),
    measured AS (SELECT s.*, ${ranked("delay", ["orchestrator", "pipeline", "job"])} FROM seconds s)
    SELECT orchestrator, pipeline, name, job, count(delay) AS n, ${percentile(50, "delay")} AS median,
      CASE WHEN count(delay) >= ${ENOUGH_FOR_P95} THEN ${percentile(95, "delay")} END AS p95, max(delay) AS max,
      ${over("delay", { over_1m: 60, over_5m: 300, over_1h: 3600 })},
      ${parts
        .map(
          (name) => `sum(CASE WHEN delay IS NOT NULL THEN ${name} END) AS ${name},
      count(CASE WHEN delay IS NOT NULL THEN ${name} END) AS ${name}_n`,
        )
        .join(", ")},
      sum(is_catch_up) AS catch_up
    FROM measured GROUP BY orchestrator, pipeline, name, job
    ORDER BY coalesce(max(delay), -1) DESC, name, job, pipeline LIMIT ${parameters.limit}`,
  finish: (rows) =>
    rows.map((row) => {
      const means = Object.fromEntries(parts.map((name) => [name, mean(row, name)]));
      const [longest] = parts.filter((name) => means[name]).sort((a, b) => Number(means[b]) - Number(means[a]));
      return { ...row, ...means, main_part: longest ?? null };
    }),
});

function mean(row: SqlRow, name: string): number | null {
  const n = Number(row[`${name}_n`]);
  return n === 0 ? null : Number(row[name]) / n / SECOND;
}
