import { limitParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { HOUR, SECOND } from "../moments.ts";
import { defineQuestion } from "../question.ts";

export const stepTimes = defineQuestion({
  name: "step_times",
  sentence: "Which Dagster steps take the time, fail, or need retries?",
  limits:
    "Steps are known once their run has ended. A step's time runs from the start of its first attempt to its end, with the pauses before retries; those of failed and skipped steps do not count.",
  tables: ["dagster_steps"],
  parameters: limitParameter(200),
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    name: { type: "text", description: "The job." },
    step: { type: "text", description: "The step's key." },
    n: { type: "integer", description: "How often it ended in the window." },
    succeeded: { type: "integer", description: "Those that succeeded." },
    failed: { type: "integer", description: "Those that failed." },
    failed_percent: { type: "number", nullable: true, unit: "%", description: "Their share; null with fewer than 5." },
    skipped: { type: "integer", description: "Those that were skipped." },
    retries: { type: "integer", description: "Attempts after the first one." },
    saved: { type: "integer", description: "Those that only succeeded after a retry." },
    median: { type: "number", nullable: true, unit: "s", description: "How long a success takes (median)." },
    p95: { type: "number", nullable: true, unit: "s", description: "95th percentile; null with fewer than 3." },
    longest: { type: "number", nullable: true, unit: "s", description: "The longest." },
    hours: { type: "number", unit: "h", description: "Total time of all." },
    share: { type: "number", nullable: true, unit: "%", description: "Its share of the steps' time of its job." },
  },
  isFinding: ({ failed }) => failed > 0,
  chart: { kind: "bars", label: "step", value: "hours" },
  sql: ({ window, parameters: { limit } }) => `
    WITH steps AS (
      SELECT s.pipeline, coalesce(j.name, '(unknown)') AS name, s.step_key AS step, s.status, coalesce(s.attempts, 1) AS attempts,
        CASE WHEN s.end_time >= s.start_time THEN (s.end_time - s.start_time) / ${SECOND}.0 END AS whole,
        CASE WHEN s.status = 'SUCCESS' AND s.end_time >= s.start_time THEN (s.end_time - s.start_time) / ${SECOND}.0 END AS took
      FROM dagster_steps s LEFT JOIN job_runs j ON j.pipeline = s.pipeline AND j.run_id = s.run_id
      WHERE ${within("coalesce(s.end_time, j.ended)", window)} AND s.status IN ('SUCCESS', 'FAILURE', 'SKIPPED')),
    grouped AS (
      SELECT pipeline, name, step, count(*) AS n, sum(CASE WHEN status = 'SUCCESS' THEN 1 ELSE 0 END) AS succeeded,
        sum(CASE WHEN status = 'FAILURE' THEN 1 ELSE 0 END) AS failed, sum(CASE WHEN status = 'SKIPPED' THEN 1 ELSE 0 END) AS skipped,
        sum(CASE WHEN attempts > 1 THEN attempts - 1 ELSE 0 END) AS retries,
        sum(CASE WHEN attempts > 1 AND status = 'SUCCESS' THEN 1 ELSE 0 END) AS saved,
        ${percentile(50, "took")} AS median, CASE WHEN count(took) >= 3 THEN ${percentile(95, "took")} END AS p95,
        max(took) AS longest, coalesce(sum(whole), 0) / ${HOUR / SECOND}.0 AS hours
      FROM (SELECT s.*, ${ranked("took", ["pipeline", "name", "step"])} FROM steps s) AS timed GROUP BY pipeline, name, step)
    SELECT g.*, CASE WHEN succeeded + failed >= 5 THEN failed * 100.0 / (succeeded + failed) END AS failed_percent,
      hours * 100.0 / nullif(sum(hours) OVER (PARTITION BY pipeline, name), 0) AS share
    FROM grouped g ORDER BY hours DESC, name, step, pipeline LIMIT ${limit}`,
});
