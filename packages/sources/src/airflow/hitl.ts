import { batchOf, defineStream, parsePosition, shapes } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import type { ListState } from "./list-streams.ts";
import { airflowList } from "./lists.ts";
import type { AirflowSync } from "./shared.ts";
import { type HitlDetail, hitlRow, hitlTable } from "./tables/hitl.ts";

const { id, integer, list, object, optional, text } = shapes;

type Identified = HitlDetail & { readonly task_instance_id: string };

/** Requests for a person, in a given part of the list. */
const details = (part: Readonly<Record<string, string | boolean>>) =>
  airflowList<Identified, "hitl_details">({
    what: "requests for people",
    name: "hitl_details",
    key: ["task_instance_id"],
    fields: {
      task_instance: object({ id, dag_id: id, dag_run_id: id, task_id: id, map_index: integer, try_number: integer }),
      created_at: text,
      responded_at: optional(text),
      assigned_users: optional(list(object({ id: text }))),
    },
    async page(client, paging, limits) {
      const params = { path: { dag_id: "~", dag_run_id: "~" }, query: { ...paging, ...part, order_by: ["ti_id"] } };
      const result = await client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails", { params, ...limits });
      const { hitl_details, total_entries } = result.data;
      // What is not a list is left to the check of the response's shape.
      const identified = hitl_details?.map?.((each) => ({ ...each, task_instance_id: each?.task_instance?.id }));
      return { ...result, data: { hitl_details: identified, total_entries } };
    },
  });

/** The requests of tasks that wait for a person. */
export const hitl = defineStream<AirflowSync, typeof hitlTable, ListState>({
  name: "hitl",
  table: hitlTable,
  revision: 1,
  isOptIn: true,
  needs: ["created_at", "response_received"],
  keeps: [{ why: "forgotten", datedBy: "created_at" }],
  async *read({ shared: airflow, state, stored }) {
    const { api } = airflow;
    const { position } = await airflow.listedDags();
    const last = parsePosition(state?.position, position);
    const since = last && timestampOf(await airflow.windowFrom(last));
    const created = await api.wholeList(details(since ? { created_at_gte: since } : {}));
    if (!created) return;
    const next = { position: { ...position } };
    yield batchOf(hitlTable, { upserts: created.items.map(hitlRow), state: next });
    const seen = new Set(created.items.map(({ task_instance_id }) => task_instance_id));
    const scope = { response_received: { in: [false] } };
    const open = await stored.keys(hitlTable, scope, ["created_at"]);
    const waiting = open.filter(({ task_instance_id }) => !seen.has(task_instance_id));
    if (waiting.length === 0) return;
    // Those that were open at the last sync: they still are, have been answered, or are gone.
    const still = await api.wholeList(details({ response_received: false }));
    if (!still) return;
    const rows = new Map(still.items.map((item) => [item.task_instance_id, hitlRow(item)]));
    const times = new Set(waiting.filter((row) => !rows.has(row.task_instance_id)).map((row) => row.created_at));
    for (const time of times) {
      const then = await api.wholeList(details({ created_at_gte: time, created_at_lte: time }));
      if (!then) return;
      for (const item of then.items) rows.set(item.task_instance_id, hitlRow(item));
    }
    const ids = waiting.map(({ task_instance_id }) => task_instance_id);
    const replaced = { scope: { task_instance_id: { in: ids } }, rows: [...rows.values()] };
    yield batchOf(hitlTable, { replace: [replaced], state: next });
  },
});
