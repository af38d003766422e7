import type { Cron } from "croner";
import { ofPresentDags, staleParameter, within } from "../common.ts";
import { cronsOf, momentsIn, nextMoment } from "../cron.ts";
import { percentile, ranked } from "../dialect.ts";
import { DAY, HOUR, type Hour, hoursOf, MINUTE, type Micros, SECOND, type Window } from "../moments.ts";
import { type Asking, defineQuestion, type ParameterSet, type SqlRow } from "../question.ts";
import { slopeOf } from "../statistics.ts";

const parameters = {
  ahead: { type: "number", default: 7, unit: "days", moreThan: 0, most: 92, description: "How far to look ahead." },
  weeks: {
    type: "number",
    default: 4,
    unit: "weeks",
    whole: true,
    least: 1,
    most: 52,
    description: "How much history to use for runs without a cron expression, and for durations.",
  },
  ...staleParameter,
} as const satisfies ParameterSet;

type Own = Asking<typeof parameters>;

const WEEK = 7 * DAY;
/** All time zones' hours start at multiples of this. */
const QUARTER = 15 * MINUTE;
/** With fewer weeks growth is not estimated; more of them are not used. */
const ENOUGH_WEEKS = 6;
const MOST_WEEKS = 26;

export const loadForecast = defineQuestion({
  name: "load_forecast",
  sentence: "How much will run in the next days?",
  limits:
    "Schedules with a cron expression that are not paused run when it says. Everything else runs as often as it did at that hour in past weeks, without backfills, which do not recur. If a DAG's time zone is not in the tables, its expression is shifted to match the next run that Airflow announces. Intervals and holidays are unknown.",
  tables: ["airflow_dags", "airflow_dag_runs", "dagster_runs", "dagster_schedules"],
  parameters,
  columns: {
    hour: { type: "moment", description: "Start of the hour; the first one is the next whole hour." },
    scheduled: { type: "integer", description: "Runs scheduled by cron expressions." },
    others: { type: "number", description: "Other runs: the mean of this hour of the week." },
    runs: { type: "number", description: "Both." },
    concurrency: { type: "number", description: "Average number running at once, if each takes its median duration." },
    usual: {
      type: "number",
      nullable: true,
      description:
        "Mean number of runs that started in this hour in past weeks; null if the tables do not go back that far.",
    },
    growth_per_week: {
      type: "number",
      nullable: true,
      unit: "runs/week",
      description: "Increase in runs per week; the same in all rows; null with fewer than 6 weeks.",
    },
  },
  chart: { kind: "line", x: "hour", value: "runs", limit: "usual" },
  sql: (asking) => `
    WITH measured AS (
      SELECT r.*, ${ranked("duration", ["orchestrator", "pipeline", "job"])}
      FROM plain_runs r WHERE state = 'success' AND ${within("ended", pastOf(asking))})
    SELECT orchestrator, pipeline, job, count(duration) AS n, ${percentile(50, "duration")} AS median
    FROM measured GROUP BY orchestrator, pipeline, job`,
  async finish(rows, asking) {
    const medians = new Map(rows.map((row) => [keyOf(row), Number(row.median ?? 0) * SECOND]));
    const hours = wholeHours(asking);
    const ahead = { from: hours[0]?.from ?? asking.asOf, to: hours.at(-1)?.to ?? asking.asOf };
    const first = await firstRun(asking);
    if (first === undefined) return [];
    const schedules = await schedulesOf(asking);
    const known = new Set(schedules.map(({ key }) => key));
    const past = await pastHours(asking, known, Math.max(first, pastOf(asking).from));
    const growth = await growthOf(asking, first);
    const load = hours.map(() => ({ scheduled: 0, busy: 0 }));
    for (const { key, moments } of dueIn(schedules, ahead)) {
      for (const moment of moments) {
        const at = hours.findLastIndex(({ from }) => from <= moment);
        if (at >= 0) (load[at] as { scheduled: number }).scheduled += 1;
        spread(moment, medians.get(key) ?? 0, hours, load, at);
      }
    }
    for (const [at, { weekday, hour, from }] of hours.entries()) {
      for (const { key, runs } of past.get(weekday * 24 + hour)?.others ?? []) {
        spread(from, medians.get(key) ?? 0, hours, load, at, runs);
      }
    }
    return hours.map(({ weekday, hour, from, to }, at): SqlRow => {
      const { scheduled, busy } = load[at] as (typeof load)[number];
      const slot = past.get(weekday * 24 + hour);
      const others = slot?.others.reduce((sum, { runs }) => sum + runs, 0) ?? 0;
      const concurrency = busy / (to - from);
      return {
        hour: from,
        scheduled,
        others,
        runs: scheduled + others,
        concurrency,
        usual: slot?.usual ?? null,
        growth_per_week: growth,
      };
    });
  },
});

