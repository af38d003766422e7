import { jobColumns, limitParameter, ofPresentDags, staleParameter } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { SECOND } from "../moments.ts";
import { defineQuestion } from "../question.ts";

/** How many of the latest successes define the usual, and the minimum for a result. */
const BASELINE = 50;
const ENOUGH = 5;
const key = ["orchestrator", "pipeline", "job", "task"];
const keys = (alias: string) => key.map((name) => `${alias}.${name}`).join(", ");
const same = (a: string, b: string) => key.map((name) => `${a}.${name} = ${b}.${name}`).join(" AND ");

export const runningTooLong = defineQuestion({
  name: "running_too_long",
  sentence: "What has been running unusually long?",
  limits:
    "The tables do not tell whether a worker is still alive. A deferred task, and a rescheduled sensor, hold no worker: see their state. For Dagster, only runs are known, not steps.",
  tables: ["airflow_dag_runs", "airflow_task_instances", "dagster_runs"],
  parameters: {
    factor: {
      type: "number",
      default: 2,
      moreThan: 0,
      description: "Multiple of the usual 95th percentile that counts as too long.",
    },
    floor: { type: "number", default: 600, unit: "s", description: "Shorter runs are never too long." },
    absolute: {
      type: "number",
      default: 21_600,
      unit: "s",
      description: "Limit if there are fewer than 5 successes to compare with.",
    },
    ...staleParameter,
    ...limitParameter(200),
  },
  columns: {
    ...jobColumns,
    run_id: { type: "text", description: "The run." },
    task: { type: "text", nullable: true, description: "The task; null for the run itself." },
    map_index: { type: "integer", nullable: true, description: "The task's index; -1 if it is not mapped." },
    try_number: { type: "integer", nullable: true, description: "The task's attempt." },
    state: { type: "text", description: "running; for tasks also deferred, restarting or up_for_reschedule." },
    started: { type: "moment", description: "Its start; if Dagster does not provide it, when the run last changed." },
    running_for: { type: "number", unit: "s", description: "Time from then to the time of the data." },
    normal_p95: {
      type: "number",
      nullable: true,
      unit: "s",
      description: "95th percentile of its last 50 successes; null with fewer than 5.",
    },
    n: { type: "integer", description: "Number of these successes." },
    ratio: { type: "number", nullable: true, description: "Running time divided by that." },
    hostname: { type: "text", nullable: true, description: "The task's host." },
  },
  chart: { kind: "bars", label: "name", value: "running_for", mark: "normal_p95" },
  sql: ({ asOf, parameters }) => `
    WITH running AS (
      SELECT 'airflow' AS orchestrator, pipeline, dag_id AS name, dag_id AS job, dag_run_id AS run_id, task_id AS task,
        map_index, try_number, state, started, hostname
      FROM executions WHERE is_latest = 1 AND state IN ('running', 'restarting', 'deferred', 'up_for_reschedule')
        AND purged_at IS NULL
      UNION ALL
      SELECT orchestrator, pipeline, name, job, run_id, '', NULL, NULL, state, started, NULL
      FROM plain_runs WHERE orchestrator = 'airflow' AND state = 'running' AND started IS NOT NULL AND purged_at IS NULL
      UNION ALL
      SELECT orchestrator, pipeline, name, job, run_id, '', NULL, NULL, state, coalesce(started, updated, queued), NULL
      FROM job_runs WHERE state = 'running'),
    past AS (
      SELECT 'airflow' AS orchestrator, e.pipeline, e.dag_id AS job, e.task_id AS task, e.ended, e.duration
      FROM executions e LEFT JOIN dag_runs r
        ON r.pipeline = e.pipeline AND r.name = e.dag_id AND r.run_id = e.dag_run_id
      WHERE e.state = 'success' AND coalesce(r.is_rerun, 0) = 0
      UNION ALL
      SELECT orchestrator, pipeline, job, '', ended, duration FROM dag_runs WHERE state = 'success' AND is_rerun = 0
      UNION ALL
      SELECT orchestrator, pipeline, job, '', ended, duration FROM job_runs WHERE state = 'success' AND is_rerun = 0),
    latest AS (
      SELECT ${keys("p")}, p.duration, row_number() OVER (PARTITION BY ${keys("p")} ORDER BY p.ended DESC, p.duration) AS place
      FROM past p JOIN (SELECT DISTINCT ${key.join(", ")} FROM running) AS asked ON ${same("asked", "p")}
      WHERE p.duration IS NOT NULL),
    numbered AS (SELECT l.*, ${ranked("duration", key)} FROM latest l WHERE place <= ${BASELINE}),
    usual AS (
      SELECT ${key.join(", ")}, count(*) AS n, CASE WHEN count(*) >= ${ENOUGH} THEN ${percentile(95, "duration")} END AS p95
      FROM numbered GROUP BY ${key.join(", ")}),
    compared AS (
      SELECT r.*, (${asOf} - r.started) * 1.0 / ${SECOND} AS running_for, u.p95 AS normal_p95, coalesce(u.n, 0) AS n,
        CASE WHEN u.p95 IS NULL THEN ${parameters.absolute} * 1.0
          WHEN u.p95 * ${parameters.factor} > ${parameters.floor} THEN u.p95 * ${parameters.factor}
          ELSE ${parameters.floor} * 1.0 END AS too_long
      FROM running r LEFT JOIN usual u ON ${same("u", "r")})
    SELECT orchestrator, pipeline, name, run_id, CASE WHEN task <> '' THEN task END AS task, map_index, try_number, state,
      started, running_for, normal_p95, n, CASE WHEN normal_p95 > 0 THEN running_for / normal_p95 END AS ratio, hostname
    FROM compared c WHERE running_for > too_long AND ${ofPresentDags("c", "name", parameters)}
    ORDER BY running_for / too_long DESC, name, run_id, c.task, map_index, pipeline LIMIT ${parameters.limit}`,
});
