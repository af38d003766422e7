import { inOrderOf, jobColumns, limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { HOUR } from "../moments.ts";
import { defineQuestion, type SqlRow } from "../question.ts";

/** The hours that determine the rate; with fewer finished runs in them there is none. */
const RATED_HOURS = 6;
const ENOUGH = 5;
/** By its interval, a DAG's first run is due before the DAG exists: that much is not catching up. */
const ON_TIME = 10 * 60 * 1_000_000;

export const backfillProgress = defineQuestion({
  name: "backfill_progress",
  sentence: "How far are backfills and catch-ups, and when will they finish?",
  limits:
    "For Airflow, concurrent backfills of a DAG count as one, and runs that a backfill has not created yet are unknown. The end is estimated from the last six hours, as if no other work were coming.",
  tables: ["airflow_dag_runs", "dagster_runs"],
  parameters: { ...staleParameter, ...limitParameter(200) },
  columns: {
    ...jobColumns,
    kind: {
      type: "text",
      description: "backfill, or catch_up: scheduled runs created long after they were due.",
    },
    backfill: { type: "text", nullable: true, description: "Dagster's backfill; null for Airflow." },
    total: { type: "integer", description: "Runs that are unfinished, or ended in the window." },
    done: { type: "integer", description: "How many succeeded." },
    failed: { type: "integer", description: "How many failed or were canceled." },
    running: { type: "integer", description: "How many are running." },
    queued: { type: "integer", description: "How many are queued." },
    percent: { type: "number", unit: "%", description: "Share that has ended." },
    first_due: { type: "moment", nullable: true, description: "When the first of them was due (Airflow only)." },
    per_hour: {
      type: "number",
      nullable: true,
      description: "How many ended per hour in the last six hours; null with fewer than 5.",
    },
    eta: {
      type: "moment",
      nullable: true,
      description: "When the last one will end at that rate; null if all have ended, or if unknown.",
    },
  },
  chart: { kind: "bars", label: "name", value: "total", parts: ["done", "failed", "running"] },
  isFinding: ({ running, queued }) => running + queued > 0,
  sql: ({ window, asOf, parameters }) => `
    WITH scheduled AS (
      SELECT r.*, min(queued) OVER (PARTITION BY pipeline, job) AS first_seen,
        coalesce(lead(run_after) OVER (PARTITION BY pipeline, job ORDER BY run_after, run_id) - run_after,
          run_after - lag(run_after) OVER (PARTITION BY pipeline, job ORDER BY run_after, run_id)) AS every
      FROM dag_runs r WHERE origin = 'scheduled' AND is_rerun = 0),
    grouped AS (
      SELECT orchestrator, pipeline, name, job, 'backfill' AS kind, '' AS backfill, state, run_after, ended, purged_at
      FROM dag_runs WHERE origin = 'backfill'
      UNION ALL
      SELECT orchestrator, pipeline, name, job, 'catch_up', '', state, run_after, ended, purged_at FROM scheduled
      WHERE run_after < first_seen - ${ON_TIME} OR queued - run_after > every
      UNION ALL
      SELECT l.orchestrator, l.pipeline, l.name, l.job, 'backfill', j.backfill, l.state, NULL, l.ended, NULL
      FROM logical_runs l JOIN job_runs j ON j.pipeline = l.pipeline AND j.run_id = l.first_run_id WHERE j.backfill IS NOT NULL),
    counted AS (
      SELECT g.*, CASE WHEN state IN ('success', 'failed', 'canceled') THEN 1 ELSE 0 END AS is_over FROM grouped g
      WHERE ${ofPresentDags("g", "name", parameters)})
    SELECT orchestrator, pipeline, name, job, kind, backfill, count(*) AS total,
      sum(CASE WHEN state = 'success' THEN 1 ELSE 0 END) AS done,
      sum(CASE WHEN state IN ('failed', 'canceled') THEN 1 ELSE 0 END) AS failed,
      sum(CASE WHEN state = 'running' THEN 1 ELSE 0 END) AS running,
      sum(CASE WHEN state = 'queued' THEN 1 ELSE 0 END) AS queued,
      sum(CASE WHEN is_over = 1 AND ended > ${asOf - RATED_HOURS * HOUR} AND ended <= ${asOf} THEN 1 ELSE 0 END) AS lately,
      min(run_after) AS first_due
    FROM counted WHERE (is_over = 0 AND purged_at IS NULL) OR (is_over = 1 AND ${within("ended", window)})
    GROUP BY orchestrator, pipeline, name, job, kind, backfill`,
  finish: (rows, { asOf, parameters }) =>
    rows
      .map((row): SqlRow & { readonly open: number } => {
        const [total, lately] = [Number(row.total), Number(row.lately)];
        const open = Number(row.running) + Number(row.queued);
        const perHour = lately >= ENOUGH ? lately / RATED_HOURS : null;
        const eta = perHour === null || open === 0 ? null : Math.round(asOf + (open / perHour) * HOUR);
        const percent = ((total - open) * 100) / total;
        return { ...row, backfill: row.backfill || null, percent, per_hour: perHour, eta, open };
      })
      // A single late run is not worth reporting as catching up.
      .filter(({ kind, total }) => kind === "backfill" || Number(total) > 1)
      .sort(
        (a, b) =>
          b.open - a.open ||
          Number(b.total) - Number(a.total) ||
          inOrderOf(a, b, ["name", "pipeline", "job", "kind", "backfill"]),
      )
      .slice(0, parameters.limit),
});
