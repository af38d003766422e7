import { limitParameter, ofPresentDags, staleParameter, taskColumns, within } from "../common.ts";
import { type Micros, SECOND } from "../moments.ts";
import { defineQuestion, type SqlRow } from "../question.ts";
import { medianOf } from "../statistics.ts";

/** With fewer, the path would be a single run's. */
const ENOUGH_RUNS = 5;

export const criticalPath = defineQuestion({
  name: "critical_path",
  sentence: "Which chain of tasks determines when a run ends?",
  limits:
    "Task dependencies are not in the tables, so the path is inferred: from the task that ended last, back to the one that ended last before it started. Tasks that merely happen to follow each other look like a chain.",
  tables: ["airflow_task_instances"],
  waitsFor: ["tasks"],
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
      description: "A task that ended longer ago than this was not what the next one waited for.",
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
    SELECT e.pipeline, e.dag_id AS dag, e.dag_run_id AS run, e.task_id AS task, min(e.started) AS started, max(e.ended) AS ended
    FROM executions e JOIN latest l ON l.pipeline = e.pipeline AND l.job = e.dag_id AND l.run_id = e.dag_run_id
    WHERE l.newest <= ${parameters.runs} AND l.runs >= ${ENOUGH_RUNS} AND e.ended >= e.started
    GROUP BY e.pipeline, e.dag_id, e.dag_run_id, e.task_id`,
  finish: (rows, { parameters }) => {
    const byDag = Map.groupBy(rows, ({ pipeline, dag }) => JSON.stringify([pipeline, dag]));
    const tasks = [...byDag.values()].flatMap((rows) => tasksOf(rows, parameters.gap * SECOND));
    const sorted = tasks.sort(
      (a, b) =>
        compare(a.dag, b.dag) || compare(a.pipeline, b.pipeline) || a.start - b.start || compare(a.task, b.task),
    );
    return sorted.slice(0, parameters.limit);
  },
});

interface Span {
  readonly task: string;
  readonly started: Micros;
  readonly ended: Micros;
}

interface Seen {
  readonly isOnPath: boolean;
  readonly slack: number;
  readonly start: number;
  readonly length: number;
}

/** @param rows of one DAG */
function tasksOf(rows: readonly SqlRow[], gap: Micros) {
  const seen = new Map<string, Seen[]>();
  for (const run of Map.groupBy(rows, ({ run }) => run).values()) {
    const spans = run.map(({ task, started, ended }) => ({
      task: String(task),
      started: Number(started),
      ended: Number(ended),
    }));
    const begin = Math.min(...spans.map(({ started }) => started));
    const path = pathOf(spans, gap);
    for (const span of spans) {
      const next = path.findLast(({ started }) => started >= span.ended);
      const one = {
        isOnPath: path.includes(span),
        slack: ((next?.started ?? path[0]!.ended) - span.ended) / SECOND,
        start: (span.started - begin) / SECOND,
        length: (span.ended - span.started) / SECOND,
      };
      seen.set(span.task, [...(seen.get(span.task) ?? []), one]);
    }
  }
  const { pipeline, dag } = rows[0] as SqlRow;
  return [...seen].map(([task, runs]) => {
    const onPath = runs.filter(({ isOnPath }) => isOnPath).length;
    return {
      pipeline: String(pipeline),
      dag: String(dag),
      task,
      runs: runs.length,
      on_path: onPath,
      on_path_percent: (100 * onPath) / runs.length,
      slack: medianOf(runs.filter(({ isOnPath }) => !isOnPath).map(({ slack }) => slack)) ?? null,
      start: medianOf(runs.map(({ start }) => start)) as number,
      length: medianOf(runs.map(({ length }) => length)) as number,
    };
  });
}

/** The observed path, from its end to its start. At least one task. */
function pathOf(spans: readonly Span[], gap: Micros): readonly Span[] {
  const byEnd = [...spans].sort((a, b) => b.ended - a.ended || compare(a.task, b.task));
  const path: Span[] = [];
  for (const span of byEnd) {
    const later = path.at(-1);
    if (!later) path.push(span);
    else if (span.ended <= later.started && span !== later) {
      // The first one found that ended earlier is the last to have done so.
      if (later.started - span.ended >= gap) break;
      path.push(span);
    }
  }
  return path;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