function keyOf({ orchestrator, pipeline, job }: SqlRow): string {
  return JSON.stringify([orchestrator, pipeline, job]);
}

function pastOf({ asOf, parameters }: Own): Window {
  return { from: asOf - parameters.weeks * WEEK, to: asOf };
}

/** The full hours from the next one on. */
function wholeHours({ asOf, timezone, parameters }: Own): readonly Hour[] {
  const window = { from: asOf, to: asOf + Math.round(parameters.ahead * DAY) + HOUR };
  const hours = hoursOf(window, timezone).filter(({ from, to }) => to - from === HOUR);
  return hours.slice(0, Math.max(1, Math.round(parameters.ahead * 24)));
}

interface Schedule {
  readonly key: string;
  readonly crons: readonly Cron[];
  /** How much later than the expression's times it is due. */
  readonly shift: Micros;
}

async function schedulesOf({ query, parameters }: Own): Promise<readonly Schedule[]> {
  const rows = await query(
    () => `
    SELECT 'airflow' AS orchestrator, pipeline, dag_id AS job, timetable_summary AS cron, timezone, next_dagrun_create_after AS next
    FROM airflow_dags d WHERE coalesce(is_paused, 0) = 0 AND ${ofPresentDags("d", "dag_id", parameters)}
    UNION ALL
    SELECT 'dagster', pipeline, coalesce(code_location, '') || '/' || coalesce(repository, '') || '/' || pipeline_name,
      cron_schedule, execution_timezone, NULL
    FROM dagster_schedules WHERE status = 'RUNNING'`,
  );
  const read = new Map<string, readonly Cron[] | undefined>();
  return rows.flatMap((row) => {
    const [cron, timezone] = [row.cron as string | null, (row.timezone as string | null) ?? "UTC"];
    const id = JSON.stringify([cron, timezone]);
    if (!read.has(id)) read.set(id, cronsOf(cron, timezone));
    const crons = read.get(id);
    if (!crons) return [];
    const next = row.next === null ? undefined : Number(row.next);
    const shift = row.timezone === null && next !== undefined ? shiftOf(crons, next) : 0;
    return [{ key: keyOf(row), crons, shift }];
  });
}

/** The distance from a time of the expression to the next run: for a DAG in another time zone, in whole minutes. */
function shiftOf(crons: readonly Cron[], next: Micros): Micros {
  const moment = nextMoment(crons, next - 1 - 12 * HOUR);
  return moment === undefined || Math.abs(next - moment) >= DAY ? 0 : next - moment;
}

/** Each with its times. An expression shared by many is evaluated once. */
function dueIn(schedules: readonly Schedule[], { from, to }: Window) {
  const walked = new Map<readonly Cron[], readonly Micros[]>();
  return schedules.map(({ key, crons, shift }) => {
    const moments = walked.get(crons) ?? momentsIn(crons, { from: from - DAY, to: to + DAY });
    walked.set(crons, moments);
    return { key, moments: moments.map((at) => at + shift).filter((at) => at >= from && at < to) };
  });
}

/** Adds the time of runs of a given length, from a start on, to the hours that they cover. */
function spread(
  moment: Micros,
  length: Micros,
  hours: readonly Hour[],
  load: readonly { busy: number }[],
  at: number,
  runs = 1,
): void {
  for (let each = Math.max(0, at); each < hours.length; each++) {
    const { from, to } = hours[each] as Hour;
    if (from >= moment + length) return;
    (load[each] as { busy: number }).busy += runs * Math.max(0, Math.min(to, moment + length) - Math.max(from, moment));
  }
}

