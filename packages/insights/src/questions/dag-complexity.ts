import { inOrderOf, limitParameter, ofPresentDags, staleParameter } from "../common.ts";
import { defineQuestion, type SqlRow } from "../question.ts";

export const dagComplexity = defineQuestion({
  name: "dag_complexity",
  sentence: "How large and how deep are DAGs?",
  limits:
    "Of the latest version that a sync saw. Without the stream task_edges, only the tasks are known. A mapped task counts once, however often it is expanded.",
  tables: ["airflow_tasks"],
  betterWith: ["airflow_task_edges"],
  parameters: { ...staleParameter, ...limitParameter(200) },
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    dag: { type: "text", description: "The DAG." },
    version: { type: "integer", description: "The version of the DAG." },
    tasks: { type: "integer", description: "Its tasks." },
    mapped: { type: "integer", description: "Those that are expanded when they run." },
    operators: { type: "integer", description: "Different operators." },
    main_operator: { type: "text", nullable: true, description: "The most frequent one." },
    other_rules: { type: "integer", description: "Tasks that do not wait for the success of all before them." },
    edges: { type: "integer", nullable: true, description: "Dependencies between tasks." },
    depth: { type: "integer", nullable: true, description: "Tasks on the longest chain." },
    width: { type: "integer", nullable: true, description: "Most tasks at the same distance from the start." },
    roots: { type: "integer", nullable: true, description: "Tasks that wait for none." },
    leaves: { type: "integer", nullable: true, description: "Tasks that none waits for." },
  },
  isFinding: () => false,
  chart: { kind: "bars", label: "dag", value: "tasks" },
  sql: ({ parameters }) => `
    SELECT t.pipeline, t.dag_id AS dag, t.version_number AS version, t.task_id AS task, t.operator, t.is_mapped, t.trigger_rule
    FROM airflow_tasks t JOIN (SELECT pipeline, dag_id, max(version_number) AS latest FROM airflow_tasks GROUP BY pipeline, dag_id) AS l
      ON l.pipeline = t.pipeline AND l.dag_id = t.dag_id AND l.latest = t.version_number
    WHERE ${ofPresentDags("t", "dag_id", parameters)}`,
  async finish(rows, { parameters, query, contents }) {
    const hasEdges = new Set(
      contents
        .filter(({ tables }) => tables.some(({ name }) => name.endsWith("airflow_task_edges")))
        .map(({ pipeline }) => pipeline),
    );
    const edges = await query(
      () => `SELECT e.pipeline, e.dag_id AS dag, e.version_number AS version, e.upstream_task_id AS upstream, e.downstream_task_id AS task
        FROM airflow_task_edges e JOIN (SELECT pipeline, dag_id, max(version_number) AS latest FROM airflow_tasks GROUP BY pipeline, dag_id) AS l
          ON l.pipeline = e.pipeline AND l.dag_id = e.dag_id AND l.latest = e.version_number`,
    );
    const keyOf = ({ pipeline, dag }: SqlRow) => JSON.stringify([pipeline, dag]);
    const edgesOf = Map.groupBy(edges, keyOf);
    const dags = [...Map.groupBy(rows, keyOf)].map(([key, tasks]) => {
      const { pipeline, dag, version } = tasks[0] as SqlRow;
      const known = hasEdges.has(String(pipeline));
      const shape = known
        ? shapeOf(
            tasks.map(({ task }) => String(task)),
            edgesOf.get(key) ?? [],
          )
        : unknownShape;
      return { pipeline: String(pipeline), dag: String(dag), version: Number(version), ...countsOf(tasks), ...shape };
    });
    return dags.sort((a, b) => b.tasks - a.tasks || inOrderOf(a, b, ["dag", "pipeline"])).slice(0, parameters.limit);
  },
});

const unknownShape = { edges: null, depth: null, width: null, roots: null, leaves: null };

function countsOf(tasks: readonly SqlRow[]) {
  const operators = Map.groupBy(
    tasks.filter(({ operator }) => operator !== null),
    ({ operator }) => String(operator),
  );
  const [main] = [...operators].sort(([a, own], [b, other]) => other.length - own.length || (a < b ? -1 : 1));
  return {
    tasks: tasks.length,
    mapped: tasks.filter(({ is_mapped }) => Number(is_mapped) === 1).length,
    operators: operators.size,
    main_operator: main?.[0] ?? null,
    other_rules: tasks.filter(({ trigger_rule }) => trigger_rule !== null && trigger_rule !== "all_success").length,
  };
}

/** @param edges from `upstream` to `task`; never in a circle */
function shapeOf(tasks: readonly string[], edges: readonly SqlRow[]) {
  const followers = Map.groupBy(edges, ({ upstream }) => String(upstream));
  const waitingFor = new Map(tasks.map((task) => [task, 0]));
  for (const { task } of edges) waitingFor.set(String(task), (waitingFor.get(String(task)) ?? 0) + 1);
  const roots = [...waitingFor].filter(([, count]) => count === 0).map(([task]) => task);
  const levels = new Map(roots.map((task) => [task, 1]));
  // Each task follows once all before it have their levels.
  const ready = [...roots];
  for (let task = ready.pop(); task !== undefined; task = ready.pop()) {
    for (const edge of followers.get(task) ?? []) {
      const next = String(edge.task);
      levels.set(next, Math.max(levels.get(next) ?? 0, (levels.get(task) as number) + 1));
      const left = (waitingFor.get(next) as number) - 1;
      waitingFor.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  const widths = [...Map.groupBy(levels.values(), (level) => level).values()].map(({ length }) => length);
  return {
    edges: edges.length,
    depth: Math.max(0, ...levels.values()),
    width: Math.max(0, ...widths),
    roots: roots.length,
    leaves: tasks.filter((task) => !followers.has(task)).length,
  };
}
