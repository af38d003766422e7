import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { EventLog } from "../types.ts";
import { type ListQuery, list as listOf } from "./list.ts";

/** The audit log: who did what. */
export function list(
  client: AirflowClient,
  options: ListQuery<"/api/v2/eventLogs"> = {},
  call: AirflowCallOptions = {},
): List<EventLog> {
  return listOf(client, "/api/v2/eventLogs", options, call);
}
