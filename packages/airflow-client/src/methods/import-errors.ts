import type { AirflowClient } from "../client.ts";
import type { components } from "../generated/schema.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";

/** A DAG file that does not load, and why. */
export type ImportError = components["schemas"]["ImportErrorResponse"];

export function list(client: AirflowClient, query: ListQuery<"/api/v2/importErrors"> = {}): List<ImportError> {
  return listOf(client, "/api/v2/importErrors", query);
}
