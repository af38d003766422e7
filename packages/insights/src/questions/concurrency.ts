import { limitParameter, ofPresentDags, staleParameter } from "../common.ts";
import { DAY, HOUR, hoursOf, type Micros, SECOND, type Window } from "../moments.ts";
import { type Asking, defineQuestion, type ParameterSet, type SqlRow } from "../question.ts";
import { levelsOf } from "../statistics.ts";
import { activeExecutions, type Counted, levelsSql } from "../sweep.ts";

const parameters = {
  by: {
    type: "text",
    default: "all",
    values: ["all", "dag", "pool", "queue"],
    description: "How to group runs. The first two work for Dagster; all of them work for tasks.",
  },
  ...staleParameter,
  ...limitParameter(1000),
} as const satisfies ParameterSet;

type Own = Asking<typeof parameters>;

/** With more days, hours are not shown. */
const DAYS_OF_HOURS = 31;

/** What is counted, as numbers: for millions of starts and ends, they compare faster than words. */
const lanes = [
  { orchestrator: "airflow", what: "tasks" },
  { orchestrator: "airflow", what: "runs" },
  { orchestrator: "dagster", what: "runs" },
] as const;

const keysOf = ({ by }: Own["parameters"]) => (by === "all" ? ["lane"] : ["lane", "pipeline", "key"]);

export const concurrency = defineQuestion({
  name: "concurrency",
  sentence: "How many run at once, and how many wait?",
  limits:
    "A deferred or rescheduled task counts as running throughout: an attempt has one start and one end. Dagster's steps are not in the tables. max_active_tasks is a limit per run, so it is compared only for DAGs with one run at a time; a backfill's runs have their own limit.",
  tables: ["airflow_dag_runs", "airflow_task_instances", "dagster_runs"],
  parameters,
  columns: {
    orchestrator: { type: "text", description: "airflow or dagster." },
    pipeline: { type: "text", nullable: true, description: "The pipeline; null for all pipelines together." },
    what: { type: "text", description: "runs, or tasks." },
    key: { type: "text", description: "The DAG, job, pool or queue; (all) for everything." },
    day: { type: "text", description: "The day, in the answer's time zone: 2026-11-30." },
    peak: { type: "integer", description: "Highest number at once." },
    peak_at: { type: "moment", description: "When that was first reached." },
    mean: { type: "number", description: "Average over time." },
    p95: { type: "integer", description: "Not exceeded for 95 % of the time." },
    waiting_peak: { type: "integer", description: "Highest number waiting at once: queued, but not started." },
    waiting_hours: { type: "number", unit: "h", description: "Total waiting time." },
    limit_of_dag: { type: "integer", nullable: true, description: "When grouped by DAG: its limit." },
    at_limit: { type: "number", nullable: true, unit: "s", description: "How long the limit was reached or exceeded." },
    hours: { type: "list", description: "For everything together: highest number at once in each hour of the day." },
  },
  chart: { kind: "bars", label: "day", value: "p95", mark: "peak" },
  sql(asking) {
    const marks = marksOf(asking).map(({ from }) => from);
    const keys = keysOf(asking.parameters);
    const sweep = {
      keys,
      levels: ["running", "waiting"],
      intervals: intervalsOf(asking),
      marks,
      window: pastOf(asking),
    };
    const part = (kind: string) => `
      SELECT '${kind}' AS kind, ${keys.join(", ")}, mark, ${kind} AS level, sum(length) AS length, min(instant) AS instant
      FROM levels GROUP BY ${keys.join(", ")}, mark, ${kind}`;
    return `
    WITH ${levelsSql(sweep, (rows) => asking.values(rows, 2))}
    ${part("running")} UNION ALL ${part("waiting")}`;
  },
  async finish(rows, asking) {
    const { by, limit } = asking.parameters;
    const marks = marksOf(asking);
    const limits = by === "dag" ? await limitsOf(asking) : new Map<string, Limits>();
    const days = Map.groupBy(rows, ({ lane, pipeline, key, mark }) =>
      JSON.stringify([Number(lane), pipeline, key, marks[Number(mark)]?.date]),
    );
    const answer = [...days.values()].map((own) => {
      const { pipeline, key } = own[0] as SqlRow;
      return dayOf(own, marks, limits.get(JSON.stringify([pipeline, key])));
    });
    const together = (a: DayRow, b: DayRow) => compare(a.orchestrator, b.orchestrator) || compare(a.what, b.what);
    answer.sort(
      (a, b) =>
        (by === "all" ? together(a, b) : b.peak - a.peak || together(a, b)) ||
        compare(a.day, b.day) ||
        compare(a.key, b.key),
    );
    return answer.slice(0, limit);
  },
});

/** Nothing is known after the tables' time. */
function pastOf({ window, asOf }: Own): Window {
  return { from: window.from, to: Math.max(window.from + SECOND, Math.min(window.to, asOf)) };
}

interface Mark {
  readonly date: string;
  readonly from: Micros;
}

