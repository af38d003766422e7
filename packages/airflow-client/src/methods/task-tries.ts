import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { TaskInstanceAttempt } from "../types.ts";
import { regionOf, type TaskInstanceRef, taskPath } from "./ids.ts";
import { listAtOnce } from "./list.ts";

const PATH = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries";

/** All attempts of a task instance, the current one last. In one request. */
export function tries(
  client: AirflowClient,
  task: TaskInstanceRef,
  call: AirflowCallOptions = {},
): List<TaskInstanceAttempt> {
  return listAtOnce(`GET ${PATH}`, "task_instances", async () => {
    const params = { path: taskPath(task), query: regionOf(task) };
    return (await client.GET(PATH, { ...call, params })).data.task_instances;
  });
}
