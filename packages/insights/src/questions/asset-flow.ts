import { limitParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { HOUR, SECOND } from "../moments.ts";
import { defineQuestion } from "../question.ts";

export const assetFlow = defineQuestion({
  name: "asset_flow",
  sentence: "Who updates Airflow's assets, who runs on them, and how soon?",
  limits:
    "A DAG that waits for several assets runs when all are updated, so an update may lead to a run much later, or share one with others. Which runs an update led to is known from the stream asset_event_runs, and who waits for an asset from asset_edges.",
  tables: ["airflow_asset_events"],
  betterWith: ["airflow_asset_event_runs", "airflow_asset_edges"],
  parameters: {
    wait: {
      type: "number",
      default: 1,
      unit: "h",
      description: "An update that led to no run for longer than this is unused, if a DAG waits for the asset.",
    },
    ...limitParameter(200),
  },
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    asset: { type: "text", description: "Its name." },
    group: { type: "text", nullable: true, description: "Its group." },
    updates: { type: "integer", description: "Updates in the window." },
    producers: { type: "integer", description: "DAGs that made them." },
    by_others: { type: "integer", description: "Updates that no DAG made, but the API or a trigger." },
    consumers: { type: "integer", nullable: true, description: "DAGs that run when it is updated." },
    runs: { type: "integer", nullable: true, description: "Runs that the updates led to." },
    lag: { type: "number", nullable: true, unit: "s", description: "From an update to the start of a run (median)." },
    lag_p95: { type: "number", nullable: true, unit: "s", description: "95th percentile; null with fewer than 3." },
    unused: {
      type: "integer",
      nullable: true,
      description: "Updates that led to no run, although a DAG waits for the asset.",
    },
    oldest_unused: { type: "moment", nullable: true, description: "The oldest of these." },
    last: { type: "moment", description: "The last update." },
  },
  isFinding: ({ unused }) => (unused ?? 0) > 0,
  chart: { kind: "bars", label: "asset", value: "updates" },
  sql: ({ asOf, window, contents, parameters: { wait, limit } }) => {
    const isSynced = (table: string) => contents.some(({ tables }) => tables.some(({ name }) => name.endsWith(table)));
    const [areRunsKnown, areEdgesKnown] = [isSynced("airflow_asset_event_runs"), isSynced("airflow_asset_edges")];
    const ifKnown = (isKnown: boolean, value: string) => (isKnown ? value : "NULL");
    return `
    WITH events AS (SELECT * FROM airflow_asset_events WHERE ${within("timestamp", window)} AND timestamp <= ${asOf}),
    led AS (
      SELECT e.pipeline, e.asset_id, e.asset_event_id, l.dag_id, l.dag_run_id,
        CASE WHEN r.start_date >= e.timestamp THEN (r.start_date - e.timestamp) / ${SECOND}.0 END AS lag
      FROM events e JOIN airflow_asset_event_runs l ON l.pipeline = e.pipeline AND l.asset_event_id = e.asset_event_id
      LEFT JOIN airflow_dag_runs r ON r.pipeline = l.pipeline AND r.dag_id = l.dag_id AND r.dag_run_id = l.dag_run_id),
    lags AS (
      SELECT pipeline, asset_id, count(*) AS links, ${percentile(50, "lag")} AS lag,
        CASE WHEN count(lag) >= 3 THEN ${percentile(95, "lag")} END AS lag_p95
      FROM (SELECT l.*, ${ranked("lag", ["pipeline", "asset_id"])} FROM led l) AS measured GROUP BY pipeline, asset_id),
    runs_of AS (
      SELECT pipeline, asset_id, count(*) AS runs
      FROM (SELECT DISTINCT pipeline, asset_id, dag_id, dag_run_id FROM led) AS each_run GROUP BY pipeline, asset_id),
    consumers_of AS (
      SELECT pipeline, asset_id, count(DISTINCT dag_id) AS consumers FROM airflow_asset_edges
      WHERE relation = 'schedules' GROUP BY pipeline, asset_id),
    grouped AS (
      SELECT e.pipeline, e.asset_id, max(e.asset_name) AS asset, max(e.asset_group_name) AS "group", count(*) AS updates,
        count(DISTINCT e.source_dag_id) AS producers, sum(CASE WHEN e.source_dag_id IS NULL THEN 1 ELSE 0 END) AS by_others,
        max(e.timestamp) AS last, sum(is_unused) AS unused, min(CASE WHEN is_unused = 1 THEN e.timestamp END) AS oldest_unused
      FROM (SELECT v.*, CASE WHEN c.consumers > 0 AND u.asset_event_id IS NULL AND v.timestamp < ${asOf - wait * HOUR} THEN 1 ELSE 0 END AS is_unused
        FROM events v
        LEFT JOIN consumers_of c ON c.pipeline = v.pipeline AND c.asset_id = v.asset_id
        LEFT JOIN (SELECT DISTINCT pipeline, asset_event_id FROM led) AS u ON u.pipeline = v.pipeline AND u.asset_event_id = v.asset_event_id) AS e
      GROUP BY e.pipeline, e.asset_id)
    SELECT g.pipeline, coalesce(g.asset, '(unnamed)') AS asset, g."group", updates, producers, by_others, last, l.lag, l.lag_p95,
      ${ifKnown(areEdgesKnown, "coalesce(c.consumers, 0)")} AS consumers, ${ifKnown(areRunsKnown, "coalesce(r.runs, 0)")} AS runs,
      ${ifKnown(areRunsKnown && areEdgesKnown, "unused")} AS unused,
      ${ifKnown(areRunsKnown && areEdgesKnown, "oldest_unused")} AS oldest_unused
    FROM grouped g
    LEFT JOIN lags l ON l.pipeline = g.pipeline AND l.asset_id = g.asset_id
    LEFT JOIN runs_of r ON r.pipeline = g.pipeline AND r.asset_id = g.asset_id
    LEFT JOIN consumers_of c ON c.pipeline = g.pipeline AND c.asset_id = g.asset_id
    ORDER BY ${areRunsKnown && areEdgesKnown ? "unused DESC, " : ""} updates DESC, coalesce(g.asset, '(unnamed)'), g.asset_id, g.pipeline LIMIT ${limit}`;
  },
});
