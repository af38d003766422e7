import type { EventLog } from "@org/airflow-client";
import { eventLogFields } from "./answers.ts";
import { type AppendedList, appendedStream, newestOf } from "./appended.ts";
import { isForbidden } from "./server-errors.ts";
import type { AirflowSync } from "./shared.ts";
import { eventLogRow, eventLogsTable } from "./tables/event-logs.ts";

/** What the server logs for each call of its batch endpoint for task instances. */
const batchEvent = "get_task_instances_batch";

const list: AppendedList<typeof eventLogsTable, EventLog> = {
  name: "event_logs",
  table: eventLogsTable,
  revision: 1,
  datedBy: "logged_at",
  what: "event logs",
  rows: "event_logs",
  key: "event_log_id",
  fields: eventLogFields,
  page(client, { before, ...paging }, limits, { batchEvents }) {
    const bounds = { ...(before && { before }), ...(!batchEvents && { excluded_events: [batchEvent] }) };
    const query = { ...paging, ...bounds, order_by: ["-when"] as const };
    return client.GET("/api/v2/eventLogs", { params: { query }, ...limits });
  },
  timeOf: ({ when }) => when,
  rowsOf: (log) => [eventLogRow(log)],
};

/** The audit log. */
export const eventLogs = appendedStream<typeof eventLogsTable, EventLog>(list);

/**
 * What was logged since a time, in ms since 1970, if the newest page of the log shows all of it: the stream reads that
 * page anyway. Undefined if it does not.
 */
export async function recentlyLogged(airflow: AirflowSync, since: number): Promise<readonly EventLog[] | undefined> {
  const newest = await newestOf(airflow, list).catch((error) => {
    if (!isForbidden(error)) throw error;
  });
  if (!newest || newest.unreadable.length > 0) return undefined;
  const { rows, total } = newest;
  const isAll = rows.length === total || rows.some(({ when }) => Date.parse(when) < since);
  return isAll ? rows.filter(({ when }) => Date.parse(when) > since).reverse() : undefined;
}
