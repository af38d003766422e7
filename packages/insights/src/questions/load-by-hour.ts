import { ofPresentDags, staleParameter } from "../common.ts";
import { DAY, HOUR, type Hour, hoursOf, SECOND, type Window } from "../moments.ts";
import { type Asking, defineQuestion, type ParameterSet } from "../question.ts";
import { activeExecutions, type Counted, levelsSql } from "../sweep.ts";

const parameters = { ...staleParameter } as const satisfies ParameterSet;
type Own = Asking<typeof parameters>;

/** Of a longer window, only its end is looked at. */
const MOST_DAYS = 366;
const WEEK = 7 * DAY;

export const loadByHour = defineQuestion({
  name: "load_by_hour",
  sentence: "When does the work happen?",
  limits:
    "Of Dagster, runs are known and steps are not: a run counts as one execution. At most the last 366 days of the window are looked at; weeks of it in which nothing ran do not count.",
  tables: ["airflow_dag_runs", "airflow_task_instances", "dagster_runs"],
  waitsFor: ["step_stats"],
  days: 28,
  parameters,
  columns: {
    weekday: { type: "integer", description: "1 is Monday, 7 is Sunday, in the zone." },
    hour: { type: "integer", description: "0 to 23, in the zone." },
    runs: { type: "number", description: "Runs that begin in this hour, on average of the weeks." },
    executions: { type: "number", description: "Attempts of tasks, and Dagster's runs, that begin in it." },
    hours: { type: "number", unit: "h", description: "How long such run in this hour, together." },
    failed: { type: "number", description: "Those that begin in it and fail." },
    weeks: { type: "integer", description: "How many such hours this is the average of." },
  },
  chart: { kind: "heatmap", x: "hour", y: "weekday", value: "hours" },
  sql(asking) {
    const { asOf, parameters, timezone, values } = asking;
    const window = pastOf(asking);
    const active = activeExecutions(asOf);
    const tasks = `FROM executions e WHERE ${ofPresentDags("e", "dag_id", parameters)}`;
    const jobs = "FROM job_runs e WHERE 1 = 1";
    // What begins counts for a microsecond, so that level by length is how often something began.
    const begin = (by: readonly string[], of: string) => ({ keys: [], from: "e.started", to: "e.started + 1", by, of });
    const isFailed = "CASE WHEN e.state = 'failed' THEN 1 ELSE 0 END";
    const intervals: readonly Counted[] = [
      { keys: [], from: "e.started", to: active.to, by: ["1", "0", "0", "0"], of: `${tasks} AND ${active.where}` },
      {
        ...{ keys: [], from: "e.started", to: `coalesce(e.ended, ${asOf})`, by: ["1", "0", "0", "0"] },
        of: `${jobs} AND (e.ended IS NOT NULL OR e.state = 'running')`,
      },
      begin(["0", "0", "1", "e.is_failed"], tasks),
      begin(["0", "1", "1", isFailed], jobs),
      begin(
        ["0", "1", "0", "0"],
        `FROM plain_runs e WHERE e.orchestrator = 'airflow' AND ${ofPresentDags("e", "name", parameters)}`,
      ),
    ];
    const levels = ["running", "runs", "executions", "failed"];
    const marks = hoursOf(window, timezone).map(({ from }) => from);
    return `
    WITH ${levelsSql({ keys: [], levels, intervals, marks, window }, (rows) => values(rows, 2))}
    SELECT mark, sum(running * length) AS worked, sum(runs * length) AS runs, sum(executions * length) AS executions,
      sum(failed * length) AS failed
    FROM levels GROUP BY mark ORDER BY mark`;
  },
  finish(rows, asking) {
    const window = pastOf(asking);
    const hours = hoursOf(window, asking.timezone);
    const weekOf = ({ from }: Hour) => Math.floor((from - window.from) / WEEK);
    const measured = rows.map((row) => {
      const { mark, worked, runs, executions, failed } = row;
      return {
        hour: hours[Number(mark)] as Hour,
        sums: {
          runs: Number(runs),
          executions: Number(executions),
          hours: Number(worked) / HOUR,
          failed: Number(failed),
        },
      };
    });
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
        // An hour that the window cuts in two is one of them.
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
