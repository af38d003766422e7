import { canary } from "./named.ts";
import type { FurtherTable } from "./table.ts";

/** Events of users, workers and the command, in one moment and in others. */
const insertLogs = `
  insert into log (dttm, dag_id, task_id, map_index, run_id, try_number, event, logical_date, owner,
    owner_display_name, task_instance_id, -- since 3.4
    extra)
  select now() - make_interval(mins => 20 * (n / 7)) - interval '3 hours', t.dag_id, t.task_id, t.map_index, t.run_id, t.try_number,
    (array['success', 'running', 'patch_task_instance', 'post_clear_task_instances'])[n % 4 + 1], r.logical_date, 'admin',
    'Ada', t.id, -- since 3.4
    case when n % 3 = 0 then '{"note": "Grüße 🚀"}' end
  from (select *, (row_number() over (order by dag_id, run_id, task_id, map_index))::int n from task_instance limit 250) t
  join dag_run r using (dag_id, run_id)`;

const insertSecretLogs = `
  insert into log (dttm, event, owner, extra) values
    (now() - interval '2 hours', 'post_connection', 'admin', '{"connection_id": "c", "host": "${canary}"}'),
    (now() - interval '2 hours', 'patch_variable', 'admin', '{"key": "v", "val": "${canary}"}'),
    (now() - interval '2 hours', 'cli_variables_set', 'root', '{"full_command": "airflow variables set v ${canary}"}'),
    (now() - interval '2 hours', 'cli_connections_add', 'root', '{"full_command": "airflow connections add c ${canary}"}')`;

export const eventLogs: FurtherTable = {
  truth: `
  select id as event_log_id, dttm as logged_at, event, dag_id, run_id as dag_run_id, task_id, map_index, try_number, logical_date, owner,
    -- Users of the simple auth manager have no other name.
    coalesce(owner_display_name, owner) as owner_display_name, task_instance_id::text as task_instance_id, team_name, -- since 3.4
    null as owner_display_name, null as task_instance_id, null as team_name, -- before 3.4
    case when event !~* 'connection|variable' then extra end as extra
  from log
  -- Our own calls, which a sync may log after it has read the log.
  where event <> 'get_task_instances_batch'
    -- What is about all DAGs, or one that is gone, is only listed by the oldest.
    and (dag_id is null or dag_id in (select dag_id from dag)) -- since 3.1`,
  seed: [insertLogs, insertSecretLogs],
  change: ["insert into log (dttm, event, owner) values (now(), 'pause_dag', 'admin')"],
};
