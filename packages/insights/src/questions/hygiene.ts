import { inOrderOf, jobColumns, limitParameter } from "../common.ts";
import { DAY, type Micros } from "../moments.ts";
import { type Asking, defineQuestion, type ParameterSet, type SqlRow } from "../question.ts";
import { numberText } from "../words.ts";

/** The kinds of findings, the most urgent first. */
const kinds = [
  "import_error",
  "always_failing",
  "catch_up_backlog",
  "stale_with_runs",
  "paused",
  "never_run",
  "idle",
  "stopped",
  "never_materialized",
  "no_owner",
  "no_tags",
  "unused_limit",
] as const;

const parameters = {
  kind: { type: "text", default: null, values: kinds, description: "Only this kind." },
  ...limitParameter(500),
} as const satisfies ParameterSet;

type Own = Asking<typeof parameters>;

const MONTH = 30 * DAY;
/**
 * From this many, failures in a row are no accident, waiting runs are a backlog, and runs show whether a limit is used.
 */
const ALWAYS = 20;
const BACKLOG = 3;
const ENOUGH_RUNS = 20;
/** Airflow's default for max_active_runs. */
const USUAL_LIMIT = 16;

export const hygiene = defineQuestion({
  name: "hygiene",
  sentence: "What needs cleaning up?",
  limits:
    "“Never” and “not for so long” only go back as far as the tables. The time since when a DAG has been paused is inferred from its last scheduled run. Dagster jobs are known only if a schedule or sensor names them.",
  tables: [
    "airflow_dags",
    "airflow_dag_runs",
    "dagster_runs",
    "dagster_schedules",
    "dagster_sensors",
    "dagster_assets",
  ],
  parameters,
  columns: {
    kind: { type: "text", description: `What it is: ${kinds.join(", ")}.` },
    ...jobColumns,
    name: { type: "text", description: "The DAG, job, schedule, sensor or asset." },
    what: { type: "text", description: "Description, as a sentence." },
    since: { type: "moment", nullable: true, description: "Since when, if known." },
    owners: { type: "text", nullable: true, description: "The DAG's owners." },
  },
  chart: { kind: "table" },
  sql: ({ asOf }) => `
    WITH history AS (
      SELECT orchestrator, pipeline, job, run_id, state, origin, is_finished, purged_at, ended, run_after,
        coalesce(started, queued) AS moment,
        max(ended) OVER (PARTITION BY orchestrator, pipeline, job ORDER BY coalesce(started, queued, 0), run_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until,
        max(CASE WHEN state = 'success' THEN ended END) OVER (PARTITION BY orchestrator, pipeline, job) AS last_success,
        started
      FROM plain_runs),
    summed AS (
      SELECT orchestrator, pipeline, job, max(moment) AS last_run, count(*) AS runs,
        max(CASE WHEN origin = 'scheduled' THEN moment END) AS last_scheduled,
        sum(CASE WHEN state = 'failed' AND origin NOT IN ('manual', 'backfill') AND (last_success IS NULL OR ended > last_success) THEN 1 ELSE 0 END) AS streak,
        min(CASE WHEN state = 'failed' AND origin NOT IN ('manual', 'backfill') AND (last_success IS NULL OR ended > last_success) THEN ended END) AS failing_since,
        sum(CASE WHEN state = 'queued' AND origin = 'scheduled' AND purged_at IS NULL THEN 1 ELSE 0 END) AS waiting,
        min(CASE WHEN state = 'queued' AND origin = 'scheduled' AND purged_at IS NULL THEN run_after END) AS waiting_since,
        sum(CASE WHEN moment >= ${asOf - 2 * MONTH} THEN 1 ELSE 0 END) AS recent,
        max(CASE WHEN moment >= ${asOf - 2 * MONTH} AND started < busy_until THEN 1 ELSE 0 END) AS overlapped
      FROM history GROUP BY orchestrator, pipeline, job),
    reach AS (SELECT pipeline, min(coalesce(started, queued)) AS reach FROM plain_runs GROUP BY pipeline),
    named AS (
      SELECT pipeline, coalesce(code_location, '') || '/' || coalesce(repository, '') || '/' || pipeline_name AS job,
        pipeline_name AS name, max(CASE WHEN status = 'RUNNING' THEN 1 ELSE 0 END) AS is_running
      FROM (SELECT pipeline, code_location, repository, pipeline_name, status FROM dagster_schedules
        UNION ALL SELECT pipeline, code_location, repository, pipeline_name, status FROM dagster_sensors) AS instigators
      WHERE pipeline_name IS NOT NULL GROUP BY pipeline, code_location, repository, pipeline_name)
    SELECT 'dag' AS thing, 'airflow' AS orchestrator, d.pipeline, d.dag_id AS name, d.owners, d.tags, d.is_paused, d.is_stale,
      d.has_import_errors, d.max_active_runs, d.timetable_summary AS schedule, NULL AS status, CAST(NULL AS bigint) AS made,
      s.last_run, s.last_scheduled, s.runs, s.streak, s.failing_since, s.waiting, s.waiting_since, s.recent, s.overlapped, r.reach
    FROM airflow_dags d LEFT JOIN summed s ON s.orchestrator = 'airflow' AND s.pipeline = d.pipeline AND s.job = d.dag_id
      LEFT JOIN reach r ON r.pipeline = d.pipeline
    UNION ALL
    SELECT 'job', 'dagster', n.pipeline, n.name, NULL, NULL, NULL, NULL, NULL, NULL, NULL, CASE WHEN n.is_running = 1 THEN 'RUNNING' ELSE 'STOPPED' END,
      NULL, s.last_run, s.last_scheduled, s.runs, s.streak, s.failing_since, NULL, NULL, NULL, NULL, r.reach
    FROM named n LEFT JOIN summed s ON s.orchestrator = 'dagster' AND s.pipeline = n.pipeline AND s.job = n.job
      LEFT JOIN reach r ON r.pipeline = n.pipeline
    UNION ALL
    SELECT 'schedule', 'dagster', pipeline, name, NULL, NULL, NULL, NULL, NULL, NULL, cron_schedule, status, NULL,
      NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM dagster_schedules
    UNION ALL
    SELECT 'sensor', 'dagster', pipeline, name, NULL, NULL, NULL, NULL, NULL, NULL, NULL, status, NULL,
      NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM dagster_sensors
    UNION ALL
    SELECT 'asset', 'dagster', pipeline, key_path, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, last_materialization_time,
      NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM dagster_assets`,
  finish(rows, asking) {
    const { kind, limit } = asking.parameters;
    const found = rows.flatMap((row) =>
      findingsOf(row, asking).map((finding): SqlRow & Found => ({ ...row, ...finding })),
    );
    const order = (each: Found) => kinds.indexOf(each.kind);
    found.sort((a, b) => order(a) - order(b) || inOrderOf(a, b, ["name", "pipeline", "since", "what"]));
    return found.filter((each) => kind === null || each.kind === kind).slice(0, limit);
  },
});

