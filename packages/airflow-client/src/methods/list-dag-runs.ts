import type { List, ListOptions } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { DagRun, DagRunListBody, DagRunState } from "../types.ts";
import { type ListQuery, listByBody, list as listOf, matchesNothing } from "./list.ts";
import { type DagsRef, idsOf, statesIn } from "./several-dags.ts";

const PATH = "/api/v2/dags/{dag_id}/dagRuns";

/** Filters for the runs of a DAG, or of all DAGs. */
export interface ListDagRunsOptions extends ListQuery<typeof PATH> {
  /** @default all */
  readonly dagId?: string | undefined;
  readonly dags?: undefined;
}

type BodyFilters = Omit<DagRunListBody, "dag_ids" | "states" | "order_by" | "page_limit" | "page_offset">;

/** Filters for the runs of several DAGs. */
export interface ListDagRunsOfDagsOptions extends BodyFilters, ListOptions {
  /** Ids or rows, or what the DAGs have to match: `{ tags: ["nightly"] }`. */
  readonly dags: DagsRef;
  readonly dagId?: undefined;
  /** @default all */
  readonly state?: readonly (DagRunState | "none")[] | undefined;
  /** The field to sort by, `-` first for descending. @default "id" */
  readonly orderBy?: NonNullable<DagRunListBody["order_by"]> | undefined;
}

export function listRuns(
  client: AirflowClient,
  options: ListDagRunsOptions | ListDagRunsOfDagsOptions,
  call: AirflowCallOptions,
): List<DagRun> {
  if (!options.dags) {
    const { dagId = "~", dags: _, ...query } = options;
    return listOf(client, PATH, query, call, { dag_id: dagId });
  }
  const { dags, dagId: _, state, first, pageSize, pageToken, orderBy, ...filters } = options;
  const path = `${PATH}/list` as const;
  const send = (body: DagRunListBody) => client.POST(path, { ...call, params: { path: { dag_id: "~" } }, body });
  return listByBody(path, { first, pageSize, pageToken, orderBy }, send, async () => {
    if (matchesNothing({ state })) return undefined;
    const dag_ids = await idsOf(client, dags, call);
    return dag_ids && { ...filters, dag_ids, states: statesIn(state) };
  });
}
