import { DateTime } from "luxon";
import { limitParameter, ofPresentDags, staleParameter, taskColumns, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { defineQuestion, type SqlRow } from "../question.ts";
import { dailyMedians, medianOf, trendPerWeek } from "../statistics.ts";

const expansion = ["pipeline", "dag_id", "task_id", "dag_run_id", "region_id", "loop", "iteration"];

export const mappedFanout = defineQuestion({
  name: "mapped_fanout",
  sentence: "How wide and how uneven are mapped tasks?",
  limits: "Instances that never started are not counted. Index names are known only if the DAG defines them.",
  tables: ["airflow_task_instances"],
  days: 28,
  parameters: {
    min_width: {
      type: "number",
      default: 2,
      unit: "instances",
      whole: true,
      least: 1,
      description: "Minimum number of instances.",
    },
    ...staleParameter,
    ...limitParameter(200),
  },
  columns: {
    ...taskColumns,
    loop: { type: "text", nullable: true, description: "The loop that contains it, if each iteration expands it." },
    expansions: {
      type: "integer",
      description: "How often it was expanded: once per run that ended in the window, or per iteration.",
    },
    width: { type: "integer", description: "Median number of instances." },
    max_width: { type: "integer", description: "Maximum." },
    growth_per_week: {
      type: "number",
      nullable: true,
      unit: "instances/week",
      description: "How much wider it gets, by daily medians; null with fewer than seven days.",
    },
    failed: { type: "integer", description: "Instances that failed for good." },
    unevenness: {
      type: "number",
      nullable: true,
      description: "Slowest instance divided by the median one of its expansion (median).",
    },
    slowest: { type: "number", nullable: true, unit: "s", description: "Duration of the slowest instance." },
    slowest_run: { type: "text", nullable: true, description: "Its run." },
    slowest_index: { type: "text", nullable: true, description: "Its index, or its name if it has one." },
    daily: { type: "list", description: "Median width per day: [date, instances]." },
  },
  chart: { kind: "bars", label: "task", value: "width", mark: "max_width" },
  sql: ({ window, parameters, dialect }) => `
    WITH instances AS (
      SELECT e.pipeline, e.dag_id, e.task_id, e.dag_run_id, e.region_id, coalesce(e.loop_id, '') AS loop,
        coalesce(e.iteration, -1) AS iteration, e.map_index, e.state, e.started, e.duration,
        coalesce(e.rendered_map_index, CAST(e.map_index AS ${dialect.types.text})) AS name
      FROM executions e JOIN plain_runs r ON r.orchestrator = 'airflow' AND r.pipeline = e.pipeline AND r.job = e.dag_id AND r.run_id = e.dag_run_id
      WHERE e.is_latest = 1 AND e.map_index >= 0 AND r.is_finished = 1 AND ${within("r.ended", window)}
        AND ${ofPresentDags("e", "dag_id", parameters)}),
    measured AS (
      SELECT i.*, ${ranked("duration", expansion)},
        row_number() OVER (PARTITION BY ${expansion.join(", ")} ORDER BY coalesce(duration, -1) DESC, map_index) AS place
      FROM instances i)
    SELECT pipeline, dag_id AS dag, task_id AS task, loop, dag_run_id AS run, min(started) AS started, count(*) AS width,
      sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS failed, max(duration) AS slowest,
      ${percentile(50, "duration")} AS median, max(CASE WHEN place = 1 THEN name END) AS slowest_index
    FROM measured GROUP BY ${expansion.join(", ")} HAVING count(*) >= ${parameters.min_width}
    ORDER BY dag, task, loop, pipeline, started, run`,
  finish: (rows, { timezone, parameters }) => {
    const tasks = Map.groupBy(rows, ({ pipeline, dag, task, loop }) => JSON.stringify([pipeline, dag, task, loop]));
    return [...tasks.values()].map((rows) => taskOf(rows, timezone)).slice(0, parameters.limit);
  },
});

/** @param rows the expansions of one task */
function taskOf(rows: readonly SqlRow[], timezone: string): SqlRow {
  const { pipeline, dag, task, loop } = rows[0] as SqlRow;
  const widths = rows.map(({ width }) => Number(width));
  const ratios = rows.flatMap(({ slowest, median }) => (Number(median) > 0 ? [Number(slowest) / Number(median)] : []));
  const slowest = rows.reduce((most, row) => (Number(row.slowest) > Number(most.slowest) ? row : most));
  const dateOf = ({ started }: SqlRow) =>
    DateTime.fromMillis(Math.floor(Number(started) / 1000), { zone: timezone }).toISODate() as string;
  const daily = dailyMedians(rows.map((row, index) => [dateOf(row), widths[index] as number]));
  return {
    ...{ pipeline, dag, task, loop: loop || null, expansions: rows.length },
    width: medianOf(widths) as number,
    max_width: Math.max(...widths),
    growth_per_week: trendPerWeek(daily) ?? null,
    failed: rows.reduce((sum, { failed }) => sum + Number(failed), 0),
    unevenness: medianOf(ratios) ?? null,
    slowest: slowest.slowest,
    slowest_run: slowest.slowest === null ? null : slowest.run,
    slowest_index: slowest.slowest === null ? null : slowest.slowest_index,
    daily,
  } as SqlRow;
}
