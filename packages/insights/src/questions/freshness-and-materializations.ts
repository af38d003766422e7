import { limitParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { SECOND } from "../moments.ts";
import { defineQuestion } from "../question.ts";

export const freshnessAndMaterializations = defineQuestion({
  name: "freshness_and_materializations",
  sentence: "How reliably are assets materialized, and how fast are failures resolved?",
  limits:
    "A run and its re-executions count as one attempt at an asset and partition: a failure that a retry made up for is none. What was skipped because something before it failed does not count. Old versions of Dagster record no failed materializations: where there is none at all, there is no rate.",
  tables: ["dagster_materializations"],
  betterWith: ["dagster_asset_checks"],
  days: 30,
  parameters: limitParameter(200),
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    asset: { type: "text", description: "Its key." },
    group: { type: "text", nullable: true, description: "Its group." },
    attempts: { type: "integer", description: "Attempts at it, or at one of its partitions." },
    succeeded: { type: "integer", description: "Those that materialized it in the end." },
    retried: { type: "integer", description: "Those of them that failed at first." },
    failed: { type: "integer", description: "Those that failed for good." },
    rate: { type: "number", nullable: true, unit: "%", description: "Share of the successful ones." },
    failing: { type: "flag", description: "Whether the last attempt failed." },
    incidents: { type: "integer", description: "How many times it began to fail." },
    resolved: { type: "integer", description: "Those after which it succeeded again." },
    resolution: {
      type: "number",
      nullable: true,
      unit: "s",
      description: "From the first failure to the next success (median); null with fewer than 3 resolved ones.",
    },
    longest_resolution: { type: "number", nullable: true, unit: "s", description: "The longest." },
    last: { type: "moment", nullable: true, description: "When it was last materialized." },
    checks: { type: "integer", nullable: true, description: "Executions of its checks that ended." },
    checks_passed: { type: "number", nullable: true, unit: "%", description: "Share of those that passed." },
  },
  isFinding: ({ failing }) => failing,
  chart: { kind: "bars", label: "asset", value: "attempts", parts: ["failed", "retried", "succeeded"] },
  sql: ({ asOf, window, dialect, parameters: { limit } }) => `
    WITH events AS (
      SELECT m.pipeline, m.asset_id, m.partition, m.timestamp, CASE WHEN m.event_type = 'FAILED' THEN 0 ELSE 1 END AS is_made,
        CASE WHEN m.run_id = '' THEN CAST(m.timestamp AS ${dialect.types.text}) ELSE coalesce(j.root_run_id, m.run_id) END AS attempt
      FROM dagster_materializations m LEFT JOIN job_runs j ON j.pipeline = m.pipeline AND j.run_id = m.run_id
      WHERE m.timestamp <= ${asOf} AND (m.event_type = 'MATERIALIZATION'
        OR (m.event_type = 'FAILED' AND coalesce(m.failure_type, 'FAILED') = 'FAILED'))),
    outcomes AS (
      SELECT pipeline, asset_id, partition, attempt, max(is_made) AS is_made, min(is_made) AS is_clean,
        max(CASE WHEN is_made = 1 THEN timestamp END) AS made, max(timestamp) AS ended,
        min(CASE WHEN is_made = 0 THEN timestamp END) AS failed_at
      FROM events GROUP BY pipeline, asset_id, partition, attempt),
    followed AS (
      SELECT o.*, coalesce(lag(is_made) OVER (PARTITION BY pipeline, asset_id, partition ORDER BY ended, attempt), 1) AS was_made,
        min(made) OVER (PARTITION BY pipeline, asset_id, partition ORDER BY ended, attempt ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_made,
        row_number() OVER (PARTITION BY pipeline, asset_id ORDER BY ended DESC, attempt DESC, partition DESC) AS newest
      FROM outcomes o),
    incidents AS (
      SELECT pipeline, asset_id, (next_made - failed_at) / ${SECOND}.0 AS took FROM followed
      WHERE is_made = 0 AND was_made = 1 AND ${within("failed_at", window)}),
    resolutions AS (
      SELECT pipeline, asset_id, count(*) AS incidents, count(took) AS resolved,
        CASE WHEN count(took) >= 3 THEN ${percentile(50, "took")} END AS resolution, max(took) AS longest_resolution
      FROM (SELECT i.*, ${ranked("took", ["pipeline", "asset_id"])} FROM incidents i) AS measured GROUP BY pipeline, asset_id),
    checked AS (
      SELECT pipeline, asset_id, count(*) AS checks, sum(CASE WHEN status = 'SUCCEEDED' THEN 1 ELSE 0 END) AS passed
      FROM dagster_asset_checks WHERE status IN ('SUCCEEDED', 'FAILED', 'EXECUTION_FAILED')
        AND ${within("coalesce(evaluated_at, timestamp)", window)}
      GROUP BY pipeline, asset_id),
    recorded AS (SELECT DISTINCT pipeline FROM dagster_materializations WHERE event_type = 'FAILED'),
    grouped AS (
      SELECT pipeline, asset_id, sum(counts) AS attempts, sum(counts * is_made) AS succeeded,
        sum(counts * is_made * (1 - is_clean)) AS retried, sum(counts * (1 - is_made)) AS failed, max(made) AS last,
        max(CASE WHEN newest = 1 THEN 1 - is_made END) AS failing
      FROM (SELECT f.*, CASE WHEN ${within("ended", window)} THEN 1 ELSE 0 END AS counts FROM followed f) AS counted
      GROUP BY pipeline, asset_id)
    SELECT g.pipeline, coalesce(a.key_path, g.asset_id) AS asset, a.group_name AS "group", attempts, succeeded, retried, failed,
      CASE WHEN k.pipeline IS NOT NULL THEN succeeded * 100.0 / attempts END AS rate, failing,
      coalesce(r.incidents, 0) AS incidents, coalesce(r.resolved, 0) AS resolved, r.resolution, r.longest_resolution, last,
      c.checks, c.passed * 100.0 / c.checks AS checks_passed
    FROM grouped g
    LEFT JOIN dagster_assets a ON a.pipeline = g.pipeline AND a.id = g.asset_id
    LEFT JOIN resolutions r ON r.pipeline = g.pipeline AND r.asset_id = g.asset_id
    LEFT JOIN checked c ON c.pipeline = g.pipeline AND c.asset_id = g.asset_id
    LEFT JOIN recorded k ON k.pipeline = g.pipeline
    WHERE attempts > 0
    ORDER BY failing DESC, failed DESC, retried DESC, attempts DESC, coalesce(a.key_path, g.asset_id), g.asset_id, g.pipeline LIMIT ${limit}`,
});
