import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import { type DagFilters, list } from "./dags.ts";
import { type DagRef, dagIdOf } from "./ids.ts";
import { matchesNothing } from "./list.ts";

/** Several DAGs: their ids or rows, or what they have to match, such as `{ tags: ["nightly"] }`. */
export type DagsRef = readonly DagRef[] | DagFilters;

/** The ids of DAGs; undefined if there are none, which a server would treat as all. */
export async function idsOf(
  client: AirflowClient,
  dags: DagsRef,
  call: AirflowCallOptions,
): Promise<readonly string[] | undefined> {
  const ids: string[] = [];
  if (isArray(dags)) ids.push(...dags.map(dagIdOf));
  else if (!matchesNothing(dags)) for await (const { dag_id } of list(client, dags, call)) ids.push(dag_id);
  return ids.length > 0 ? ids : undefined;
}

/** States as a body has them. */
export function statesIn<State extends string>(
  state: readonly (State | "none")[] | undefined,
): readonly (State | null)[] | undefined {
  return state?.map((each) => (each === "none" ? null : each));
}

const isArray: (dags: DagsRef) => dags is readonly DagRef[] = Array.isArray;
