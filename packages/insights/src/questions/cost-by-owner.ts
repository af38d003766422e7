import { limitParameter, ofPresentDags, staleParameter } from "../common.ts";
import { HOUR, type Window } from "../moments.ts";
import { type Asking, defineQuestion, type ParameterSet, type SqlRow } from "../question.ts";

const groupings = ["owner", "tag", "operator", "dag", "queue"] as const;

const parameters = {
  by: { type: "text", default: "owner", values: groupings, description: "How to group." },
  split: {
    type: "boolean",
    default: true,
    description: "Whether several owners or tags of a DAG share its hours evenly. Otherwise each gets all of them.",
  },
  slots: {
    type: "boolean",
    default: false,
    description: "Whether to multiply hours by the pool slots that they take.",
  },
  rate: { type: "number", default: null, unit: "per hour", description: "Cost of an hour." },
  ...staleParameter,
  ...limitParameter(200),
} as const satisfies ParameterSet;

type Own = Asking<typeof parameters>;

export const costByOwner = defineQuestion({
  name: "cost_by_owner",
  sentence: "Who uses the platform?",
  limits:
    "Hours are from start to end, whatever the worker did. For Dagster they are hours of steps, with the pauses before retries, where the stream steps has a run's steps, and otherwise hours of runs; there are no owners or tags. Deferred tasks count, although they hold no worker.",
  tables: ["airflow_task_instances", "dagster_runs"],
  betterWith: ["dagster_steps"],
  parameters,
  columns: {
    orchestrator: { type: "text", description: "airflow (hours of tasks) or dagster (hours of steps or runs)." },
    pipeline: {
      type: "text",
      nullable: true,
      description: "The pipeline that synced the DAG; null unless grouped by DAG.",
    },
    key: { type: "text", description: "The owner, tag, operator, DAG or queue." },
    hours: { type: "number", unit: "h", description: "Hours executed within the window." },
    share: { type: "number", unit: "%", description: "Share of this orchestrator's hours." },
    runs: { type: "integer", description: "Runs that contributed." },
    failed_hours: { type: "number", unit: "h", description: "Hours of failed attempts, steps and runs." },
    hours_before: { type: "number", unit: "h", description: "Hours in the previous window." },
    change: {
      type: "number",
      nullable: true,
      unit: "%",
      description: "Change from the previous window; null if it had none.",
    },
    cost: { type: "number", nullable: true, description: "Hours times the rate; null without a rate." },
  },
  chart: { kind: "bars", label: "key", value: "hours" },
  sql: (asking) => `
    WITH spent AS (${spent(asking)}),
    per_run AS (
      SELECT orchestrator, pipeline, key, job, run_id, sum(now) AS now, sum(before) AS before,
        sum(CASE WHEN is_failed = 1 THEN now ELSE 0 END) AS failed
      FROM spent GROUP BY orchestrator, pipeline, key, job, run_id)
    SELECT orchestrator, pipeline, key, sum(now) AS now, sum(before) AS before, sum(failed) AS failed,
      sum(CASE WHEN now > 0 THEN 1 ELSE 0 END) AS runs
    FROM per_run GROUP BY orchestrator, pipeline, key`,
  finish: (rows, { parameters }) => shares(rows, parameters),
});

/** Executions with their microseconds in the two windows. */
function spent(asking: Own): string {
  const { window, previous, asOf, parameters } = asking;
  const { by } = parameters;
  const ended = `coalesce(ended, ${asOf})`;
  const slots = parameters.slots ? " * pool_slots" : "";
  const inWindows = (times: string) =>
    `${overlap(ended, window)}${times} AS now, ${overlap(ended, previous)}${times} AS before`;
  const running = (states: string) =>
    `started < ${window.to} AND ${ended} > ${previous.from} AND (ended IS NOT NULL OR state IN (${states}))`;
  const label = { owner: "d.owners", tag: "d.tags", operator: "operator", dag: "e.dag_id", queue: "queue" }[by];
  const join =
    by === "owner" || by === "tag" ? "LEFT JOIN airflow_dags d ON d.pipeline = e.pipeline AND d.dag_id = e.dag_id" : "";
  const tasks = `SELECT 'airflow' AS orchestrator, e.pipeline, coalesce(${label}, '') AS key, e.dag_id AS job,
      e.dag_run_id AS run_id, is_failed, ${inWindows(slots)}
    FROM executions e ${join}
    WHERE ${running("'running', 'deferred', 'restarting'")} AND ${ofPresentDags("e", "dag_id", parameters)}`;
  if (by === "operator" || by === "queue") return tasks;
  return `${tasks} UNION ALL
    SELECT 'dagster', pipeline, ${by === "dag" ? "name" : "''"}, job, run_id, CASE WHEN state = 'failed' THEN 1 ELSE 0 END,
      ${inWindows("")}
    FROM (${dagsterWork}) AS work WHERE ${running("'running'")}`;
}

