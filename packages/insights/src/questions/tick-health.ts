import { limitParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { SECOND } from "../moments.ts";
import { defineQuestion } from "../question.ts";

export const tickHealth = defineQuestion({
  name: "tick_health",
  sentence: "Which schedules and sensors fail, skip or are slow?",
  limits:
    "A schedule's tick is known by when it was due, a sensor's by when it began: so a schedule's time includes its delay, and a sensor's does not.",
  tables: ["dagster_ticks"],
  parameters: {
    kind: {
      type: "text",
      default: null,
      values: ["schedule", "sensor"],
      description: "Only schedules, or only sensors.",
    },
    ...limitParameter(200),
  },
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    kind: { type: "text", description: "schedule or sensor." },
    automation: { type: "text", description: "Its name." },
    location: { type: "text", description: "Its code location." },
    on: { type: "flag", nullable: true, description: "Whether it is on; null if it is not defined any more." },
    ticks: { type: "integer", description: "Ticks in the window." },
    succeeded: { type: "integer", description: "Those that launched runs." },
    skipped: { type: "integer", description: "Those that had nothing to launch." },
    failed: { type: "integer", description: "Those that failed." },
    failed_percent: { type: "number", nullable: true, unit: "%", description: "Share of those that ended." },
    runs: { type: "integer", description: "Runs that they launched." },
    streak: { type: "integer", description: "Failed ticks since the last one that did not fail." },
    failing_since: { type: "moment", nullable: true, description: "The first of these." },
    error: { type: "text", nullable: true, description: "The message of the last of these." },
    last_tick: { type: "moment", description: "Its last tick." },
    median: { type: "number", nullable: true, unit: "s", description: "How long a tick takes (median)." },
    p95: { type: "number", nullable: true, unit: "s", description: "95th percentile; null with fewer than 3 ticks." },
    longest: { type: "number", nullable: true, unit: "s", description: "The longest." },
  },
  isFinding: ({ streak, on }) => streak > 0 && on === true,
  chart: { kind: "bars", label: "automation", value: "ticks", parts: ["failed", "skipped", "succeeded"] },
  sql: ({ asOf, window, dialect, parameters: { kind, limit } }) => `
    WITH known AS (
      SELECT t.*, CASE WHEN status = 'STARTED' OR end_timestamp < timestamp THEN NULL
          ELSE (end_timestamp - timestamp) / ${SECOND}.0 END AS took,
        max(CASE WHEN status IN ('SUCCESS', 'SKIPPED') THEN timestamp END) OVER (PARTITION BY pipeline, instigator_id) AS last_good,
        row_number() OVER (PARTITION BY pipeline, instigator_id, status ORDER BY timestamp DESC, tick_id DESC) AS newest
      FROM dagster_ticks t
      WHERE timestamp <= ${asOf} ${kind === null ? "" : `AND instigator_type = '${kind.toUpperCase()}'`}),
    counted AS (
      SELECT k.*, CASE WHEN ${within("timestamp", window)} THEN 1 ELSE 0 END AS counts,
        CASE WHEN status = 'FAILURE' AND (last_good IS NULL OR timestamp > last_good) THEN 1 ELSE 0 END AS is_streak
      FROM known k),
    timed AS (
      SELECT pipeline, instigator_id, took, ${ranked("took", ["pipeline", "instigator_id"])} FROM counted WHERE counts = 1),
    times AS (
      SELECT pipeline, instigator_id, ${percentile(50, "took")} AS median,
        CASE WHEN count(took) >= 3 THEN ${percentile(95, "took")} END AS p95, max(took) AS longest
      FROM timed GROUP BY pipeline, instigator_id),
    states AS (
      SELECT pipeline, id, status FROM dagster_schedules UNION ALL SELECT pipeline, id, status FROM dagster_sensors),
    grouped AS (
      SELECT pipeline, instigator_id, lower(max(instigator_type)) AS kind, max(instigator_name) AS automation,
        max(code_location) AS location, sum(counts) AS ticks,
        ${["SUCCESS", "SKIPPED", "FAILURE"].map((status) => `sum(CASE WHEN status = '${status}' THEN counts ELSE 0 END) AS ${status.toLowerCase()}`).join(", ")},
        sum(CASE WHEN counts = 1 THEN coalesce(${dialect.listLength("run_ids")}, 0) ELSE 0 END) AS runs,
        sum(is_streak) AS streak, min(CASE WHEN is_streak = 1 THEN timestamp END) AS failing_since,
        max(CASE WHEN is_streak = 1 AND newest = 1 THEN error END) AS error, max(timestamp) AS last_tick
      FROM counted GROUP BY pipeline, instigator_id)
    SELECT g.pipeline, g.kind, g.automation, g.location, CASE WHEN s.status IS NULL THEN NULL WHEN s.status = 'RUNNING' THEN 1 ELSE 0 END AS "on",
      ticks, success AS succeeded, skipped, failure AS failed,
      CASE WHEN success + skipped + failure > 0 THEN failure * 100.0 / (success + skipped + failure) END AS failed_percent,
      runs, streak, failing_since, error, last_tick, m.median, m.p95, m.longest
    FROM grouped g
    LEFT JOIN times m ON m.pipeline = g.pipeline AND m.instigator_id = g.instigator_id
    LEFT JOIN states s ON s.pipeline = g.pipeline AND s.id = g.instigator_id
    WHERE ticks > 0 OR (streak > 0 AND s.status = 'RUNNING')
    ORDER BY CASE WHEN streak > 0 AND s.status = 'RUNNING' THEN 0 ELSE 1 END, failed DESC, ticks DESC, g.automation, g.location, g.instigator_id, g.pipeline
    LIMIT ${limit}`,
});
