import type { List, ListOptions } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { TaskInstance, TaskInstanceListBody, TaskInstanceState } from "../types.ts";
import { type DagRunRef, pathOf } from "./ids.ts";
import { type ListQuery, listByBody, list as listOf, matchesNothing } from "./list.ts";
import { type DagsRef, idsOf, statesIn } from "./several-dags.ts";

const PATH = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances";

/** Filters for the task instances of a run, of a DAG, or of all DAGs. */
export interface ListTaskInstancesOptions extends ListQuery<typeof PATH> {
  /** Of one run. @default all */
  readonly run?: DagRunRef | undefined;
  /** Of one DAG, if no run is given. @default all */
  readonly dagId?: string | undefined;
  readonly dags?: undefined;
}

type BodyFilters = Omit<TaskInstanceListBody, "dag_ids" | "state" | "order_by" | "page_limit" | "page_offset">;

/** Filters for the task instances of several DAGs. */
export interface ListTaskInstancesOfDagsOptions extends BodyFilters, ListOptions {
  /** Ids or rows, or what the DAGs have to match: `{ tags: ["nightly"] }`. */
  readonly dags: DagsRef;
  readonly dagId?: undefined;
  readonly run?: undefined;
  /** @default all */
  readonly state?: readonly (TaskInstanceState | "none")[] | undefined;
  /** The field to sort by, `-` first for descending. @default "id" */
  readonly orderBy?: NonNullable<TaskInstanceListBody["order_by"]> | undefined;
}

export function listTasks(
  client: AirflowClient,
  options: ListTaskInstancesOptions | ListTaskInstancesOfDagsOptions,
  call: AirflowCallOptions,
): List<TaskInstance> {
  if (!options.dags) {
    const { run, dagId = "~", dags: _, ...query } = options;
    return listOf(client, PATH, query, call, run ? pathOf(run) : { dag_id: dagId, dag_run_id: "~" });
  }
  const { dags, dagId: _, run: __, state, first, pageSize, pageToken, orderBy, ...filters } = options;
  const path = `${PATH}/list` as const;
  const params = { path: { dag_id: "~", dag_run_id: "~" } } as const;
  const send = (body: TaskInstanceListBody) => client.POST(path, { ...call, params, body });
  return listByBody(path, { first, pageSize, pageToken, orderBy }, send, async () => {
    if (matchesNothing({ ...filters, state })) return undefined;
    const dag_ids = await idsOf(client, dags, call);
    return dag_ids && { ...filters, dag_ids, state: statesIn(state) };
  });
}
