import type { Task } from "@org/airflow-client";
import { shapes } from "@org/sync-engine/source";
import type { AirflowApi } from "./api.ts";
import { airflowList } from "./lists.ts";
import { caught500, isForbidden, isNotFound } from "./server-errors.ts";

/** Tasks that are remembered within a sync, since two streams need them. */
const MOST_REMEMBERED = 50_000;

/** What both streams need of a task. The one that reads all of it comes first. */
type Edges = Pick<Task, "task_id" | "downstream_task_ids">;

export interface DagTasks {
  /**
   * The tasks of a DAG's latest version. Undefined if the DAG has been deleted or has no definition; an error if the user
   * may not read its tasks, or if the server cannot serialize them.
   *
   * @param onlyEdges whether edges are enough, which may be known already
   */
  tasksOf(dag: string, onlyEdges: boolean): Promise<readonly Task[] | Error | undefined>;
}

const tasksOf = (dag_id: string) =>
  airflowList<Task, "tasks">({
    what: `tasks of ${dag_id}`,
    name: "tasks",
    key: ["task_id"],
    fields: { task_id: shapes.id, downstream_task_ids: shapes.nullable(shapes.list(shapes.text)) },
    page: (client, _, limits) => client.GET("/api/v2/dags/{dag_id}/tasks", { params: { path: { dag_id } }, ...limits }),
  });

export function createDagTasks(api: AirflowApi): DagTasks {
  const known = new Map<string, readonly Edges[]>();
  let remembered = 0;
  return {
    async tasksOf(dag, onlyEdges) {
      const edges = known.get(dag);
      if (onlyEdges && edges) return edges as readonly Task[];
      try {
        const { rows } = await api.listPage(tasksOf(dag), 0);
        remembered += rows.length;
        if (!onlyEdges && remembered <= MOST_REMEMBERED)
          known.set(
            dag,
            rows.map(({ task_id, downstream_task_ids }) => ({ task_id, downstream_task_ids })),
          );
        return rows;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        return isForbidden(error) ? (error as Error) : caught500(error);
      }
    },
  };
}
