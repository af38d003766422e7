import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { DagBundle, DagBundleDetails, DagBundleFile } from "../types.ts";
import { type ListQuery, list as listOf } from "./list.ts";

/** A location of DAG files: its name, or its row. */
export type DagBundleRef = string | Pick<DagBundle, "name">;

/** The bundles, by name. Since Airflow 3.4. */
export function list(
  client: AirflowClient,
  options: ListQuery<"/api/v2/dagBundles"> = {},
  call: AirflowCallOptions = {},
): List<DagBundle> {
  return listOf(client, "/api/v2/dagBundles", options, call);
}

/** A bundle with the number of its DAGs. Since Airflow 3.4. @throws AirflowError `NOT_FOUND` */
export async function get(
  client: AirflowClient,
  bundle: DagBundleRef,
  call: AirflowCallOptions = {},
): Promise<DagBundleDetails> {
  return (await client.GET("/api/v2/dagBundles/{bundle_name}", { ...call, params: byName(bundle) })).data;
}

/** The parsed files of a bundle: how many DAGs each has, and how long parsing took. Since Airflow 3.4. */
export function files(
  client: AirflowClient,
  bundle: DagBundleRef,
  options: ListQuery<"/api/v2/dagBundles/{bundle_name}/files"> = {},
  call: AirflowCallOptions = {},
): List<DagBundleFile> {
  return listOf(client, "/api/v2/dagBundles/{bundle_name}/files", options, call, byName(bundle).path);
}

const byName = (bundle: DagBundleRef) => ({
  path: { bundle_name: typeof bundle === "string" ? bundle : bundle.name },
});
