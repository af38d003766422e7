import { DateTime } from "luxon";
import { limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { type Asking, defineQuestion, type ParameterSet, type SqlRow } from "../question.ts";
import { mayBeOff, robustZ, robustZSql } from "../statistics.ts";
import { timedColumns, timedKey } from "../timings.ts";

/** From this many days of the same weekday, these define the usual. */
const ENOUGH_OF_A_WEEKDAY = 4;

const parameters = {
  z: { type: "number", default: 3.5, moreThan: 0, description: "Minimum deviation, in robust standard deviations." },
  floor: { type: "number", default: 30, unit: "s", description: "Minimum deviation." },
  base: {
    type: "number",
    default: 30,
    unit: "runs",
    whole: true,
    least: 1,
    description: "How many previous runs to compare with.",
  },
  min_runs: {
    type: "number",
    default: 10,
    unit: "runs",
    whole: true,
    least: 1,
    description: "Minimum number of previous runs.",
  },
  ...staleParameter,
  ...limitParameter(50),
} as const satisfies ParameterSet;

type Own = Asking<typeof parameters>;

export const durationAnomalies = defineQuestion({
  name: "duration_anomalies",
  sentence: "Which individual runs were unusual?",
  limits:
    "Only successful runs are compared. A run that is long every Monday counts as usual once four Mondays are among the previous runs.",
  tables: ["airflow_dag_runs", "airflow_task_instances", "dagster_runs"],
  parameters,
  columns: {
    ...timedColumns,
    run: { type: "text", description: "The run." },
    started: { type: "moment", description: "When it started." },
    took: { type: "number", unit: "s", description: "How long it took; for a mapped task, the slowest instance." },
    usual: { type: "number", unit: "s", description: "Median of the previous runs." },
    n: { type: "integer", description: "Number of previous runs." },
    z: { type: "number", description: "Deviation, in robust standard deviations." },
    direction: { type: "text", description: "longer or shorter." },
  },
  chart: { kind: "strip", label: "name", x: "started", value: "took" },
  sql: outliers,
  finish: withWeekdays,
});

/**
 * One row per run, and per task of a run, numbered from the first one. Runs of a `block` are found without reading the
 * whole history: a run's predecessors are in its own block and the one before.
 *
 * @param condition on whole jobs and tasks
 */
function numbered({ window, parameters }: Own, condition = "1 = 1"): string {
  const key = timedKey.join(", ");
  return `SELECT n.*, number - number % ${parameters.base} AS block
    FROM (SELECT s.*, row_number() OVER (PARTITION BY ${key} ORDER BY started, run_id) AS number
    FROM (SELECT ${key}, run_id, min(started) AS started, max(ended) AS ended, max(duration) AS duration
      FROM timings t WHERE duration IS NOT NULL AND ended < ${window.to} AND ${ofPresentDags("t", "name", parameters)} AND ${condition}
      GROUP BY ${key}, run_id) AS s) AS n`;
}

function outliers(asking: Own): string {
  const { window, parameters, dialect } = asking;
  const { z, floor, base, min_runs, limit } = parameters;
  const isOff = (usual: string) => `(abs(duration - ${usual}) >= ${floor} AND ${mayBeOff("duration", usual, z)})`;
  const median = dialect.medianOver?.("duration");
  const near = median
    ? [{ name: "middle", sql: median }]
    : [
        { name: "least", sql: "min(duration)" },
        { name: "most", sql: "max(duration)" },
      ];
  const before = `PARTITION BY ${timedKey.join(", ")} ORDER BY number ROWS BETWEEN ${base} PRECEDING AND 1 PRECEDING`;
  const same = timedKey.map((name) => `n.${name} = c.${name}`).join(" AND ");
  return `
    WITH numbered AS (${numbered(asking)}),
    /* What is near all of the runs before it is near their median. */
    candidates AS (
      SELECT c.*, row_number() OVER (ORDER BY ${timedKey.join(", ")}, number) AS id
      FROM (SELECT n.*, ${near.map(({ name, sql }) => `${sql} OVER (${before}) AS ${name}`).join(", ")} FROM numbered n) AS c
      WHERE ${within("ended", window)} AND number > ${min_runs} AND (${near.map(({ name }) => isOff(name)).join(" OR ")})),
    baseline AS (
      SELECT p.*, ${ranked("earlier", ["id"])}
      FROM (SELECT id, c.duration AS took, n.duration AS earlier
        FROM (SELECT d.*, block AS near FROM candidates d UNION ALL SELECT d.*, block - ${base} FROM candidates d) AS c
        JOIN numbered n ON ${same} AND n.block = c.near AND n.number BETWEEN c.number - ${base} AND c.number - 1) AS p),
    usuals AS (
      SELECT id, took, ${percentile(50, "earlier")} AS usual, count(*) AS n FROM baseline GROUP BY id, took),
    deviations AS (
      SELECT d.*, ${ranked("deviation", ["id"])}
      FROM (SELECT b.id, u.took, u.usual, u.n, abs(b.earlier - u.usual) AS deviation
        FROM usuals u JOIN baseline b ON b.id = u.id WHERE abs(u.took - u.usual) >= ${floor} AND ${mayBeOff("u.took", "u.usual", z)}) AS d),
    spreads AS (
      SELECT id, took, usual, n, ${percentile(50, "deviation")} AS spread FROM deviations GROUP BY id, took, usual, n),
    judged AS (SELECT s.*, ${robustZSql("took", "usual", "spread")} AS z FROM spreads s)
    SELECT ${timedKey.map((name) => `c.${name}`).join(", ")}, c.number, c.block, run_id AS run, started, took, usual, n, z
    FROM judged JOIN candidates c ON c.id = judged.id
    /* Some of them are usual for their weekday, which is seen later. */
    WHERE abs(z) >= ${z} ORDER BY abs(z) DESC, started, judged.id LIMIT ${4 * limit}`;
}

/** Compares with runs on the same weekday if there are enough, provided they vary less than all runs do. */
async function withWeekdays(rows: readonly SqlRow[], asking: Own): Promise<readonly SqlRow[]> {
  if (rows.length === 0) return [];
  const { parameters, timezone } = asking;
  const baselines = Map.groupBy(await asking.query(() => baselinesOf(asking, rows)), ({ id }) => Number(id));
  const local = (started: unknown) => DateTime.fromMillis(Number(started) / 1000, { zone: timezone });
  const judged = rows.flatMap((row, id) => {
    const [took, baseline] = [Number(row.took), baselines.get(id) ?? []];
    const durations = (of: readonly SqlRow[]) => of.map(({ duration }) => Number(duration));
    const sameDay = baseline.filter(({ started }) => local(started).weekday === local(row.started).weekday);
    const dates = new Set(sameDay.map(({ started }) => local(started).toISODate()));
    const all = robustZ(took, durations(baseline));
    const isByWeekday = dates.size >= ENOUGH_OF_A_WEEKDAY;
    const { usual, z } = isByWeekday ? robustZ(took, durations(sameDay), all.spread) : all;
    if (Math.abs(z) < parameters.z || Math.abs(took - usual) < parameters.floor) return [];
    const n = isByWeekday ? sameDay.length : baseline.length;
    return [{ ...row, task: row.task || null, usual, n, z, direction: z > 0 ? "longer" : "shorter" }];
  });
  return judged.sort((a, b) => Math.abs(b.z) - Math.abs(a.z)).slice(0, parameters.limit);
}

function baselinesOf(asking: Own, rows: readonly SqlRow[]): string {
  const { base } = asking.parameters;
  const picked = rows.flatMap(({ pipeline, job, task, number, block }, id) =>
    [Number(block), Number(block) - base].map((near) => [
      id,
      ...[String(pipeline), String(job), String(task)],
      ...[Number(number), near],
    ]),
  );
  return `
    WITH picked (id, pipeline, job, task, number, near) AS (${asking.values(picked, 6)}),
    numbered AS (${numbered(asking, "(pipeline, job, task) IN (SELECT pipeline, job, task FROM picked)")})
    SELECT id, n.started, n.duration FROM picked JOIN numbered n
      ON n.pipeline = picked.pipeline AND n.job = picked.job AND n.task = picked.task AND n.block = picked.near
      AND n.number BETWEEN picked.number - ${base} AND picked.number - 1`;
}
