import type { AirflowServer } from "./airflow.ts";
import type { QueryRow } from "./database.ts";
import { isAtLeast } from "./for-version.ts";

/** The expected rows of the three tables, by name. Sorted by primary key. */
export interface AirflowTruth {
  airflow_dags: QueryRow[];
  airflow_dag_runs: QueryRow[];
  airflow_task_instances: QueryRow[];
}

const dags = `
  select m.dag_id, m.is_paused, not m.is_stale as is_active,
    -- The API splits at commas and takes the spaces away.
    coalesce((select string_agg(trim(owner), ', ' order by n) from unnest(string_to_array(m.owners, ',')) with ordinality o(owner, n)), '')
      as owners,
    -- The server sorts the names itself, by code point.
    coalesce((select string_agg(name, ', ' order by name collate "C") from dag_tag t where t.dag_id = m.dag_id), '') as tags,
    -- What the API calls a DAG's timezone is the server's default one, whatever the DAG's file says (seen on 3.3.2).
    'UTC' as timezone,
    m.max_active_runs, null as default_view, m.next_dagrun_create_after, m.is_stale,
    coalesce(m.dag_display_name, m.dag_id) as dag_display_name, m.description, m.max_active_tasks,
    m.max_consecutive_failed_dag_runs, m.next_dagrun as next_dagrun_logical_date, m.next_dagrun_data_interval_start,
    m.next_dagrun_data_interval_end, nullif(m.timetable_summary, 'None') as timetable_summary, m.timetable_description,
    m.fileloc, m.relative_fileloc, m.bundle_name, m.bundle_version, m.has_import_errors, m.has_task_concurrency_limits,
    case when m.is_paused then 'paused' when m.is_draining then 'draining' else 'active' end as scheduling_state -- since 3.4
    null as scheduling_state -- before 3.4
  from dag m
  order by m.dag_id collate "C"`;

const dagRuns = `
  select r.dag_id, r.run_id as dag_run_id, r.run_type, r.state, r.logical_date, r.start_date, r.end_date,
    r.run_type = 'manual' as external_trigger, r.data_interval_start, r.data_interval_end, r.run_after, r.queued_at,
    r.conf, n.content as note, lower(r.triggered_by) as triggered_by, r.bundle_version,
    -- Not a column of the server's: computed from the dates.
    extract(epoch from r.end_date - r.start_date)::float8 as duration, r.triggering_user_name, -- since 3.1
    null as duration, null as triggering_user_name, -- before 3.1
    r.partition_key, -- since 3.2
    null as partition_key, -- before 3.2
    -- A run of a versioned bundle has the version that it was made with, another one those of its tasks.
    case when coalesce(r.bundle_version, '') <> ''
      then coalesce((select jsonb_build_array(version_number) from dag_version where id = r.created_dag_version_id), '[]')
      else coalesce(used.versions, '[]') end as dag_versions, null as team_name
  from dag_run r
  join dag m using (dag_id)
  left join dag_run_note n on n.dag_run_id = r.id
  left join (
    select dag_id, run_id, jsonb_agg(version_number order by version_number) versions
    from (
      select distinct t.dag_id, t.run_id, v.version_number from public.task_instance t join dag_version v on v.id = t.dag_version_id
      union -- before 3.4
      select h.dag_id, h.run_id, v.version_number from task_instance_history h join dag_version v on v.id = h.dag_version_id -- before 3.4
    ) every_use group by dag_id, run_id
  ) used on used.dag_id = r.dag_id and used.run_id = r.run_id
  order by r.dag_id collate "C", r.run_id collate "C"`;

const common = `t.dag_id, t.run_id, t.task_id, t.try_number, t.state, t.start_date, t.end_date, t.duration, t.operator,
  t.hostname, t.task_display_name, t.custom_operator_name, t.max_tries, t.pool, t.pool_slots, t.queue, t.priority_weight,
  t.executor, t.queued_dttm, t.scheduled_dttm, t.pid, t.unixname, t.dag_version_id`;

