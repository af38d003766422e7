import type { EventLog } from "@org/airflow-client";
import { eventLogFields } from "./answers.ts";
import { appendedStream } from "./appended.ts";
import { eventLogRow, eventLogsTable } from "./tables/event-logs.ts";

/** What the server logs for each call of its batch endpoint for task instances. */
const batchEvent = "get_task_instances_batch";

/** The audit log. */
export const eventLogs = appendedStream<typeof eventLogsTable, EventLog>({
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
});
