import type { AirflowClient } from "../client.ts";
import type { EventLog } from "../types.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";

/** The audit log: who did what. */
export function list(client: AirflowClient, query: ListQuery<"/api/v2/eventLogs"> = {}): List<EventLog> {
  return listOf(client, "/api/v2/eventLogs", query);
}
