import { inOrderOf, limitParameter, ofPresentDags, staleParameter, taskColumns, within } from "../common.ts";
import type { Window } from "../moments.ts";
import { defineQuestion, type SqlRow } from "../question.ts";
import { dependenciesOf, downstreamOf, keyOf, type Versions } from "../task-graph.ts";

export const failureBlastRadius = defineQuestion({
  name: "failure_blast_radius",
  sentence: "What did a failing task block?",
  limits:
    "Without the streams tasks and task_edges, or for a version of the DAG that they did not see, dependencies are unknown: if several tasks of a run failed, its blocked tasks count for each of them, and tasks that were skipped because of it are unknown. The DAGs that wait for its assets are known from the stream assets.",
  tables: ["airflow_task_instances"],
  betterWith: ["airflow_tasks", "airflow_task_edges", "airflow_asset_edges"],
  parameters: { ...staleParameter, ...limitParameter(200) },
  columns: {
    ...taskColumns,
    failed_runs: { type: "integer", description: "Runs in which it failed for good, in the window." },
    shared_runs: { type: "integer", description: "Runs in which other tasks failed too." },
    blocked_instances: {
      type: "integer",
      description: "Instances in these runs that did not run because of a failure.",
    },
    blocked_per_failure: { type: "number", description: "Blocked instances per failed run." },
    skipped_instances: {
      type: "integer",
      nullable: true,
      description:
        "Instances after it that were skipped, and not right after a task that succeeded, such as a branch; null if no dependencies are known.",
    },
    waiting_dags: {
      type: "integer",
      nullable: true,
      description: "Other DAGs scheduled by assets that it or blocked tasks update; null if no assets are known.",
    },
    edges_percent: { type: "number", unit: "%", description: "Share of the failed runs with known dependencies." },
    last: { type: "moment", description: "End of its last failure." },
  },
  chart: { kind: "bars", label: "task", value: "blocked_instances" },
  sql: ({ window, parameters }) => `
    WITH failed AS (
      SELECT DISTINCT pipeline, dag_id, dag_run_id ${failedIn(window)} AND ${ofPresentDags("t", "dag_id", parameters)})
    SELECT t.pipeline, t.dag_id AS dag, t.dag_run_id AS run, t.task_id AS task, max(coalesce(t.dag_version, 0)) AS version,
      max(CASE WHEN state = 'failed' AND ${within("end_date", window)} THEN end_date END) AS failed,
      sum(CASE WHEN state = 'upstream_failed' THEN 1 ELSE 0 END) AS blocked,
      sum(CASE WHEN state = 'skipped' THEN 1 ELSE 0 END) AS skipped,
      max(CASE WHEN state = 'success' THEN 1 ELSE 0 END) AS succeeded
    FROM airflow_task_instances t JOIN failed f ON f.pipeline = t.pipeline AND f.dag_id = t.dag_id AND f.dag_run_id = t.dag_run_id
    WHERE t.is_latest = 1
    GROUP BY t.pipeline, t.dag_id, t.dag_run_id, t.task_id ORDER BY t.pipeline, t.dag_id, t.dag_run_id, t.task_id`,
  finish: async (rows, { window, parameters, query }) => {
    const known = await dependenciesOf(query, rows, `SELECT pipeline, dag_id ${failedIn(window)}`);
    const waiting = await waitingBy(query);
    const runs = Map.groupBy(rows, ({ pipeline, dag, run }) => keyOf(pipeline, dag, run));
    const failures = [...runs.values()].flatMap((run) => failuresOf(run, known));
    const tasks = Map.groupBy(failures, ({ pipeline, dag, task }) => keyOf(pipeline, dag, task));
    const answer = [...tasks.values()].map((own) => summaryOf(own, waiting));
    answer.sort(
      (a, b) =>
        b.blocked_instances - a.blocked_instances ||
        b.failed_runs - a.failed_runs ||
        inOrderOf(a, b, ["dag", "task", "pipeline"]),
    );
    return answer
      .filter((row) => row.blocked_instances > 0 || row.skipped_instances || row.waiting_dags)
      .slice(0, parameters.limit);
  },
});

function failedIn(window: Window): string {
  return `FROM airflow_task_instances t WHERE is_latest = 1 AND state = 'failed' AND ${within("end_date", window)}`;
}