function marksOf(asking: Own): readonly Mark[] {
  const { days, timezone, parameters } = asking;
  const past = pastOf(asking);
  if (parameters.by === "all" && past.to - past.from <= DAYS_OF_HOURS * DAY) return hoursOf(past, timezone);
  return days.filter(({ from }) => from < past.to);
}

function intervalsOf({ asOf, parameters }: Own): readonly Counted[] {
  const { by } = parameters;
  const key = (lane: (typeof lanes)[number], name: string) => [
    String(lanes.indexOf(lane)),
    ...(by === "all" ? [] : [by === "dag" ? "e.pipeline" : "''", `coalesce(${name}, '(none)')`]),
  ];
  const [tasksLane, dagsLane, jobsLane] = lanes;
  const name = { all: "''", dag: "e.dag_id", pool: "e.pool", queue: "e.queue" }[by];
  const present = ofPresentDags("e", "dag_id", parameters);
  const active = activeExecutions(asOf);
  const tasks = key(tasksLane, name);
  const executions = [
    {
      keys: tasks,
      from: "e.started",
      to: active.to,
      by: ["1", "0"],
      of: `FROM executions e WHERE ${active.where} AND ${present}`,
    },
    { keys: tasks, from: "e.queued", to: "e.started", by: ["0", "1"], of: `FROM executions e WHERE ${present}` },
    {
      ...{ keys: tasks, from: "e.queued_when", to: String(asOf), by: ["0", "1"] },
      of: `FROM airflow_task_instances e WHERE e.state = 'queued' AND e.is_latest = 1 AND e.purged_at IS NULL AND ${present}`,
    },
  ];
  if (by === "pool" || by === "queue") return executions;
  const runs = (lane: (typeof lanes)[number], table: string, known: string) => {
    const keys = key(lane, "e.name");
    return [
      {
        ...{ keys, from: "e.started", to: `coalesce(e.ended, ${asOf})`, by: ["1", "0"] },
        of: `FROM ${table} e WHERE (e.ended IS NOT NULL OR (e.state = 'running' AND ${known}))`,
      },
      {
        ...{ keys, from: "e.queued", to: `coalesce(e.started, ${asOf})`, by: ["0", "1"] },
        of: `FROM ${table} e WHERE (e.started IS NOT NULL OR (e.state = 'queued' AND ${known}))`,
      },
    ];
  };
  const ofDags = runs(dagsLane, "(SELECT * FROM plain_runs WHERE orchestrator = 'airflow')", "e.purged_at IS NULL").map(
    (each) => ({
      ...each,
      of: `${each.of} AND ${ofPresentDags("e", "name", parameters)}`,
    }),
  );
  return [...executions, ...ofDags, ...runs(jobsLane, "job_runs", "1 = 1")];
}

interface Limits {
  readonly runs: number | null;
  readonly tasks: number | null;
}

async function limitsOf({ query }: Own): Promise<ReadonlyMap<string, Limits>> {
  const rows = await query(() => "SELECT pipeline, dag_id, max_active_runs, max_active_tasks FROM airflow_dags");
  return new Map(
    rows.map(({ pipeline, dag_id, max_active_runs: runs, max_active_tasks: tasks }) => [
      JSON.stringify([pipeline, dag_id]),
      { runs: runs === null ? null : Number(runs), tasks: tasks === null || Number(runs) !== 1 ? null : Number(tasks) },
    ]),
  );
}

type DayRow = ReturnType<typeof dayOf>;

/** @param own the levels of one key on one day */
function dayOf(own: readonly SqlRow[], marks: readonly Mark[], limits: Limits | undefined) {
  const { lane, pipeline = "", key = "(all)", mark } = own[0] as SqlRow;
  const { orchestrator, what } = lanes[Number(lane)] as (typeof lanes)[number];
  const parts = (kind: string) =>
    own
      .filter((row) => row.kind === kind)
      .map((row) => ({ row, level: Number(row.level), length: Number(row.length) }));
  const [running, waiting] = [parts("running"), parts("waiting")];
  const levels = levelsOf(running.map(({ level, length }) => [level, length]));
  const highest = running.filter(({ level }) => level === levels.peak);
  const most = limits?.[what === "runs" ? "runs" : "tasks"] ?? null;
  const atLimit = running.filter(({ level }) => most !== null && level >= most);
  const byMark = Map.groupBy(running, ({ row }) => Number(row.mark));
  const isHourly = marks.length > 1 && marks[1]!.from - marks[0]!.from <= HOUR;
  const hours = isHourly
    ? [...byMark].sort(([a], [b]) => a - b).map(([, own]) => Math.max(...own.map(({ level }) => level)))
    : [];
  return {
    orchestrator,
    pipeline: String(pipeline) || null,
    what,
    key: String(key),
    day: marks[Number(mark)]?.date as string,
    ...levels,
    peak_at: Math.min(...highest.map(({ row }) => Number(row.instant))),
    waiting_peak: Math.max(0, ...waiting.map(({ level }) => level)),
    waiting_hours: waiting.reduce((sum, { level, length }) => sum + level * length, 0) / HOUR,
    limit_of_dag: most,
    at_limit: most === null ? null : atLimit.reduce((sum, { length }) => sum + length, 0) / SECOND,
    hours,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
