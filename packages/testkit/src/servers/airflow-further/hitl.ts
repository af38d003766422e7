import { sinceVersion } from "../for-version.ts";
import type { FurtherTable } from "./table.ts";

const insertHitl = `
  insert into hitl_detail (ti_id, options, subject, body, defaults, multiple, params, assignees, created_at, responded_at,
    responded_by, chosen_options, params_input)
  select id, '["Approve", "Reject"]', 'Approve ' || task_id || '?', case when n % 2 = 0 then 'Body é' end,
    case when n % 3 = 0 then '["Reject"]'::json end, n % 2 = 0, '{}',
    case when n % 4 = 0 then '[{"id": "2", "name": "Zoë"}, {"id": "1", "name": "Ada"}]'::json end,
    now() - interval '1 day' - make_interval(mins => n), case when n % 2 = 0 then now() - interval '1 hour' end,
    case when n % 2 = 0 then '{"id": "1", "name": "Ada"}'::json end, case when n % 2 = 0 then '["Approve"]'::json end, '{}'
  from (select *, (row_number() over (order by dag_id, run_id, task_id, map_index))::int n from task_instance limit 8) t`;

const hitlRows = `
  select ti_id::text as task_instance_id, h.subject, h.body, h.options, h.defaults, h.multiple, h.params,
    coalesce((select jsonb_agg(u ->> 'id' order by u ->> 'id') from jsonb_array_elements(h.assignees::jsonb) u), '[]') as assigned_users,
    h.created_at, h.responded_at is not null as response_received, h.responded_at, h.responded_by ->> 'id' as responded_by_user_id,
    h.responded_by ->> 'name' as responded_by_user_name, h.chosen_options, h.params_input, t.dag_id, t.run_id as dag_run_id, t.task_id,
    t.try_number
  from hitl_detail h join task_instance t on t.id = h.ti_id`;

const ofOpen = (order: string) =>
  `(select ti_id from hitl_detail where responded_at is null order by created_at ${order} limit 1)`;

export const hitl: FurtherTable = {
  truth: sinceVersion("3.1", hitlRows)[0]!,
  seed: sinceVersion("3.1", insertHitl),
  change: sinceVersion(
    "3.1",
    `update hitl_detail set responded_at = now(), responded_by = '{"id": "1", "name": "Ada"}', chosen_options = '["Reject"]'
     where ti_id = ${ofOpen("asc")}`,
    `delete from hitl_detail where ti_id = ${ofOpen("desc")}`,
  ),
};
