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
    "Without the stream backfills, Airflow's concurrent backfills of a DAG count as one, and runs that a Dagster backfill has not created yet are unknown. With it, they are known for jobs, but not for assets, of which a run may materialize many partitions. A run belongs to the DAG's latest backfill whose dates include it. The end is estimated from the last six hours, as if no other work were coming.",
  tables: ["airflow_dag_runs", "dagster_runs"],
  betterWith: ["airflow_backfills", "dagster_backfills"],
  parameters: { ...staleParameter, ...limitParameter(200) },
  columns: {
    ...jobColumns,
    kind: {
      type: "text",
      description: "backfill, or catch_up: scheduled runs created long after they were due.",
    },
    backfill: { type: "text", nullable: true, description: "Its id; null for Airflow without the stream backfills." },
    status: {
      type: "text",
      nullable: true,
      description:
        "The backfill's own, with the stream backfills: running, paused or completed in Airflow; Dagster's in lower case.",
    },
    requested: { type: "moment", nullable: true, description: "When it was requested, with the stream backfills." },
    total: { type: "integer", description: "Runs that are unfinished or not created yet, or ended in the window." },
    done: { type: "integer", description: "How many succeeded." },
    failed: { type: "integer", description: "How many failed or were canceled." },
    running: { type: "integer", description: "How many are running." },
    queued: { type: "integer", description: "How many are queued." },
    not_created: {
      type: "integer",
      nullable: true,
      description: "How many the backfill has yet to create; null if unknown.",
    },
    percent: { type: "number", nullable: true, unit: "%", description: "Share that has ended; null without runs." },
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
  isFinding: ({ running, queued, not_created, status }) =>
    running + queued + (not_created ?? 0) > 0 || status === "requested",
  sql: ({ window, asOf, parameters }) => `
    WITH scheduled AS (
      SELECT r.*, min(queued) OVER (PARTITION BY pipeline, job) AS first_seen,
        coalesce(lead(run_after) OVER (PARTITION BY pipeline, job ORDER BY run_after, run_id) - run_after,
          run_after - lag(run_after) OVER (PARTITION BY pipeline, job ORDER BY run_after, run_id)) AS every
      FROM dag_runs r WHERE origin = 'scheduled' AND is_rerun = 0),
    grouped AS (
      SELECT orchestrator, pipeline, name, job, 'backfill' AS kind,
        coalesce((SELECT CAST(max(b.backfill_id) AS text) FROM airflow_backfills b
          WHERE b.pipeline = r.pipeline AND b.dag_id = r.name AND b.from_date <= r.logical_date AND b.to_date >= r.logical_date
            AND (r.queued IS NULL OR b.created_at <= r.queued)), '') AS backfill,
        state, run_after, ended, purged_at
      FROM dag_runs r WHERE origin = 'backfill'
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
  finish: async (rows, { asOf, parameters, query }) => {
    const fills = new Map((await query(fillsSql)).map((row) => [keyOf(row), row]));
    const groups: readonly SqlRow[] = [...rows, ...withoutRuns(rows, fills)];
    return (
      groups
        .map((row): SqlRow & { readonly open: number } => {
          const fill = fills.get(keyOf(row));
          const left = uncreatedOf(fill);
          const total = Number(row.total) + (left ?? 0);
          const lately = Number(row.lately);
          const open = Number(row.running) + Number(row.queued) + (left ?? 0);
          const perHour = lately >= ENOUGH ? lately / RATED_HOURS : null;
          const eta = perHour === null || open === 0 ? null : Math.round(asOf + (open / perHour) * HOUR);
          const percent = total === 0 ? null : ((total - open) * 100) / total;
          const own = { status: fill?.status ?? null, requested: fill?.requested ?? null, not_created: left };
          return { ...row, ...own, backfill: row.backfill || null, total, percent, per_hour: perHour, eta, open };
        })
        // A single late run is not worth reporting as catching up.
        .filter(({ kind, total }) => kind === "backfill" || Number(total) > 1)
        .sort(
          (a, b) =>
            b.open - a.open ||
            Number(b.total) - Number(a.total) ||
            inOrderOf(a, b, ["name", "pipeline", "job", "kind", "backfill"]),
        )
        .slice(0, parameters.limit)
    );
  },
});

const keyOf = ({ orchestrator, pipeline, backfill }: SqlRow) => JSON.stringify([orchestrator, pipeline, backfill]);

/** The backfills themselves. `made` is the number of runs that one has created. */
function fillsSql(): string {
  return `
    WITH started AS (
      SELECT j.pipeline, j.backfill, count(*) AS made
      FROM logical_runs l JOIN job_runs j ON j.pipeline = l.pipeline AND j.run_id = l.first_run_id GROUP BY j.pipeline, j.backfill)
    SELECT 'airflow' AS orchestrator, pipeline, CAST(backfill_id AS text) AS backfill, dag_id AS name,
      CASE WHEN completed_at IS NOT NULL THEN 'completed' WHEN is_paused = 1 THEN 'paused' ELSE 'running' END AS status,
      created_at AS requested, CAST(NULL AS bigint) AS partitions, CAST(NULL AS bigint) AS made
    FROM airflow_backfills
    UNION ALL
    SELECT 'dagster', b.pipeline, b.id, CASE WHEN b.is_asset_backfill = 1 THEN '(asset runs)' ELSE b.partition_set_name END,
      lower(b.status), b.creation_time, CASE WHEN b.is_asset_backfill = 0 THEN b.partition_count END, coalesce(s.made, 0)
    FROM dagster_backfills b LEFT JOIN started s ON s.pipeline = b.pipeline AND s.backfill = b.id`;
}

/** How many runs a backfill will create; null if unknown. Only a requested one creates any. */
function uncreatedOf(fill: SqlRow | undefined): number | null {
  if (fill?.orchestrator !== "dagster" || fill.partitions === null) return null;
  return fill.status === "requested" ? Math.max(0, Number(fill.partitions) - Number(fill.made)) : 0;
}

/** Requested backfills of Dagster that have no run in the answer, as rows of the statement. */
function withoutRuns(rows: readonly SqlRow[], fills: ReadonlyMap<string, SqlRow>): readonly SqlRow[] {
  const known = new Set(rows.map(keyOf));
  const waiting = [...fills].filter(([key, { status }]) => status === "requested" && !known.has(key));
  return waiting.map(([, { orchestrator, pipeline, backfill, name }]): SqlRow => {
    // Dagster names a job's partition set after the job.
    const job = String(name ?? "").replace(/_partition_set$/, "");
    const none = { total: 0, done: 0, failed: 0, running: 0, queued: 0, lately: 0, first_due: null };
    return { orchestrator, pipeline, backfill, name: job, job, kind: "backfill", ...none } as SqlRow;
  });
}
