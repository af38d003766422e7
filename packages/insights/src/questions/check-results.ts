import { limitParameter, within } from "../common.ts";
import { defineQuestion } from "../question.ts";

/** With fewer results, a rate says nothing. */
const ENOUGH = 5;

export const checkResults = defineQuestion({
  name: "check_results",
  sentence: "Which asset checks fail, and how often do they pass?",
  limits:
    "An execution without a result, because the check itself failed, counts as not passed. One that is still in progress, or was skipped, counts nowhere.",
  tables: ["dagster_asset_checks"],
  days: 30,
  parameters: limitParameter(200),
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    asset: { type: "text", description: "The asset's key." },
    check: { type: "text", description: "The check." },
    severity: { type: "text", nullable: true, description: "ERROR or WARN, of its last failure." },
    state: { type: "text", description: "Its last result: passed, failed, or error if it had none." },
    since: { type: "moment", nullable: true, description: "When it began to fail; null if it passed." },
    results: { type: "integer", description: "Results in the window." },
    passed: { type: "integer", description: "Those that passed." },
    failed: { type: "integer", description: "Those that failed." },
    errors: { type: "integer", description: "Executions that had none." },
    rate: { type: "number", nullable: true, unit: "%", description: "Share that passed; null with fewer than 5." },
    previous_rate: { type: "number", nullable: true, unit: "%", description: "The same in the window before." },
    last: { type: "moment", description: "The last result." },
    last_run: { type: "text", nullable: true, description: "The run that executed it." },
  },
  isFinding: ({ state, severity }) => state === "error" || (state === "failed" && severity !== "WARN"),
  chart: { kind: "bars", label: "check", value: "rate" },
  // Ids of executions are numbers as text: the later of two results at the same time has more digits, or higher ones.
  sql: ({ asOf, window, previous, parameters: { limit } }) => `
    WITH results AS (
      SELECT c.*, coalesce(evaluated_at, timestamp) AS ended, CASE WHEN status = 'SUCCEEDED' THEN 1 ELSE 0 END AS is_passed
      FROM dagster_asset_checks c
      WHERE status IN ('SUCCEEDED', 'FAILED', 'EXECUTION_FAILED') AND coalesce(evaluated_at, timestamp) <= ${asOf}),
    placed AS (
      SELECT r.*, row_number() OVER (PARTITION BY pipeline, asset_id, check_name ORDER BY ended DESC, length(execution_id) DESC, execution_id DESC) AS newest,
        max(CASE WHEN is_passed = 1 THEN ended END) OVER (PARTITION BY pipeline, asset_id, check_name) AS last_passed,
        row_number() OVER (PARTITION BY pipeline, asset_id, check_name, is_passed ORDER BY ended DESC, length(execution_id) DESC, execution_id DESC) AS newest_of_kind,
        CASE WHEN ${within("ended", window)} THEN 1 ELSE 0 END AS counts, CASE WHEN ${within("ended", previous)} THEN 1 ELSE 0 END AS counted
      FROM results r),
    grouped AS (
      SELECT pipeline, asset_id, check_name, sum(counts) AS results, sum(counts * is_passed) AS passed,
        sum(CASE WHEN status = 'FAILED' THEN counts ELSE 0 END) AS failed,
        sum(CASE WHEN status = 'EXECUTION_FAILED' THEN counts ELSE 0 END) AS errors,
        sum(counted) AS before, sum(counted * is_passed) AS passed_before,
        max(CASE WHEN newest_of_kind = 1 AND is_passed = 0 THEN severity END) AS severity,
        max(CASE WHEN newest = 1 THEN CASE status WHEN 'SUCCEEDED' THEN 'passed' WHEN 'FAILED' THEN 'failed' ELSE 'error' END END) AS state,
        min(CASE WHEN is_passed = 0 AND (last_passed IS NULL OR ended > last_passed) THEN ended END) AS since,
        max(ended) AS last, max(CASE WHEN newest = 1 THEN run_id END) AS last_run
      FROM placed GROUP BY pipeline, asset_id, check_name)
    SELECT g.*, coalesce(a.key_path, g.asset_id) AS asset, check_name AS "check",
      CASE WHEN results >= ${ENOUGH} THEN passed * 100.0 / results END AS rate,
      CASE WHEN before >= ${ENOUGH} THEN passed_before * 100.0 / before END AS previous_rate
    FROM grouped g LEFT JOIN dagster_assets a ON a.pipeline = g.pipeline AND a.id = g.asset_id
    WHERE results > 0 OR state <> 'passed'
    ORDER BY CASE state WHEN 'passed' THEN 1 ELSE 0 END, passed - results, coalesce(a.key_path, g.asset_id), g.asset_id, check_name, g.pipeline
    LIMIT ${limit}`,
});