/** Dagster's steps, and the runs whose steps are not known: those that have not ended, or all without the stream. */
const dagsterWork = `
    SELECT j.pipeline, j.name, j.job, j.run_id, j.state, j.started, j.ended FROM job_runs j
    WHERE NOT EXISTS (
      SELECT 1 FROM dagster_steps s WHERE s.pipeline = j.pipeline AND s.run_id = j.run_id AND s.start_time IS NOT NULL)
    UNION ALL
    SELECT j.pipeline, j.name, j.job, j.run_id, CASE WHEN s.status = 'FAILURE' THEN 'failed' ELSE 'success' END,
      s.start_time, coalesce(s.end_time, j.ended)
    FROM dagster_steps s JOIN job_runs j ON j.pipeline = s.pipeline AND j.run_id = s.run_id
    WHERE s.start_time IS NOT NULL`;

/** The part of the time from `started` to an end that is in a window. */
function overlap(ended: string, { from, to }: Window): string {
  const first = `CASE WHEN started > ${from} THEN started ELSE ${from} END`;
  const last = `CASE WHEN ${ended} < ${to} THEN ${ended} ELSE ${to} END`;
  return `CASE WHEN ${ended} > ${from} AND started < ${to} AND ${ended} > started THEN (${last}) - (${first}) ELSE 0 END`;
}

interface Usage {
  readonly orchestrator: string;
  readonly pipeline: string | null;
  readonly key: string;
  now: number;
  before: number;
  failed: number;
  runs: number;
}

function shares(rows: readonly SqlRow[], { by, split, rate, limit }: Own["parameters"]): readonly SqlRow[] {
  const usages = new Map<string, Usage>();
  const totals = new Map<string, number>();
  for (const row of rows) {
    const orchestrator = String(row.orchestrator);
    const pipeline = by === "dag" ? String(row.pipeline) : null;
    totals.set(orchestrator, (totals.get(orchestrator) ?? 0) + Number(row.now));
    const keys = keysOf(String(row.key), by === "owner" || by === "tag");
    for (const key of keys) {
      const id = JSON.stringify([orchestrator, pipeline, key]);
      const usage = usages.get(id) ?? { orchestrator, pipeline, key, now: 0, before: 0, failed: 0, runs: 0 };
      const part = split ? 1 / keys.length : 1;
      usage.now += Number(row.now) * part;
      usage.before += Number(row.before) * part;
      usage.failed += Number(row.failed) * part;
      usage.runs += Number(row.runs);
      usages.set(id, usage);
    }
  }
  const answer = [...usages.values()].map(({ orchestrator, pipeline, key, now, before, failed, runs }) => ({
    ...{ orchestrator, pipeline, key, runs },
    hours: now / HOUR,
    share: now === 0 ? 0 : (100 * now) / (totals.get(orchestrator) as number),
    failed_hours: failed / HOUR,
    hours_before: before / HOUR,
    change: before === 0 ? null : (100 * (now - before)) / before,
    cost: rate === null ? null : (now / HOUR) * rate,
  }));
  const order = (a: string | null, b: string | null) => ((a ?? "") < (b ?? "") ? -1 : a === b ? 0 : 1);
  answer.sort((a, b) => b.hours - a.hours || order(a.key, b.key) || order(a.pipeline, b.pipeline));
  return answer.slice(0, limit);
}

/** Several owners or tags share one text. */
function keysOf(text: string, isList: boolean): readonly string[] {
  const keys = isList ? [...new Set(text.split(",").map((key) => key.trim()))].filter(Boolean) : [text].filter(Boolean);
  return keys.length === 0 ? ["(none)"] : keys;
}
