import { limitParameter } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { HOUR, SECOND } from "../moments.ts";
import { defineQuestion } from "../question.ts";

/** How many of the latest gaps between runs determine how often an asset is materialized. */
const GAPS = 10;
/** With fewer, nothing is known about it. */
const ENOUGH_GAPS = 3;

export const staleAssets = defineQuestion({
  name: "stale_assets",
  sentence: "Which assets are stale?",
  limits:
    "How often an asset is materialized is inferred from how often its last job succeeds, or from its schedule for an asset run, because only the latest materialization is in the tables. Nothing is known about assets that people materialize occasionally. Airflow's assets are not in the tables.",
  tables: ["dagster_assets"],
  waitsFor: ["materializations", "asset_events"],
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
    pipeline: { type: "text", description: "The pipeline that synced it." },
    asset: { type: "text", description: "Its key." },
    group: { type: "text", nullable: true, description: "Its group." },
    state: { type: "text", description: "stale, never (materialized), fresh or unknown." },
    last: { type: "moment", nullable: true, description: "When it was last materialized." },
    age: { type: "number", nullable: true, unit: "s", description: "How long ago that is." },
    usual: { type: "number", nullable: true, unit: "s", description: "Median gap; null with fewer than 3." },
    longest: { type: "number", nullable: true, unit: "s", description: "90th percentile of the gaps." },
    n: { type: "integer", description: "Number of known gaps, at most the latest ten." },
    ratio: { type: "number", nullable: true, description: "Age divided by the usual gap." },
    guess: { type: "flag", description: "Whether the gaps are those of the job's runs rather than of the asset." },
    last_run: { type: "text", nullable: true, description: "The run that last materialized it." },
    job: { type: "text", nullable: true, description: "That run's job." },
  },
  isFinding: ({ state }) => state === "stale",
  chart: { kind: "bars", label: "asset", value: "age", mark: "longest" },
  sql: ({ asOf, parameters: { factor, floor, all, limit } }) => `
    WITH made AS (
      SELECT j.*, CASE WHEN origin = 'backfill' THEN NULL WHEN name <> '(asset runs)' THEN job
          WHEN schedule_name IS NOT NULL THEN job || ' ' || schedule_name END AS rhythm
      FROM job_runs j),
    successes AS (
      SELECT pipeline, rhythm, ended,
        (ended - lag(ended) OVER (PARTITION BY pipeline, rhythm ORDER BY ended, run_id)) / ${SECOND}.0 AS gap,
        row_number() OVER (PARTITION BY pipeline, rhythm ORDER BY ended DESC, run_id DESC) AS newest
      FROM made WHERE rhythm IS NOT NULL AND state = 'success' AND ended <= ${asOf}),
    gaps AS (
      SELECT s.*, ${ranked("gap", ["pipeline", "rhythm"])} FROM successes s WHERE newest <= ${GAPS} AND gap IS NOT NULL),
    rhythms AS (
      SELECT pipeline, rhythm, count(*) AS n,
        CASE WHEN count(*) >= ${ENOUGH_GAPS} THEN ${percentile(50, "gap")} END AS usual,
        CASE WHEN count(*) >= ${ENOUGH_GAPS} THEN ${percentile(90, "gap")} END AS longest
      FROM gaps GROUP BY pipeline, rhythm),
    aged AS (
      SELECT a.pipeline, a.key_path AS asset, a.group_name AS "group", a.last_materialization_time AS last,
        (${asOf} - a.last_materialization_time) / ${SECOND}.0 AS age, r.usual, r.longest, coalesce(r.n, 0) AS n,
        a.last_materialization_run_id AS last_run, m.name AS job
      FROM dagster_assets a
      LEFT JOIN made m ON m.pipeline = a.pipeline AND m.run_id = a.last_materialization_run_id
      LEFT JOIN rhythms r ON r.pipeline = m.pipeline AND r.rhythm = m.rhythm),
    judged AS (
      SELECT aged.*, CASE WHEN last IS NULL THEN 'never' WHEN longest IS NULL THEN 'unknown'
          WHEN age > ${factor} * longest AND age > ${floor} * ${HOUR / SECOND} THEN 'stale' ELSE 'fresh' END AS state
      FROM aged)
    SELECT judged.*, CASE WHEN usual > 0 THEN age / usual END AS ratio, CASE WHEN usual IS NULL THEN 0 ELSE 1 END AS guess
    FROM judged ${all ? "" : "WHERE state IN ('stale', 'never')"}
    ORDER BY CASE state WHEN 'stale' THEN 1 WHEN 'never' THEN 2 WHEN 'unknown' THEN 3 ELSE 4 END,
      coalesce(age / nullif(usual, 0), age, 0) DESC, asset, pipeline LIMIT ${limit}`,
});
