import { knownUntil } from "../as-of.ts";
import { limitParameter } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { HOUR, SECOND } from "../moments.ts";
import { defineQuestion } from "../question.ts";

/** How many of the latest gaps determine how often an asset is materialized. */
const GAPS = 10;
/** With fewer, nothing is known about it. */
const ENOUGH_GAPS = 3;

export const staleAssets = defineQuestion({
  name: "stale_assets",
  sentence: "Which assets are stale?",
  limits:
    "How often a Dagster asset is materialized is known from the stream materializations. Without it, or with too few of them, it is inferred from how often the asset's last job succeeds, or from its schedule for an asset run. Backfills do not count. Nothing is known about assets that people materialize occasionally. Airflow's assets need the streams assets and asset_events.",
  tables: ["dagster_assets", "airflow_assets", "airflow_asset_events"],
  betterWith: ["dagster_materializations", "airflow_asset_events", "airflow_assets"],
  parameters: {
    factor: {
      type: "number",
      default: 2,
      moreThan: 0,
      description: "Multiple of the usual longest gap that counts as stale.",
    },
    floor: { type: "number", default: 1, unit: "h", description: "Younger assets are never stale." },
    all: {
      type: "boolean",
      default: false,
      description: "Whether to list fresh and unknown assets too.",
    },
    ...limitParameter(200),
  },
  columns: {
    orchestrator: { type: "text", description: "airflow or dagster." },
    pipeline: { type: "text", description: "The pipeline that synced it." },
    asset: { type: "text", description: "Its key, or its name in Airflow." },
    group: { type: "text", nullable: true, description: "Its group." },
    state: { type: "text", description: "stale, never (materialized), fresh or unknown." },
    last: { type: "moment", nullable: true, description: "When it was last materialized, or updated in Airflow." },
    age: { type: "number", nullable: true, unit: "s", description: "How long ago that is." },
    usual: { type: "number", nullable: true, unit: "s", description: "Median gap; null with fewer than 3." },
    longest: { type: "number", nullable: true, unit: "s", description: "90th percentile of the gaps." },
    n: { type: "integer", description: "Number of known gaps, at most the latest ten." },
    ratio: { type: "number", nullable: true, description: "Age divided by the usual gap." },
    guess: { type: "flag", description: "Whether the gaps are those of the job's runs rather than of the asset." },
    last_run: { type: "text", nullable: true, description: "The run that last materialized it." },
    job: { type: "text", nullable: true, description: "That run's job or DAG." },
  },
  isFinding: ({ state }) => state === "stale",
  chart: { kind: "bars", label: "asset", value: "age", mark: "longest" },
  sql: ({ asOf, contents, dialect, values, parameters: { factor, floor, all, limit } }) => `
    WITH known (pipeline, known_until) AS (${values([...knownUntil(contents, "airflow_asset_events")], 2)}),
    made AS (
      SELECT j.*, CASE WHEN origin = 'backfill' THEN NULL WHEN name <> '(asset runs)' THEN job
          WHEN schedule_name IS NOT NULL THEN job || ' ' || schedule_name END AS rhythm
      FROM job_runs j),
    updates AS (
      SELECT pipeline, asset_id, source_dag_id AS job, source_dag_run_id AS run_id, max(timestamp) AS ended,
        max(asset_name) AS name, max(asset_group_name) AS group_name
      FROM airflow_asset_events WHERE timestamp <= ${asOf}
      GROUP BY pipeline, asset_id, source_dag_id, source_dag_run_id, CASE WHEN source_dag_run_id IS NULL THEN asset_event_id END),
    last_updates AS (
      SELECT * FROM (SELECT u.*, row_number() OVER (PARTITION BY pipeline, asset_id ORDER BY ended DESC, run_id DESC) AS newest FROM updates u) AS numbered
      WHERE newest = 1),
    successes AS (
      SELECT pipeline, 'job ' || rhythm AS rhythm, ended, run_id FROM made
      WHERE rhythm IS NOT NULL AND state = 'success' AND ended <= ${asOf}
      UNION ALL
      SELECT m.pipeline, 'asset ' || m.asset_id, max(m.timestamp), m.run_id
      FROM dagster_materializations m LEFT JOIN job_runs j ON j.pipeline = m.pipeline AND j.run_id = m.run_id
      WHERE m.event_type = 'MATERIALIZATION' AND m.timestamp <= ${asOf} AND coalesce(j.origin, '') <> 'backfill'
      GROUP BY m.pipeline, m.asset_id, m.run_id, CASE WHEN m.run_id = '' THEN m.timestamp END
      UNION ALL
      SELECT pipeline, 'asset ' || asset_id, ended, coalesce(run_id, '') FROM updates),
    spaced AS (
      SELECT pipeline, rhythm,
        (ended - lag(ended) OVER (PARTITION BY pipeline, rhythm ORDER BY ended, run_id)) / ${SECOND}.0 AS gap,
        row_number() OVER (PARTITION BY pipeline, rhythm ORDER BY ended DESC, run_id DESC) AS newest
      FROM successes),
    gaps AS (
      SELECT s.*, ${ranked("gap", ["pipeline", "rhythm"])} FROM spaced s WHERE newest <= ${GAPS} AND gap IS NOT NULL),
    rhythms AS (
      SELECT pipeline, rhythm, count(*) AS n,
        CASE WHEN count(*) >= ${ENOUGH_GAPS} THEN ${percentile(50, "gap")} END AS usual,
        CASE WHEN count(*) >= ${ENOUGH_GAPS} THEN ${percentile(90, "gap")} END AS longest
      FROM gaps GROUP BY pipeline, rhythm),
    assets AS (
      SELECT 'dagster' AS orchestrator, a.pipeline, a.key_path AS asset, a.group_name, a.last_materialization_time AS last,
        a.last_materialization_run_id AS last_run, m.name AS job, ${asOf} AS known_until, a.id AS asset_id, m.rhythm
      FROM dagster_assets a
      LEFT JOIN made m ON m.pipeline = a.pipeline AND m.run_id = a.last_materialization_run_id
      UNION ALL
      SELECT 'airflow', a.pipeline, a.name, a.group_name, u.ended, u.run_id, u.job, CAST(k.known_until AS ${dialect.types.micros}), CAST(a.asset_id AS text), NULL
      FROM (SELECT pipeline, asset_id, name, group_name FROM airflow_assets
        UNION ALL
        SELECT pipeline, asset_id, name, group_name FROM last_updates u
        WHERE NOT EXISTS (SELECT 1 FROM airflow_assets known_assets WHERE known_assets.pipeline = u.pipeline)) AS a
      LEFT JOIN last_updates u ON u.pipeline = a.pipeline AND u.asset_id = a.asset_id
      JOIN known k ON k.pipeline = a.pipeline),
    aged AS (
      SELECT a.*, (CASE WHEN known_until < ${asOf} THEN known_until ELSE ${asOf} END - last) / ${SECOND}.0 AS age,
        coalesce(own.usual, others.usual) AS usual, coalesce(own.longest, others.longest) AS longest,
        coalesce(CASE WHEN own.usual IS NOT NULL OR others.n IS NULL THEN own.n END, others.n, 0) AS n,
        CASE WHEN own.usual IS NULL AND others.usual IS NOT NULL THEN 1 ELSE 0 END AS guess
      FROM assets a
      LEFT JOIN rhythms own ON own.pipeline = a.pipeline AND own.rhythm = 'asset ' || a.asset_id
      LEFT JOIN rhythms others ON others.pipeline = a.pipeline AND others.rhythm = 'job ' || a.rhythm),
    judged AS (
      SELECT aged.*, CASE WHEN last IS NULL THEN 'never' WHEN longest IS NULL THEN 'unknown'
          WHEN age > ${factor} * longest AND age > ${(floor * HOUR) / SECOND} THEN 'stale' ELSE 'fresh' END AS state
      FROM aged)
    SELECT judged.*, group_name AS "group", CASE WHEN usual > 0 THEN age / usual END AS ratio
    FROM judged ${all ? "" : "WHERE state IN ('stale', 'never')"}
    ORDER BY CASE state WHEN 'stale' THEN 1 WHEN 'never' THEN 2 WHEN 'unknown' THEN 3 ELSE 4 END,
      coalesce(age / nullif(usual, 0), age, 0) DESC, asset, asset_id, pipeline LIMIT ${limit}`,
});