/** A task that failed in a run, and what that stopped there. */
interface Failure {
  readonly pipeline: string;
  readonly dag: string;
  readonly task: string;
  readonly at: number;
  readonly isShared: boolean;
  readonly blocked: number;
  /** Undefined if the dependencies are unknown. */
  readonly skipped: number | undefined;
  /** Itself and the tasks that it blocked. */
  readonly stopped: readonly string[];
}

/** @param run the tasks of one run */
function failuresOf(run: readonly SqlRow[], known: Versions): readonly Failure[] {
  const failed = run.filter((row) => row.failed !== null);
  const { pipeline, dag } = run[0] as SqlRow;
  // As in other questions, a cleared run counts for its newest version.
  const upstream = known(pipeline, dag, Math.max(...run.map(({ version }) => Number(version))));
  const succeeded = new Set(run.flatMap(({ task, succeeded }) => (Number(succeeded) === 1 ? [String(task)] : [])));
  return failed.map((row): Failure => {
    const task = String(row.task);
    const after = upstream && downstreamOf(upstream, task);
    const reached = after ? run.filter((each) => after.has(String(each.task))) : run;
    const unrun = reached.filter((each) => Number(each.skipped) > 0);
    // What a task skips by its own decision follows it directly, and the task itself succeeded.
    const skipped = unrun.filter((each) => !upstream?.get(String(each.task))?.some((before) => succeeded.has(before)));
    const blocked = reached.filter((each) => Number(each.blocked) > 0);
    const sum = (of: readonly SqlRow[], what: "blocked" | "skipped") =>
      of.reduce((all, each) => all + Number(each[what]), 0);
    return {
      ...{ pipeline: String(pipeline), dag: String(dag), task, at: Number(row.failed), isShared: failed.length > 1 },
      ...{ blocked: sum(blocked, "blocked"), skipped: after && sum(skipped, "skipped") },
      stopped: [task, ...blocked.map((each) => String(each.task))],
    };
  });
}

/** @param own the failures of one task */
function summaryOf(own: readonly Failure[], waiting: Waiting) {
  const { pipeline, dag, task } = own[0] as Failure;
  const known = own.flatMap(({ skipped }) => skipped ?? []);
  const blocked = own.reduce((all, each) => all + each.blocked, 0);
  const stopped = new Set(own.flatMap((each) => each.stopped));
  const dags = [...stopped].flatMap((each) => waiting.byTask.get(keyOf(pipeline, dag, each)) ?? []);
  return {
    ...{ pipeline, dag, task, failed_runs: own.length, shared_runs: own.filter(({ isShared }) => isShared).length },
    ...{ blocked_instances: blocked, blocked_per_failure: blocked / own.length },
    skipped_instances: known.length === 0 ? null : known.reduce((all, each) => all + each, 0),
    waiting_dags: waiting.pipelines.has(pipeline) ? new Set(dags.filter((each) => each !== dag)).size : null,
    edges_percent: (known.length * 100) / own.length,
    last: Math.max(...own.map(({ at }) => at)),
  };
}

interface Waiting {
  /** Pipelines whose assets are known. */
  readonly pipelines: ReadonlySet<string>;
  /** The DAGs that are scheduled by the assets of a task. */
  readonly byTask: ReadonlyMap<string, readonly string[]>;
}

async function waitingBy(query: (write: () => string) => Promise<readonly SqlRow[]>): Promise<Waiting> {
  const rows = await query(
    () => `SELECT e.pipeline, p.dag_id AS dag, p.task_id AS task, e.dag_id AS waiting
      FROM airflow_asset_edges e LEFT JOIN airflow_asset_edges p
        ON p.pipeline = e.pipeline AND p.asset_id = e.asset_id AND p.relation = 'produced_by' AND e.relation = 'schedules'`,
  );
  const byTask = new Map<string, string[]>();
  for (const { pipeline, dag, task, waiting } of rows) {
    if (dag === null) continue;
    const key = keyOf(pipeline, dag, task);
    byTask.set(key, [...(byTask.get(key) ?? []), String(waiting)]);
  }
  return { pipelines: new Set(rows.map(({ pipeline }) => String(pipeline))), byTask };
}
