import { DateTime } from "luxon";
import { jobColumns, limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { MINUTE, type Micros, SECOND } from "../moments.ts";
import { type AnswerColumn, defineQuestion, type SqlRow } from "../question.ts";
import { dailyMedians, medianOf, percentileOf, trendPerWeek } from "../statistics.ts";

/** With fewer, percentiles are meaningless. */
const ENOUGH = 5;
/** A DAG that is due more often than hourly has too many times of day to list. */
const MOST_SLOTS = 24;

const timeOfDay = (description: string) =>
  ({ type: "text", nullable: true, description }) as const satisfies AnswerColumn;
const afterDue = (description: string) =>
  ({ type: "number", nullable: true, unit: "s", description }) as const satisfies AnswerColumn;

export const landingTimes = defineQuestion({
  name: "landing_times",
  sentence: "By when is each usually done?",
  limits:
    "Includes only scheduled runs that succeeded without being cleared. When a Dagster tick was due is unknown: the minute in which it created the run is used instead.",
  tables: ["airflow_dag_runs", "dagster_runs"],
  days: 28,
  parameters: { ...staleParameter, ...limitParameter(1000) },
  columns: {
    ...jobColumns,
    slot: timeOfDay("Time of day at which the runs are due; null if they are due more than 24 times a day."),
    n: { type: "integer", description: "Runs that were due in the window and succeeded." },
    median: timeOfDay("Time of day by which half of them had succeeded; (+1) is the next day. Null with fewer than 5."),
    p90: timeOfDay("Time of day by which 90 % had succeeded; null with fewer than 5."),
    latest: timeOfDay("Time of day of the latest one."),
    median_after: afterDue("The same, as time after it was due."),
    p90_after: afterDue("The same, as time after it was due."),
    latest_after: afterDue("The same, as time after it was due."),
    trend: {
      type: "number",
      nullable: true,
      unit: "min/week",
      description: "How much later it gets, by daily medians; null with fewer than seven days.",
    },
    daily: {
      type: "list",
      description: "Median time after it was due, per day: [date, seconds].",
    },
  },
  chart: { kind: "bars", label: "name", value: "median_after", mark: "p90_after" },
  sql: ({ window, parameters }) => `
    SELECT orchestrator, pipeline, name, job, run_after, ended
    FROM runs r WHERE origin = 'scheduled' AND state = 'success' AND is_rerun = 0 AND ${within("run_after", window)}
      AND ended >= run_after AND ${ofPresentDags("r", "name", parameters)}
    ORDER BY name, job, pipeline, run_after`,
  finish: (rows, { timezone, parameters }) => {
    const jobs = Map.groupBy(rows, ({ orchestrator, pipeline, job }) => JSON.stringify([orchestrator, pipeline, job]));
    return [...jobs.values()].flatMap((rows) => slotsOf(rows, timezone)).slice(0, parameters.limit);
  },
});

interface Landing {
  readonly date: string;
  /** Minutes into the day at which it was due. */
  readonly slot: number;
  /** In seconds. */
  readonly after: number;
}

/** @param rows of one DAG or job */
function slotsOf(rows: readonly SqlRow[], timezone: string): readonly SqlRow[] {
  const { orchestrator, pipeline, name } = rows[0] as SqlRow;
  const bySlot = Map.groupBy(
    rows.map((row) => landingOf(row, timezone)),
    ({ slot }) => slot,
  );
  const slots: [number | null, readonly Landing[]][] =
    bySlot.size > MOST_SLOTS ? [[null, [...bySlot.values()].flat()]] : [...bySlot].sort(([a], [b]) => a - b);
  return slots.map(([slot, landings]) => {
    const times = landings.map(({ after }) => after);
    const isEnough = times.length >= ENOUGH;
    const median = isEnough ? (medianOf(times) as number) : null;
    const p90 = isEnough ? (percentileOf(times, 90) as number) : null;
    const latest = Math.max(...times);
    const daily = dailyMedians(landings.map(({ date, after }) => [date, after]));
    const trend = trendPerWeek(daily);
    const clock = (after: number | null) => (slot === null || after === null ? null : timeText(slot, after));
    return {
      ...{ orchestrator, pipeline, name, slot: clock(0), n: times.length },
      ...{ median: clock(median), p90: clock(p90), latest: clock(latest) },
      ...{ median_after: median, p90_after: p90, latest_after: latest },
      trend: trend === undefined ? null : trend / 60,
      daily,
    } as SqlRow;
  });
}

function landingOf({ orchestrator, run_after, ended }: SqlRow, timezone: string): Landing {
  const created = Number(run_after);
  // Dagster creates a run some seconds after the tick.
  const due: Micros = orchestrator === "dagster" ? created - (created % MINUTE) : created;
  const local = DateTime.fromMillis(Math.floor(due / 1000), { zone: timezone });
  return {
    date: local.toISODate() as string,
    slot: local.hour * 60 + local.minute,
    after: (Number(ended) - due) / SECOND,
  };
}

/** `06:16`, or `00:16 (+1)` after midnight. */
function timeText(slot: number, after: number): string {
  const minutes = slot + Math.floor(after / 60);
  const [day, rest] = [Math.floor(minutes / 1440), minutes % 1440];
  const text = `${String(Math.floor(rest / 60)).padStart(2, "0")}:${String(rest % 60).padStart(2, "0")}`;
  return day > 0 ? `${text} (+${day})` : text;
}