const attemptsInTwoTables = `
    select ${common}, map_index, true is_latest, id::text,
      -- Where nothing was rendered the API says the index.
      coalesce(rendered_map_index, case when map_index >= 0 then map_index::text end) rendered_map_index,
      (select content from task_instance_note where ti_id = id) note,
      coalesce(custom_operator_name, operator) operator_name, -- since 3.1
      null operator_name, -- before 3.1
      '' region_id, -1 region_index, null loop_id, null::int iteration, null state_reason
    from task_instance t
    union all
    -- The tries of the API say a name only where it was given one.
    select ${common}, map_index, false, null, null, null,
      custom_operator_name, -- since 3.1
      null, -- before 3.1
      '', -1, null, null, null
    from task_instance_history t
    where t.try_number >= 1 and t.try_number < (
      select p.try_number from task_instance p
      where p.dag_id = t.dag_id and p.run_id = t.run_id and p.task_id = t.task_id and p.map_index = t.map_index)`;

/**
 * Since 3.4. A mapped task's region has its name, and that region's parent is the task's loop. A task without a region was
 * mapped before an upgrade, or is not mapped.
 */
const attemptsInOneTable = `
    select ${common}, t.working_set is true is_latest, t.id::text, t.retry_reason state_reason, note, operator_name,
      case when t.working_set then coalesce(rendered_map_index, case when map_index >= 0 then map_index::text end) end
        rendered_map_index,
      map_index, case when has_region then t.region_id::text else '' end region_id,
      case when has_region then t.region_index else -1 end region_index,
      loop.node_id loop_id, case when loop.id is not null then place.iteration end iteration
    from public.task_instance t
    left join dynamic_region region on region.id = t.region_id
    cross join lateral (
      select region.id is not null has_region, region.node_id = t.task_id is_expansion,
        (select content from task_instance_note where ti_id = t.id) note,
        coalesce(custom_operator_name, operator) operator_name) about
    cross join lateral (
      select case when is_expansion or not has_region then t.region_index else -1 end map_index,
        case when is_expansion then region.parent_region_id else region.id end loop_region,
        case when is_expansion then region.parent_region_index else t.region_index end iteration) place
    left join dynamic_region loop on loop.id = place.loop_region
    where t.working_set or t.try_number between 1 and (
      select present.try_number - 1 from public.task_instance present
      where present.working_set and (present.dag_id, present.run_id, present.task_id) = (t.dag_id, t.run_id, t.task_id)
        and (present.region_id, present.region_index) = (t.region_id, t.region_index))`;

const taskInstances = (attempts: string) => `
  with attempts as (${attempts})
  select a.dag_id, a.run_id as dag_run_id, a.task_id, a.try_number, a.state, a.start_date, a.end_date, a.duration,
    a.operator, a.hostname, a.map_index, a.is_latest, a.id, r.logical_date, r.run_after,
    coalesce(nullif(a.task_display_name, ''), a.task_id) as task_display_name, a.operator_name, a.max_tries, a.pool, a.pool_slots,
    a.queue, a.priority_weight, a.executor, a.queued_dttm as queued_when, a.scheduled_dttm as scheduled_when, a.pid,
    a.unixname, a.rendered_map_index, a.note, v.version_number as dag_version, a.region_id, a.region_index, a.loop_id,
    a.iteration, a.state_reason, null as team_name
  from attempts a
  join dag_run r using (dag_id, run_id)
  join dag m using (dag_id)
  left join dag_version v on v.id = a.dag_version_id
  order by a.dag_id collate "C", a.run_id collate "C", a.task_id collate "C", a.map_index, a.region_id, a.region_index,
    a.try_number`;

/**
 * The expected result of a sync, computed from the server's own database instead of its API: the columns of the three
 * tables, timestamps as `YYYY-MM-DDTHH:MM:SS.ffffffZ`, JSON parsed.
 */
export async function airflowTruth(server: Pick<AirflowServer, "query" | "version">): Promise<AirflowTruth> {
  const attempts = isAtLeast(server.version, "3.4") ? attemptsInOneTable : attemptsInTwoTables;
  return {
    airflow_dags: await server.query(dags),
    airflow_dag_runs: await server.query(dagRuns),
    airflow_task_instances: await server.query(taskInstances(attempts)),
  };
}
