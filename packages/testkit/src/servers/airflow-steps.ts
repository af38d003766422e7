/**
 * The writes of a scheduler and its workers, as SQL. Each sets `updated_at`, as Airflow's code does (a plain UPDATE would
 * not). $1 is the round, which selects the rows.
 */
import { isAtLeast } from "./for-version.ts";

/** Creates the next run of some DAGs, and backfills an old day. */
export const createScheduledRuns = `
  insert into dag_run (dag_id, run_id, run_type, state, logical_date, run_after, queued_at, data_interval_start,
    data_interval_end, triggered_by, conf, created_dag_version_id, log_template_id,
    created_at, -- since 3.2
    updated_at)
  select m.dag_id, run_type || '__' || to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), run_type, 'queued', at, clock_timestamp(),
    clock_timestamp(), at, at + interval '1 hour', case run_type when 'backfill' then 'BACKFILL' else 'TIMETABLE' end, '{}',
    (select id from dag_version v where v.dag_id = m.dag_id order by version_number desc limit 1),
    (select max(id) from log_template),
    clock_timestamp(), -- since 3.2
    clock_timestamp()
  from (select dag_id from dag where not is_stale order by md5(dag_id || $1) limit 6) m,
    (values ('scheduled', clock_timestamp()), ('backfill', timestamptz '2023-01-01 00:00:00+00' + make_interval(days => $1::int)))
      kind(run_type, at)`;

/** Starts the oldest queued runs. */
export const startRuns = `
  update dag_run set state = 'running', start_date = clock_timestamp(), last_scheduling_decision = clock_timestamp(),
    updated_at = clock_timestamp()
  where id in (select id from dag_run where state = 'queued' order by md5(id || $1) limit 8)`;

/** Starts task instances of running runs: for the first time, after a clear, or after a failure. Each gets a new number. */
export const startTasks = `
  update task_instance t set state = 'running', start_date = clock_timestamp(), end_date = null,
    try_number = t.try_number + 1, -- before 3.4
    try_number = greatest(t.try_number, 1), -- since 3.4
    duration = null, hostname = 'worker-9.example', unixname = 'airflow', pid = 4321, queued_dttm = clock_timestamp(),
    scheduled_dttm = clock_timestamp(), updated_at = clock_timestamp()
  where id in (
    select t.id from task_instance t join dag_run r using (dag_id, run_id)
    where r.state = 'running' and (t.state is null or t.state = 'up_for_retry')
      and not (t.map_index = -1 and t.custom_operator_name = '@task' and t.task_id = 'process')
    order by md5(t.id || $1) limit 20)`;

/** Expands a mapped task: its placeholder becomes index 0 and keeps its id, the others are new. */
export const expandMapped = `
  with expanded as (
    update task_instance set map_index = 0, updated_at = clock_timestamp()
    where id in (
      select t.id from task_instance t join dag_run r using (dag_id, run_id)
      where r.state = 'running' and t.task_id = 'process' and t.map_index = -1 and t.state is null
      order by md5(t.id || $1) limit 3)
    returning *)
  insert into task_instance (id, dag_id, run_id, task_id, map_index, try_number, max_tries, operator, custom_operator_name,
    task_display_name, pool, pool_slots, queue, priority_weight, hostname, dag_version_id, updated_at)
  select uuidv7(), dag_id, run_id, task_id, n, 0, max_tries, operator, custom_operator_name, task_display_name, pool,
    pool_slots, queue, priority_weight, '', dag_version_id, clock_timestamp()
  from expanded, generate_series(1, 4) n`;

const copied = `task_id, dag_id, run_id, map_index, try_number, start_date, max_tries, hostname, unixname, pool, pool_slots,
  queue, priority_weight, operator, custom_operator_name, queued_dttm, scheduled_dttm, pid, executor, executor_config,
  rendered_map_index, task_display_name, dag_version_id`;

/**
 * Fails an attempt that has retries left: it moves to the history under its id, and the row waits under a new id, since
 * 3.4 with the next number.
 */
export const failAttempts = (version: string) => (isAtLeast(version, "3.4") ? archiveAttempts : keepAttempts);

const archiveAttempts = `
  with failed as (
    update public.task_instance set working_set = null, archived_reason = 'retry', state = 'failed',
      end_date = clock_timestamp(), duration = 1.5, updated_at = clock_timestamp()
    where id in (select id from task_instance where state = 'running' and start_date is not null and try_number >= 1
      order by md5(id || $1) limit 4)
    returning *)
  insert into public.task_instance as t select x.* from failed f,
    jsonb_populate_record(null::public.task_instance, to_jsonb(f) || jsonb_build_object('id', uuidv7(), 'state', 'up_for_retry',
      'try_number', f.try_number + 1, 'max_tries', greatest(f.max_tries, f.try_number), 'working_set', true,
      'archived_reason', null, 'updated_at', clock_timestamp())) x`;

const keepAttempts = `
  with failed as (
    select * from task_instance where state = 'running' and start_date is not null and try_number >= 1
      and not exists (select 1 from task_instance_history h where h.dag_id = task_instance.dag_id
        and h.run_id = task_instance.run_id and h.task_id = task_instance.task_id
        and h.map_index = task_instance.map_index and h.try_number = task_instance.try_number)
    order by md5(id || $1) limit 4
  ), kept as (
    insert into task_instance_history (task_instance_id, ${copied}, state, end_date, duration, updated_at)
    select id, ${copied}, 'failed', clock_timestamp(), 1.5, clock_timestamp() from failed)
  update task_instance t set id = uuidv7(), state = 'up_for_retry', end_date = clock_timestamp(), duration = 1.5,
    max_tries = greatest(t.max_tries, t.try_number), updated_at = clock_timestamp()
  from failed where failed.id = t.id`;

/** Running attempts succeed. */
export const finishTasks = `
  update task_instance set state = 'success', end_date = clock_timestamp(),
    duration = extract(epoch from clock_timestamp() - start_date), updated_at = clock_timestamp()
  where id in (select id from task_instance where state = 'running' and start_date is not null order by md5(id || $1) limit 12)`;

/** Ends runs, with their open task instances. */
export const finishRuns = `
  with ended as (
    update dag_run set state = case when id % 4 = 0 then 'failed' else 'success' end, end_date = clock_timestamp(),
      updated_at = clock_timestamp()
    where id in (select id from dag_run where state = 'running' order by md5(id || $1) limit 6)
    returning dag_id, run_id, id, state
  ), closed as (
    update task_instance t set
      state = case when r.state = 'success' then 'success' when t.start_date is null then 'upstream_failed' else 'failed' end,
      try_number = t.try_number + case when r.state = 'success' and (t.state is null or t.state = 'up_for_retry') then 1 else 0 end, -- before 3.4
      try_number = greatest(t.try_number, case when r.state = 'success' then 1 else 0 end), -- since 3.4
      start_date = coalesce(t.start_date, clock_timestamp()), end_date = clock_timestamp(),
      duration = extract(epoch from clock_timestamp() - coalesce(t.start_date, clock_timestamp())), updated_at = clock_timestamp()
    from ended r
    where t.dag_id = r.dag_id and t.run_id = r.run_id
      and (t.state is null or t.state not in ('success', 'failed', 'skipped', 'upstream_failed', 'removed')))
  select id from ended`;
