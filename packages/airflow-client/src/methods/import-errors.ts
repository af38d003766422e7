import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { ImportError } from "../types.ts";
import { type ListQuery, list as listOf } from "./list.ts";

/** The DAG files that do not load, and why. */
export function list(
  client: AirflowClient,
  options: ListQuery<"/api/v2/importErrors"> = {},
  call: AirflowCallOptions = {},
): List<ImportError> {
  return listOf(client, "/api/v2/importErrors", options, call);
}
