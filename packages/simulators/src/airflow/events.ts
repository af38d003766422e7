import type { Context } from "./context.ts";
import { eventDocument } from "./documents.ts";
import { listPage, readOrder } from "./listing.ts";
import { readDate, readNumber } from "./parameters.ts";

/** The paging of small lists. */
export function small({ request, maximum }: Context, defaultOrder: string) {
  const { query } = request;
  const names = query.getAll("order_by");
  return {
    limit: Math.min(maximum.get, readNumber(query.get("limit") ?? 50, ["query", "limit"])),
    offset: readNumber(query.get("offset") ?? 0, ["query", "offset"]),
    names: names.length > 0 ? names : [defaultOrder],
  };
}

/** The audit log. */
export function listEvents(context: Context) {
  const { query } = context.request;
  const bound = (name: string) => (query.has(name) ? readDate(query.get(name), ["query", name]) : undefined);
  const [after, before] = [bound("after") ?? Number.NEGATIVE_INFINITY, bound("before") ?? Number.POSITIVE_INFINITY];
  const [dagId, runId, event] = ["dag_id", "run_id", "event"].map((name) => query.get(name));
  const included = new Set(query.getAll("included_events"));
  const excluded = new Set(query.getAll("excluded_events"));
  const { names, ...paging } = small(context, "id");
  const events = context.world.events();
  const id = (row: (typeof events)[number]) => row.id;
  const order = readOrder(names, { id, event_log_id: id, dttm: (row) => row.when, when: (row) => row.when });
  const page = listPage(events, {
    filter: (row) =>
      row.when > after &&
      row.when < before &&
      (!dagId || row.dagId === dagId) &&
      (!runId || row.runId === runId) &&
      (!event || row.event === event) &&
      (included.size === 0 || included.has(row.event)) &&
      !excluded.has(row.event),
    order,
    byId: id,
    ...paging,
  });
  return {
    event_logs: page.rows.map((event) => eventDocument(event, context.world.version)),
    total_entries: page.total,
  };
}
