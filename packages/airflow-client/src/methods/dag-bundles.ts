import type { AirflowClient } from "../client.ts";
import type { components } from "../generated/schema.ts";
import type { CallOptions } from "../operations.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";

type Schemas = components["schemas"];

/** A location of DAG files. */
export type DagBundle = Schemas["DagBundleResponse"];
/** A file of one: how many DAGs it has, when it was parsed, and how long that took. */
export type DagBundleFile = Schemas["DagBundleFileResponse"];

/** The bundles, by name. Since Airflow 3.4. */
export function list(client: AirflowClient, query: ListQuery<"/api/v2/dagBundles"> = {}): List<DagBundle> {
  return listOf(client, "/api/v2/dagBundles", query);
}

/** A bundle with the number of its DAGs. Since Airflow 3.4. @throws AirflowError `NOT_FOUND` */
export async function get(
  client: AirflowClient,
  name: string,
  call: CallOptions = {},
): Promise<Schemas["DagBundleDetailResponse"]> {
  const params = { path: { bundle_name: name } };
  return (await client.GET("/api/v2/dagBundles/{bundle_name}", { ...call, params })).data;
}

/** The parsed files of a bundle. Since Airflow 3.4. */
export function files(
  client: AirflowClient,
  name: string,
  query: ListQuery<"/api/v2/dagBundles/{bundle_name}/files"> = {},
): List<DagBundleFile> {
  return listOf(client, "/api/v2/dagBundles/{bundle_name}/files", query, { bundle_name: name });
}
