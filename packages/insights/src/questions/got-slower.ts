import { limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { DAY, type Day, daysOf, type Window } from "../moments.ts";
import { type Asking, defineQuestion, type ParameterSet, type SqlRow } from "../question.ts";
import { breakOf } from "../statistics.ts";
import { timedColumns, timedKey } from "../timings.ts";

const parameters = {
  base: {
    type: "number",
    default: 28,
    unit: "days",
    moreThan: 0,
    most: 36_500,
    description: "Length of the period before the window to compare with.",
  },
  ratio: { type: "number", default: 1.3, least: 1, description: "Minimum ratio of the medians." },
  floor: { type: "number", default: 30, unit: "s", description: "Minimum difference of the medians." },
  min_runs: {
    type: "number",
    default: 5,
    unit: "runs",
    whole: true,
    least: 1,
    description: "Minimum number of runs on either side.",
  },
  ...staleParameter,
  ...limitParameter(50),
} as const satisfies ParameterSet;

type Own = Asking<typeof parameters>;
type Direction = "slower" | "faster";

export const gotSlower = changed("slower", "What got slower, and since when?");
export const gotFaster = changed("faster", "What got faster, and since when?");

/** Both directions: the window compared with the days before it. */
function changed(direction: Direction, sentence: string) {
  return defineQuestion({
    name: `got_${direction}`,
    sentence,
    limits:
      "The day is the most likely one: small or gradual changes have no certain day. The cause is unknown; a new version of the DAG on that day is a hint.",
    tables: ["airflow_dag_runs", "airflow_task_instances", "dagster_runs"],
    parameters,
    columns: {
      ...timedColumns,
      n: { type: "integer", description: "Successful runs (or task instances) in the window that were not re-runs." },
      n_before: { type: "integer", description: "The same for the period before it." },
      before: { type: "number", unit: "s", description: "Median before the window." },
      after: { type: "number", unit: "s", description: "Median in the window." },
      ratio: { type: "number", description: "After divided by before." },
      extra_hours_per_week: {
        type: "number",
        unit: "h",
        description: "Extra time per week, at the window's number of runs; negative if it got faster.",
      },
      since: {
        type: "moment",
        nullable: true,
        description: "Start of the day that separates the two best; null with fewer than three days on a side.",
      },
      dag_version_then: {
        type: "integer",
        nullable: true,
        description: "The newest version of the DAG that ran on that day.",
      },
      daily: { type: "list", description: "Median per day: [date, seconds]." },
    },
    chart: { kind: "dumbbell", label: "name", before: "before", after: "after" },
    sql: (asking) => comparison(asking, direction),
    finish: (rows, asking) => withBreaks(rows, asking, direction),
  });
}

function wholeWindow({ window, parameters }: Own): Window {
  return { from: window.from - Math.round(parameters.base * DAY), to: window.to };
}

function comparison(asking: Own, direction: Direction): string {
  const { window, parameters } = asking;
  const { ratio, floor, min_runs, limit } = parameters;
  const key = timedKey.join(", ");
  const apart = {
    slower: `after >= ${ratio} * before AND after - before >= ${floor} AND after > p75_before`,
    faster: `before >= ${ratio} * after AND before - after >= ${floor} AND after < p25_before`,
  }[direction];
  return `
    WITH measured AS (
      SELECT side.*, ${ranked("duration", [...timedKey, "is_after"])}
      FROM (SELECT t.*, CASE WHEN ended >= ${window.from} THEN 1 ELSE 0 END AS is_after FROM timings t
        WHERE duration IS NOT NULL AND ${within("ended", wholeWindow(asking))}
          AND ${ofPresentDags("t", "name", parameters)}) AS side),
    sides AS (
      SELECT ${key}, is_after, count(*) AS n, ${percentile(50, "duration")} AS median,
        ${percentile(25, "duration")} AS p25, ${percentile(75, "duration")} AS p75
      FROM measured GROUP BY ${key}, is_after),
    compared AS (
      SELECT ${key}, max(CASE WHEN is_after = 1 THEN n END) AS n, max(CASE WHEN is_after = 0 THEN n END) AS n_before,
        max(CASE WHEN is_after = 1 THEN median END) AS after, max(CASE WHEN is_after = 0 THEN median END) AS before,
        max(CASE WHEN is_after = 0 THEN p25 END) AS p25_before, max(CASE WHEN is_after = 0 THEN p75 END) AS p75_before
      FROM sides GROUP BY ${key})
    SELECT ${key}, n, n_before, before, after
    FROM compared WHERE n >= ${min_runs} AND n_before >= ${min_runs} AND ${apart}
    ORDER BY (after - before) * n ${direction === "slower" ? "DESC" : ""}, name, task, job, pipeline LIMIT ${limit}`;
}

async function withBreaks(rows: readonly SqlRow[], asking: Own, direction: Direction): Promise<readonly SqlRow[]> {
  if (rows.length === 0) return [];
  const days = daysOf(wholeWindow(asking), asking.timezone);
  const medians = Map.groupBy(await asking.query(() => dailyMedians(asking, rows, days)), ({ number }) =>
    Number(number),
  );
  const series = rows.map((_, number) =>
    (medians.get(number) ?? []).map(({ day, median }) => ({ day: days[Number(day)] as Day, median: Number(median) })),
  );
  const since = series.map((points) => {
    const medians = points.map(({ median }) => median);
    const index = breakOf(medians, direction === "slower" ? 1 : -1);
    return index === undefined ? undefined : points[index]?.day;
  });
  const versions = await versionsThen(asking, rows, since);
  const weeks = (asking.window.to - asking.window.from) / (7 * DAY);
  return rows.map((row, number) => {
    const [n, before, after] = [Number(row.n), Number(row.before), Number(row.after)];
    return {
      ...row,
      task: row.task || null,
      // If it took no time at all before, any large number will do.
      ratio: after / Math.max(before, 1e-6),
      extra_hours_per_week: ((after - before) * n) / weeks / 3600,
      since: since[number]?.from ?? null,
      dag_version_then: versions.get(number) ?? null,
      daily: series[number]?.map(({ day, median }) => [day.date, median]) ?? [],
    };
  });
}

function dailyMedians(asking: Own, rows: readonly SqlRow[], days: readonly Window[]): string {
  const picked = rows.map(({ pipeline, job, task }, number) => [number, String(pipeline), String(job), String(task)]);
  const bounds = days.map(({ from, to }, day) => [day, from, to]);
  return `
    WITH picked (number, pipeline, job, task) AS (${asking.values(picked, 4)}),
    days (day, day_from, day_to) AS (${asking.values(bounds, 3)}),
    measured AS (
      SELECT number, day, duration, ${ranked("duration", ["number", "day"])}
      FROM timings t JOIN picked ON picked.pipeline = t.pipeline AND picked.job = t.job AND picked.task = t.task
      JOIN days ON t.ended >= day_from AND t.ended < day_to
      WHERE duration IS NOT NULL)
    SELECT number, day, ${percentile(50, "duration")} AS median FROM measured GROUP BY number, day ORDER BY number, day`;
}

/** The DAGs' versions on the days that were found, by row number. */
async function versionsThen(
  asking: Own,
  found: readonly SqlRow[],
  since: readonly (Day | undefined)[],
): Promise<ReadonlyMap<number, number>> {
  const asked = found.flatMap(({ orchestrator, pipeline, job }, number) => {
    const day = since[number];
    return day && orchestrator === "airflow" ? [[number, String(pipeline), String(job), day.from, day.to]] : [];
  });
  if (asked.length === 0) return new Map();
  const rows = await asking.query(
    () => `
    WITH asked (number, pipeline, dag_id, day_from, day_to) AS (${asking.values(asked, 5)})
    SELECT number, max(dag_version) AS version
    FROM executions e JOIN asked ON asked.pipeline = e.pipeline AND asked.dag_id = e.dag_id
    WHERE e.ended >= day_from AND e.ended < day_to GROUP BY number HAVING max(dag_version) IS NOT NULL`,
  );
  return new Map(rows.map(({ number, version }) => [Number(number), Number(version)]));
}