interface Found {
  readonly kind: (typeof kinds)[number];
  readonly what: string;
  readonly since: Micros | null;
}

function findingsOf(row: SqlRow, asking: Own): readonly Found[] {
  switch (row.thing) {
    case "dag":
      return ofDag(row, asking);
    case "job":
      return ofJob(row, asking);
    case "asset":
      return row.made === null ? [{ kind: "never_materialized", what: "It was never materialized.", since: null }] : [];
    default:
      return row.status === "STOPPED" ? [{ kind: "stopped", what: `The ${row.thing} is stopped.`, since: null }] : [];
  }
}

const numberOf = (value: unknown) => (value === null || value === undefined ? undefined : Number(value));
const lengthText = (micros: Micros) => numberText(micros / 1_000_000, "s");

function ofDag(row: SqlRow, asking: Own): readonly Found[] {
  const { asOf } = asking;
  const [lastRun, lastScheduled] = [numberOf(row.last_run), numberOf(row.last_scheduled)];
  if (Number(row.is_stale) === 1) {
    if (lastRun === undefined || lastRun < asOf - 7 * DAY) return [];
    return [
      { kind: "stale_with_runs", what: "It is no longer in its bundle, but ran within the last week.", since: null },
    ];
  }
  const reach = numberOf(row.reach) ?? asOf;
  const isPaused = Number(row.is_paused) === 1;
  const hasSchedule = !["", "None", "never"].includes(String(row.schedule ?? ""));
  const owners = String(row.owners ?? "").trim();
  const found: Found[] = [];
  const add = (kind: Found["kind"], what: string, since: Micros | null = null) => found.push({ kind, what, since });
  if (Number(row.has_import_errors) === 1) add("import_error", "Its file cannot be imported.");
  if (hasSchedule && !isPaused && Number(row.streak) >= ALWAYS) {
    add(
      "always_failing",
      `The last ${row.streak} runs failed, and its schedule goes on.`,
      numberOf(row.failing_since) ?? null,
    );
  }
  if (Number(row.waiting) >= BACKLOG) {
    add("catch_up_backlog", `${row.waiting} scheduled runs wait.`, numberOf(row.waiting_since) ?? null);
  }
  const pausedFrom = lastScheduled ?? reach;
  if (isPaused && hasSchedule && pausedFrom < asOf - MONTH) {
    const what =
      lastScheduled === undefined
        ? "no scheduled run known"
        : `the last scheduled run was ${lengthText(asOf - pausedFrom)} ago`;
    add("paused", `It is paused and has a schedule: ${what}.`, lastScheduled ?? null);
  } else if (!isPaused) found.push(...seldom(lastRun, reach, asOf));
  if (["", "airflow"].includes(owners.toLowerCase()))
    add("no_owner", owners === "" ? "It has no owner." : "It has the default owner.");
  if (String(row.tags ?? "").trim() === "") add("no_tags", "It has no tags.");
  if (Number(row.max_active_runs) >= USUAL_LIMIT && Number(row.recent) >= ENOUGH_RUNS && Number(row.overlapped) === 0) {
    add("unused_limit", `It may run ${row.max_active_runs} times at once, and never ran twice at once in 60 days.`);
  }
  return found;
}

function ofJob(row: SqlRow, { asOf }: Own): readonly Found[] {
  const found = [...seldom(numberOf(row.last_run), numberOf(row.reach) ?? asOf, asOf)];
  if (row.status === "RUNNING" && Number(row.streak) >= ALWAYS) {
    const what = `The last ${row.streak} runs failed, and it keeps being launched.`;
    found.push({ kind: "always_failing", what, since: numberOf(row.failing_since) ?? null });
  }
  return found;
}

/** Jobs that have not run for long, or never, as far as the tables go back. */
function seldom(lastRun: Micros | undefined, reach: Micros, asOf: Micros): readonly Found[] {
  if (lastRun === undefined) {
    if (reach > asOf - MONTH) return [];
    return [{ kind: "never_run", what: `No run is known in ${lengthText(asOf - reach)}.`, since: null }];
  }
  if (lastRun > asOf - 2 * MONTH) return [];
  return [{ kind: "idle", what: `The last run was ${lengthText(asOf - lastRun)} ago.`, since: lastRun }];
}
