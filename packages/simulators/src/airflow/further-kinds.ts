/** Lists that only opt-in streams read. Tests compare their tables with the rows that they put into the world. */
import type { FurtherList, FurtherRow } from "./further-list.ts";

const time = (value: unknown) => Date.parse(String(value));

/** Whether a time is within the bounds of a query. One that is missing counts as now, as for the real server. */
function within(row: FurtherRow, field: string, query: URLSearchParams): boolean {
  const at = row[field] == null ? Number.POSITIVE_INFINITY : time(row[field]);
  const [from, to] = [query.get(`${field}_gte`), query.get(`${field}_lte`)];
  return (from === null || at >= time(from)) && (to === null || at <= time(to));
}

export const furtherKinds = {
  assets: {
    template: "/api/v2/assets",
    orders: ["name", "uri", "created_at", "updated_at"],
    tables: {},
  },
  asset_events: {
    template: "/api/v2/assets/events",
    orders: ["timestamp"],
    understands: ["timestamp_gte", "timestamp_lte"],
    filter: (row, query) => within(row, "timestamp", query),
    tables: {},
  },
  jobs: {
    template: "/api/v2/jobs",
    orders: ["start_date", "end_date", "latest_heartbeat"],
    understands: ["end_date_gte", "end_date_lte"],
    filter: (row, query) => within(row, "end_date", query),
    tables: {},
  },
  backfills: {
    template: "/api/v2/backfills",
    orders: [],
    understands: ["dag_id"],
    requires: ["dag_id"],
    filter: (row, query) => row.dag_id === query.get("dag_id"),
    tables: {},
  },
  hitl_details: {
    template: "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails",
    orders: ["ti_id", "created_at"],
    understands: ["created_at_gte", "created_at_lte", "response_received"],
    filter: (row, query) =>
      within(row, "created_at", query) &&
      (query.get("response_received") ?? String(row.response_received)) === String(row.response_received),
    tables: {},
  },
  connections: {
    template: "/api/v2/connections",
    one: "connection_id",
    orders: ["connection_id", "conn_type"],
    tables: {
      airflow_connections: ({ connection_id, conn_type, team_name = null }) => ({
        connection_id,
        conn_type,
        team_name,
      }),
    },
  },
  variables: {
    template: "/api/v2/variables",
    one: "key",
    orders: ["key"],
    tables: {
      airflow_variables: ({ key, is_encrypted, team_name = null }) => ({ key, is_encrypted, team_name }),
    },
  },
} as const satisfies { readonly [name: string]: FurtherList };
