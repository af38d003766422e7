import { limitParameter, ofPresentDags, staleParameter, taskColumns, within } from "../common.ts";
import { defineQuestion } from "../question.ts";

const instance = ["pipeline", "dag_id", "dag_run_id", "task_id", "map_index", "region_id", "region_index"];
const task = ["pipeline", "dag_id", "task_id"];
const by = (names: readonly string[], alias: string) => names.map((name) => `${alias}.${name}`).join(", ");

export const failuresByTask = defineQuestion({
  name: "failures_by_task",
  sentence: "Which tasks fail most, and do they recover?",
  limits:
    "A task that did not run because another one failed does not count as failed. Dagster's steps are not in the tables.",
  tables: ["airflow_task_instances"],
  parameters: { ...staleParameter, ...limitParameter(50) },
  columns: {
    ...taskColumns,
    executions: { type: "integer", description: "Attempts that ended in the window." },
    failed: { type: "integer", description: "How many of them failed." },
    failed_percent: { type: "number", unit: "%", description: "Their share." },
    instances: { type: "integer", description: "Instances that failed at least once." },
    persistent: { type: "integer", description: "How many of them are failed now." },
    transient: { type: "integer", description: "How many of them succeeded in the end." },
    map_indexes: { type: "integer", description: "Indexes of the mapped task that failed; 0 if it is not mapped." },
    distinct_days: { type: "integer", unit: "days", description: "Days on which it failed." },
    first: { type: "moment", description: "End of the first failed attempt in the window." },
    last: { type: "moment", description: "End of the last one." },
    last_host: { type: "text", nullable: true, description: "Where the last one ran." },
    dag_percent: { type: "number", unit: "%", description: "Its share of the DAG's failed attempts." },
  },
  chart: { kind: "bars", label: "task", value: "instances", parts: ["persistent", "transient"] },
  sql: ({ window, days, values, parameters }) => `
    WITH days(date, day_from, day_to) AS (${values(
      days.map(({ date, from, to }) => [date, from, to]),
      3,
    )}),
    ended AS (
      SELECT e.*, row_number() OVER (PARTITION BY ${by(task, "e")}, is_failed ORDER BY ended DESC, dag_run_id DESC, map_index DESC, try_number DESC) AS place
      FROM executions e WHERE ${within("ended", window)} AND ${ofPresentDags("e", "dag_id", parameters)}),
    failing AS (
      SELECT ${by(task, "e")}, sum(is_failed) AS failed, count(*) AS executions,
        min(CASE WHEN is_failed = 1 THEN ended END) AS first, max(CASE WHEN is_failed = 1 THEN ended END) AS last,
        max(CASE WHEN is_failed = 1 AND place = 1 THEN hostname END) AS last_host,
        count(DISTINCT CASE WHEN is_failed = 1 AND map_index >= 0 THEN map_index END) AS map_indexes,
        sum(sum(is_failed)) OVER (PARTITION BY e.pipeline, e.dag_id) AS dag_failed
      FROM ended e GROUP BY ${by(task, "e")}),
    instances AS (
      SELECT DISTINCT ${instance.join(", ")} FROM ended WHERE is_failed = 1),
    outcomes AS (
      SELECT ${by(task, "i")}, count(*) AS instances, sum(CASE WHEN n.state = 'failed' THEN 1 ELSE 0 END) AS persistent,
        sum(CASE WHEN n.state = 'success' THEN 1 ELSE 0 END) AS transient
      FROM instances i LEFT JOIN airflow_task_instances n ON n.is_latest = 1 AND n.pipeline = i.pipeline
        AND n.dag_id = i.dag_id AND n.dag_run_id = i.dag_run_id AND n.task_id = i.task_id AND n.map_index = i.map_index
        AND coalesce(n.region_id, '') = i.region_id AND coalesce(n.region_index, -1) = i.region_index
      GROUP BY ${by(task, "i")}),
    on_days AS (
      SELECT ${by(task, "e")}, count(DISTINCT d.date) AS distinct_days
      FROM ended e JOIN days d ON e.ended >= d.day_from AND e.ended < d.day_to WHERE e.is_failed = 1
      GROUP BY ${by(task, "e")})
    SELECT f.pipeline, f.dag_id AS dag, f.task_id AS task, f.executions, f.failed, f.failed * 100.0 / f.executions AS failed_percent,
      o.instances, o.persistent, o.transient, f.map_indexes, y.distinct_days, f.first, f.last, f.last_host,
      f.failed * 100.0 / f.dag_failed AS dag_percent
    FROM failing f
      JOIN outcomes o ON o.pipeline = f.pipeline AND o.dag_id = f.dag_id AND o.task_id = f.task_id
      JOIN on_days y ON y.pipeline = f.pipeline AND y.dag_id = f.dag_id AND y.task_id = f.task_id
    ORDER BY f.failed DESC, o.persistent DESC, dag, task, f.pipeline LIMIT ${parameters.limit}`,
});
