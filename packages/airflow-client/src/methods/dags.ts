import type { AirflowClient } from "../client.ts";
import type { CallOptions } from "../operations.ts";
import type { Dag, DagDetails } from "../types.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";

/** The DAGs that the user may read, by `dag_id`. */
export function list(client: AirflowClient, query: ListQuery<"/api/v2/dags"> = {}): List<Dag> {
  return listOf(client, "/api/v2/dags", query);
}

/** A DAG with its details: parameters, timezone, docs. @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, dagId: string, call: CallOptions = {}): Promise<DagDetails> {
  const params = { path: { dag_id: dagId } };
  return (await client.GET("/api/v2/dags/{dag_id}/details", { ...call, params })).data;
}

/** Stops the scheduler from starting runs of a DAG. Running ones continue. */
export function pause(client: AirflowClient, dagId: string, call: CallOptions = {}): Promise<Dag> {
  return setPaused(client, dagId, true, call);
}

/** Lets the scheduler start runs of a DAG again. */
export function unpause(client: AirflowClient, dagId: string, call: CallOptions = {}): Promise<Dag> {
  return setPaused(client, dagId, false, call);
}

/** Deletes a DAG's runs, task instances and logs. As long as its file exists, the DAG reappears without them. */
async function remove(client: AirflowClient, dagId: string, call: CallOptions = {}): Promise<void> {
  await client.DELETE("/api/v2/dags/{dag_id}", { ...call, params: { path: { dag_id: dagId } } });
}

export { remove as delete };

async function setPaused(client: AirflowClient, dagId: string, isPaused: boolean, call: CallOptions): Promise<Dag> {
  const params = { path: { dag_id: dagId }, query: { update_mask: ["is_paused"] } };
  return (await client.PATCH("/api/v2/dags/{dag_id}", { ...call, params, body: { is_paused: isPaused } })).data;
}
