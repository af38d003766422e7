import { limitParameter, ofPresentDags, staleParameter, taskColumns, within } from "../common.ts";
import { compare, tasksOf } from "../critical-path.ts";
import { SECOND } from "../moments.ts";
import { defineQuestion, type SqlRow } from "../question.ts";
import { dependenciesOf } from "../task-graph.ts";

/** With fewer, the path would be a single run's. */
const ENOUGH_RUNS = 5;

export const criticalPath = defineQuestion({
  name: "critical_path",
  sentence: "Which chain of tasks determines when a run ends?",
  limits:
    "The path leads from the task that ended last back to the one that ended last of those that it waited for. Without the streams tasks and task_edges, or for a version of the DAG that they did not see, the dependencies are unknown and the path is inferred: back to the task that ended last before the next one started. Tasks that merely happen to follow each other then look like a chain.",
  tables: ["airflow_task_instances"],
  betterWith: ["airflow_tasks", "airflow_task_edges"],
  parameters: {
    dag: { type: "text", default: null, description: "Only this DAG." },
    runs: {
      type: "number",
      default: 20,
      unit: "runs",
      whole: true,
      least: 1,
      description: "How many of a DAG's latest runs to analyze.",
    },
    gap: {
      type: "number",
      default: 60,
      unit: "s",
      description:
        "Where dependencies are unknown, a task that ended longer ago than this was not what the next one waited for.",
    },
    ...staleParameter,
    ...limitParameter(1000),
  },
  columns: {
    ...taskColumns,
    runs: { type: "integer", description: "Runs in which it was executed. DAGs with fewer than 5 runs are omitted." },
    on_path: { type: "integer", description: "Runs in which it was on the path." },
    on_path_percent: { type: "number", unit: "%", description: "Their share." },
    slack: {
      type: "number",
      nullable: true,
      unit: "s",
      description:
        "For the other runs: by how much it could have been slower without delaying the run, at least (median).",
    },
    start: { type: "number", unit: "s", description: "From the first task's start to its own (median)." },
    length: { type: "number", unit: "s", description: "From its first start to its last end (median)." },
    edges_percent: {
      type: "number",
      unit: "%",
      description: "For how many of the DAG's runs the dependencies are known; for the others the path is inferred.",
    },
  },
  chart: { kind: "gantt", label: "task", start: "start", length: "length" },
  sql: ({ window, parameters, value }) => `
    WITH latest AS (
      SELECT r.pipeline, r.job, r.run_id,
        row_number() OVER (PARTITION BY pipeline, job ORDER BY ended DESC, run_id) AS newest,
        count(*) OVER (PARTITION BY pipeline, job) AS runs
      FROM dag_runs r WHERE state = 'success' AND is_rerun = 0 AND ${within("ended", window)}
        AND ${ofPresentDags("r", "name", parameters)}
        ${parameters.dag === null ? "" : `AND job = ${value(parameters.dag)}`})
    SELECT e.pipeline, e.dag_id AS dag, e.dag_run_id AS run, e.task_id AS task, min(e.started) AS started, max(e.ended) AS ended,
      max(coalesce(e.dag_version, 0)) AS version
    FROM executions e JOIN latest l ON l.pipeline = e.pipeline AND l.job = e.dag_id AND l.run_id = e.dag_run_id
    WHERE l.newest <= ${parameters.runs} AND l.runs >= ${ENOUGH_RUNS} AND e.ended >= e.started
    GROUP BY e.pipeline, e.dag_id, e.dag_run_id, e.task_id`,
  finish: async (rows, { parameters, query }) => {
    const known = await dependenciesOf(query, rows);
    const byDag = Map.groupBy(rows, ({ pipeline, dag }) => JSON.stringify([pipeline, dag]));
    const tasks = [...byDag.values()].flatMap((own) => {
      const { pipeline, dag } = own[0] as SqlRow;
      return tasksOf(own, parameters.gap * SECOND, (version) => known(pipeline, dag, version));
    });
    const sorted = tasks.sort(
      (a, b) =>
        compare(a.dag, b.dag) || compare(a.pipeline, b.pipeline) || a.start - b.start || compare(a.task, b.task),
    );
    return sorted.slice(0, parameters.limit);
  },
});
