import { limitParameter, ofPresentDags, staleParameter, wilson, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { defineQuestion, type SqlRow } from "../question.ts";

/** The number of runs compared before and after, and the minimum for a result. */
const COMPARED = 20;
const ENOUGH = 3;
/** From this ratio a median counts as changed. */
const RATIO = 1.3;
const SECONDS = 30;
const version = ["pipeline", "name", "version"];

export const failuresAfterChange = defineQuestion({
  name: "failures_after_change",
  sentence: "Did a new version break anything or slow it down?",
  limits:
    "A version appears once a run of it has ended. When it was created is only known from the stream dag_versions, and so is its bundle's version if the run does not name one. Other changes at that time are unknown. A cleared run counts for its newest version.",
  tables: ["airflow_task_instances"],
  betterWith: ["airflow_dag_versions"],
  parameters: { ...staleParameter, ...limitParameter(200) },
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    dag: { type: "text", description: "The DAG." },
    version: { type: "integer", description: "Number of a version first seen in the window." },
    created: { type: "moment", nullable: true, description: "When the server first saw it, if that is known." },
    first_seen: { type: "moment", description: "Start of its first run." },
    bundle_version: {
      type: "text",
      nullable: true,
      description: "The bundle's version in that run, such as a commit.",
    },
    runs_before: { type: "integer", description: "Runs before the version, at most 20." },
    runs_after: { type: "integer", description: "Runs of the version, at most its first 20." },
    rate_before: {
      type: "number",
      nullable: true,
      unit: "%",
      description: "Share that succeeded; null with fewer than 3.",
    },
    rate_after: { type: "number", nullable: true, unit: "%", description: "The same for the version." },
    median_before: {
      type: "number",
      nullable: true,
      unit: "s",
      description: "Median duration of successes, without re-runs; null with fewer than 3.",
    },
    median_after: { type: "number", nullable: true, unit: "s", description: "The same for the version." },
    verdict: {
      type: "text",
      description:
        "fails more or fails less (if the rates' 95 % intervals do not overlap), slower or faster (by 30 % and 30 s), no change, or too few.",
    },
  },
  isFinding: ({ verdict }) => verdict === "fails more" || verdict === "slower",
  chart: { kind: "dumbbell", label: "dag", before: "rate_before", after: "rate_after" },
  sql: ({ window, values, parameters }) => `
    WITH back(places) AS (${values(
      Array.from({ length: COMPARED }, (_, index) => [index + 1]),
      1,
    )}),
    versions AS (
      SELECT pipeline, dag_id, dag_run_id, max(dag_version) AS version FROM executions
      WHERE dag_version IS NOT NULL GROUP BY pipeline, dag_id, dag_run_id),
    versioned AS (
      SELECT r.pipeline, r.name, r.run_id, v.version, r.started, CASE WHEN r.state = 'success' THEN 1 ELSE 0 END AS is_success,
        CASE WHEN r.state = 'success' AND r.is_rerun = 0 THEN r.duration END AS length,
        row_number() OVER (PARTITION BY r.pipeline, r.name ORDER BY r.started, r.run_id) AS place,
        row_number() OVER (PARTITION BY r.pipeline, r.name, v.version ORDER BY r.started, r.run_id) AS version_place
      FROM dag_runs r JOIN versions v ON v.pipeline = r.pipeline AND v.dag_id = r.name AND v.dag_run_id = r.run_id
      WHERE r.is_finished = 1 AND r.started IS NOT NULL AND ${ofPresentDags("r", "name", parameters)}),
    seen AS (SELECT * FROM versioned WHERE version_place = 1 AND place > 1 AND ${within("started", window)}),
    compared AS (
      SELECT s.pipeline, s.name, s.version, 0 AS is_after, o.is_success, o.length
      FROM seen s CROSS JOIN back b
        JOIN versioned o ON o.pipeline = s.pipeline AND o.name = s.name AND o.place = s.place - b.places
      UNION ALL
      SELECT s.pipeline, s.name, s.version, 1, o.is_success, o.length
      FROM seen s JOIN versioned o ON o.pipeline = s.pipeline AND o.name = s.name AND o.version = s.version
      WHERE o.version_place <= ${COMPARED}),
    numbered AS (SELECT c.*, ${ranked("length", [...version, "is_after"])} FROM compared c),
    sides AS (
      SELECT ${version.join(", ")}, is_after, count(*) AS runs, sum(is_success) AS succeeded,
        CASE WHEN count(length) >= ${ENOUGH} THEN ${percentile(50, "length")} END AS median
      FROM numbered GROUP BY ${version.join(", ")}, is_after)
    SELECT s.pipeline, s.name AS dag, s.version, c.created_at AS created, s.started AS first_seen,
      coalesce(r.bundle_version, c.bundle_version) AS bundle_version, b.runs AS runs_before,
      b.succeeded AS succeeded_before, b.median AS median_before, a.runs AS runs_after, a.succeeded AS succeeded_after,
      a.median AS median_after
    FROM seen s
      JOIN sides b ON b.pipeline = s.pipeline AND b.name = s.name AND b.version = s.version AND b.is_after = 0
      JOIN sides a ON a.pipeline = s.pipeline AND a.name = s.name AND a.version = s.version AND a.is_after = 1
      JOIN airflow_dag_runs r ON r.pipeline = s.pipeline AND r.dag_id = s.name AND r.dag_run_id = s.run_id
      LEFT JOIN airflow_dag_versions c ON c.pipeline = s.pipeline AND c.dag_id = s.name AND c.version_number = s.version
    ORDER BY s.started DESC, dag, s.pipeline, s.version`,
  finish: (rows, { parameters }) =>
    rows
      .map((row): SqlRow => {
        const before = rateOf(Number(row.succeeded_before), Number(row.runs_before));
        const after = rateOf(Number(row.succeeded_after), Number(row.runs_after));
        const verdict = verdictOf(before, after, row.median_before, row.median_after);
        return { ...row, rate_before: before?.rate ?? null, rate_after: after?.rate ?? null, verdict };
      })
      .sort((a, b) => order.indexOf(String(a.verdict)) - order.indexOf(String(b.verdict)))
      .slice(0, parameters.limit),
});

const order = ["fails more", "slower", "fails less", "faster", "no change", "too few"];

type Rate = ReturnType<typeof wilson> & { readonly rate: number };

function rateOf(succeeded: number, runs: number): Rate | undefined {
  return runs < ENOUGH ? undefined : { rate: (succeeded * 100) / runs, ...wilson(succeeded, runs) };
}

function verdictOf(
  before: Rate | undefined,
  after: Rate | undefined,
  medianBefore: unknown,
  medianAfter: unknown,
): string {
  if (!before || !after) return "too few";
  if (after.high < before.low) return "fails more";
  if (after.low > before.high) return "fails less";
  if (medianBefore === null || medianAfter === null) return "no change";
  const [was, is] = [Number(medianBefore), Number(medianAfter)];
  if (Math.abs(is - was) < SECONDS) return "no change";
  if (is >= was * RATIO) return "slower";
  return was >= is * RATIO ? "faster" : "no change";
}
