import { ofPresentDags, staleParameter } from "../common.ts";
import { DAY, HOUR, type Hour, hoursOf, MINUTE, SECOND, type Window } from "../moments.ts";
import { type Asking, defineQuestion, type ParameterSet } from "../question.ts";
import { activeExecutions } from "../sweep.ts";

const parameters = { ...staleParameter } as const satisfies ParameterSet;
type Own = Asking<typeof parameters>;

/** Of a longer window, only its end is used. */
const MOST_DAYS = 366;
const WEEK = 7 * DAY;
/** All time zones' hours start at multiples of this, so times can be added up by it. */
const QUARTER = 15 * MINUTE;

export const loadByHour = defineQuestion({
  name: "load_by_hour",
  sentence: "When does the work happen?",
  limits:
    "For Dagster, only runs are known, not steps: a run counts as one execution. Only the last 366 days of the window count; weeks in which nothing ran do not.",
  tables: ["airflow_dag_runs", "airflow_task_instances", "dagster_runs"],
  days: 28,
  parameters,
  columns: {
    weekday: { type: "integer", description: "1 is Monday, 7 is Sunday, in the time zone." },
    hour: { type: "integer", description: "0 to 23, in the time zone." },
    runs: { type: "number", description: "Runs that start in this hour, averaged over the weeks." },
    executions: { type: "number", description: "Task attempts and Dagster runs that start in it." },
    hours: { type: "number", unit: "h", description: "Their total running time in this hour." },
    failed: { type: "number", description: "How many start in it and fail." },
    weeks: { type: "integer", description: "Number of hours averaged." },
  },
  chart: { kind: "heatmap", x: "hour", y: "weekday", value: "hours" },
  sql: (asking) => {
    const { asOf, parameters } = asking;
    const { from, to } = pastOf(asking);
    const active = activeExecutions(asOf);
    const began = `CASE WHEN started < ${from} THEN ${from} ELSE started END`;
    const counts = ["runs", "executions", "failed"];
    const sums = (of: readonly string[]) => of.map((name) => `sum(${name}) AS ${name}`).join(", ");
    return `
    WITH spans AS (
      SELECT e.started, ${active.to} AS ended, CASE WHEN ${active.where} THEN 1 ELSE 0 END AS is_timed, 0 AS runs,
        1 AS executions, e.is_failed AS failed
      FROM executions e WHERE ${ofPresentDags("e", "dag_id", parameters)}
      UNION ALL
      SELECT started, coalesce(ended, ${asOf}), CASE WHEN ended IS NOT NULL OR state = 'running' THEN 1 ELSE 0 END, 1, 1,
        CASE WHEN state = 'failed' THEN 1 ELSE 0 END
      FROM job_runs
      UNION ALL
      SELECT started, started, 0, 1, 0, 0
      FROM plain_runs r WHERE orchestrator = 'airflow' AND ${ofPresentDags("r", "name", parameters)}),
    touched AS (
      SELECT s.*, ${began} AS began, CASE WHEN started >= ${from} THEN 1 ELSE 0 END AS is_new,
        CASE WHEN is_timed = 1 AND ended > started AND ended > ${from} THEN 1 ELSE 0 END AS is_busy
      FROM spans s WHERE started < ${to} AND (started >= ${from} OR ended > ${from})),
    changes AS (
      SELECT began - began % ${QUARTER} AS quarter, is_busy AS begun, is_busy * (began % ${QUARTER}) AS begun_after, 0 AS gone,
        0 AS gone_after, ${counts.map((name) => `is_new * ${name} AS ${name}`).join(", ")}
      FROM touched
      UNION ALL
      SELECT ended - ended % ${QUARTER}, 0, 0, is_busy, is_busy * (ended % ${QUARTER}), 0, 0, 0
      FROM touched WHERE ended < ${to})
    SELECT quarter, ${sums(["begun", "begun_after", "gone", "gone_after", ...counts])}
    FROM changes GROUP BY quarter`;
  },
  finish(rows, asking) {
    const window = pastOf(asking);
    const quarters = new Map(rows.map((row) => [Number(row.quarter), row]));
    let level = 0;
    const measured = hoursOf(window, asking.timezone).map((hour) => {
      const sums = { runs: 0, executions: 0, hours: 0, failed: 0 };
      for (let quarter = hour.from - (hour.from % QUARTER); quarter < hour.to; quarter += QUARTER) {
        const of = (name: string) => Number(quarters.get(quarter)?.[name] ?? 0);
        const [from, to] = [Math.max(quarter, hour.from), Math.min(quarter + QUARTER, hour.to)];
        // Runs from before continue; those that start or end in between count in part.
        const begun = of("begun") * (to - quarter) - of("begun_after");
        const gone = of("gone") * (to - quarter) - of("gone_after");
        sums.hours += (level * (to - from) + begun - gone) / HOUR;
        level += of("begun") - of("gone");
        for (const name of ["runs", "executions", "failed"] as const) sums[name] += of(name);
      }
      return { hour, sums };
    });
    const weekOf = ({ from }: Hour) => Math.floor((from - window.from) / WEEK);
    const busy = new Set(
      measured.filter(({ sums }) => sums.runs + sums.executions + sums.hours > 0).map(({ hour }) => weekOf(hour)),
    );
    const slots = Map.groupBy(
      measured.filter(({ hour }) => busy.has(weekOf(hour))),
      ({ hour: { weekday, hour } }) => weekday * 24 + hour,
    );
    return [...slots]
      .sort(([a], [b]) => a - b)
      .map(([slot, own]) => {
        // An hour that the window splits is counted once.
        const weeks = own.reduce((sum, { hour }) => sum + (hour.to - hour.from) / HOUR, 0);
        const mean = (name: keyof (typeof own)[number]["sums"]) =>
          own.reduce((sum, { sums }) => sum + sums[name], 0) / weeks;
        const place = { weekday: Math.floor(slot / 24), hour: slot % 24 };
        return {
          ...place,
          ...{ runs: mean("runs"), executions: mean("executions"), hours: mean("hours"), failed: mean("failed") },
          weeks: Math.max(1, Math.round(weeks)),
        };
      });
  },
});

function pastOf({ window, asOf }: Own): Window {
  const to = Math.max(window.from + SECOND, Math.min(window.to, asOf));
  return { from: Math.max(window.from, to - MOST_DAYS * DAY), to };
}