interface Slot {
  /** Runs per hour that no expression schedules, by job. */
  readonly others: readonly { readonly key: string; readonly runs: number }[];
  readonly usual: number;
}

/** What came in each hour of the week, as the mean over the hours since `from`. */
async function pastHours(asking: Own, known: ReadonlySet<string>, from: Micros): Promise<ReadonlyMap<number, Slot>> {
  const { asOf, timezone, parameters, query } = asking;
  const past = { from, to: asOf };
  const rows = await query(
    () => `
    SELECT orchestrator, pipeline, job, is_scheduled, quarter, count(*) AS runs, max(is_paused) AS is_paused
    FROM (
      SELECT r.orchestrator, r.pipeline, r.job, CASE WHEN r.origin = 'scheduled' THEN 1 ELSE 0 END AS is_scheduled,
        r.started - r.started % ${QUARTER} AS quarter, coalesce(d.is_paused, 0) AS is_paused
      FROM plain_runs r LEFT JOIN airflow_dags d ON r.orchestrator = 'airflow' AND d.pipeline = r.pipeline AND d.dag_id = r.job
      WHERE r.origin <> 'backfill' AND ${within("r.started", past)} AND ${ofPresentDags("r", "name", parameters)}) AS began
    GROUP BY orchestrator, pipeline, job, is_scheduled, quarter`,
  );
  const lasting = new Map<number, number>();
  const slots = new Map<Micros, number>();
  for (const { weekday, hour, from, to } of hoursOf(past, timezone)) {
    const slot = weekday * 24 + hour;
    lasting.set(slot, (lasting.get(slot) ?? 0) + (to - from) / HOUR);
    for (let quarter = from - (from % QUARTER); quarter < to; quarter += QUARTER) slots.set(quarter, slot);
  }
  const sums = new Map([...lasting.keys()].map((slot) => [slot, { usual: 0, others: new Map<string, number>() }]));
  for (const row of rows) {
    const sum = sums.get(slots.get(Number(row.quarter)) ?? -1);
    if (!sum) continue;
    const runs = Number(row.runs);
    sum.usual += runs;
    const key = keyOf(row);
    // A Dagster schedule always has an expression: its runs come again by it, or not at all.
    const isOver = Number(row.is_paused) === 1 || (row.orchestrator === "dagster" && Number(row.is_scheduled) === 1);
    if (isOver || (Number(row.is_scheduled) === 1 && known.has(key))) continue;
    sum.others.set(key, (sum.others.get(key) ?? 0) + runs);
  }
  return new Map(
    [...sums].map(([slot, { usual, others }]) => {
      const hours = lasting.get(slot) as number;
      const mean = [...others].map(([key, runs]) => ({ key, runs: runs / hours }));
      return [slot, { usual: usual / hours, others: mean }];
    }),
  );
}

async function firstRun({ query }: Own): Promise<Micros | undefined> {
  const [row] = await query(() => "SELECT min(started) AS first FROM plain_runs");
  // The hour that contains it is completely known: nothing came before.
  return row?.first === null || row === undefined ? undefined : Number(row.first) - (Number(row.first) % HOUR);
}

/** The trend of the full weeks before `asOf`. */
async function growthOf({ asOf, query, parameters }: Own, first: Micros): Promise<number | null> {
  const weeks = Math.min(MOST_WEEKS, Math.floor((asOf - first) / WEEK));
  if (weeks < ENOUGH_WEEKS) return null;
  const rows = await query(
    () => `
    SELECT week, count(*) AS runs FROM (
      SELECT (${asOf} - 1 - started) - (${asOf} - 1 - started) % ${WEEK} AS week
      FROM plain_runs r WHERE started >= ${asOf - weeks * WEEK} AND started < ${asOf} AND origin <> 'backfill'
        AND ${ofPresentDags("r", "name", parameters)}) AS counted
    GROUP BY week`,
  );
  const counts = new Map(rows.map(({ week, runs }) => [Number(week) / WEEK, Number(runs)]));
  return slopeOf(Array.from({ length: weeks }, (_, ago) => [-ago, counts.get(ago) ?? 0])) ?? null;
}
