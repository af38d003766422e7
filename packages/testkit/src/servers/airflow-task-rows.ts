/**
 * The statements that create the seeded runs' task instances and their earlier attempts. See airflow-rows.ts for how rows
 * are computed.
 */

/**
 * $1 tasks as JSON `[{ dagId, position, count, task… }]`, $2 seed, $3 a DAG whose old rows have no version. Fills runs that
 * have no task instances yet.
 *
 * A hash `h` (0 to 999) of the key decides what happened to a task instance: below 15, skipped in a successful run; 40 to
 * 59, cleared and run again; up to three retries if the task has any. Runs with a slash in their id only have one attempt,
 * since the API cannot return their earlier ones.
 */
export const insertTaskInstances = `
  with tasks as (
    select * from jsonb_to_recordset($1::jsonb) as t("dagId" text, "position" int, "count" int, "taskId" text,
      "operator" text, "customOperatorName" text, "displayName" text, "mapped" int, "retries" int, "pool" text,
      "queue" text, "priorityWeight" int)
  ), keyed as (
    select r.*, t.*, m map_index, abs(hashtextextended(concat_ws('|', r.dag_id, r.run_id, t."taskId", m), $2::bigint)) % 1000 h
    from dag_run r join tasks t on t."dagId" = r.dag_id
    cross join lateral generate_series(
      case when t."mapped" is null or r.state = 'queued' or (r.state = 'running' and t."position" > 1) then -1 else 0 end,
      case when t."mapped" is null or r.state = 'queued' or (r.state = 'running' and t."position" > 1) then -1
        else t."mapped" - 1 end) m
    where not exists (select 1 from task_instance ti where ti.dag_id = r.dag_id and ti.run_id = r.run_id)
  ), decided as (
    select *, case
      when state = 'queued' then null
      when state = 'success' then case when h < 15 then 'skipped' else 'success' end
      when state = 'failed' then case when "position" < "count" - 2 then 'success'
        when "position" = "count" - 2 then 'failed' else 'upstream_failed' end
      when "position" = 0 then 'success'
      when "position" = 1 then (array['running', 'queued', 'scheduled', 'deferred', 'up_for_reschedule', 'restarting',
        'up_for_retry', 'up_for_retry', 'running', 'cleared',
        'awaiting_input', -- since 3.3
        'cleared'])[h % 12 + 1]
      else (array[null, 'cleared', 'scheduled', 'running', 'up_for_retry'])[h % 5 + 1] end outcome
    from keyed
  ), tried as (
    select *,
      case when outcome is null or outcome in ('skipped', 'upstream_failed', 'scheduled') then 0
        when run_id like '%/%' then 1
        when "retries" > 0 and h % 5 < 2 then least(1 + h % 4, "retries" + 1)
        when h between 40 and 59 then 2 else 1 end try_number,
      case when outcome in ('success', 'failed', 'running', 'deferred', 'up_for_retry', 'up_for_reschedule', 'restarting', 'cleared', 'awaiting_input')
        then start_date + make_interval(secs => 5 + 40 * "position") + (array[0, h * 997])[h % 2 + 1] * interval '1 microsecond'
        when outcome in ('skipped', 'upstream_failed') then start_date + make_interval(secs => 5 + 40 * "position") end began,
      case when outcome in ('success', 'failed', 'up_for_retry', 'cleared')
        then make_interval(secs => 1 + h % 37) + (h * 1009) * (h % 3) * interval '1 microsecond'
        when outcome in ('skipped', 'upstream_failed') then interval '0' end took
    from decided
  )
  insert into task_instance (id, dag_id, run_id, task_id, map_index, state, try_number, max_tries, start_date, end_date,
    duration, operator, custom_operator_name, task_display_name, pool, pool_slots, queue, priority_weight, hostname,
    unixname, pid, executor, executor_config, queued_dttm, scheduled_dttm, rendered_map_index, dag_version_id, updated_at)
  select uuidv7(run_after - now()), dag_id, run_id, "taskId", map_index, nullif(outcome, 'cleared'), try_number,
    "retries" + case when h between 40 and 59 then 1 else 0 end, began, began + took,
    extract(epoch from took), "operator", "customOperatorName", coalesce("displayName", "taskId"),
    "pool", 1 + (h % 50 = 7)::int, "queue", "priorityWeight",
    case when try_number = 0 then '' else 'worker-' || h % 4 || '.example' end,
    case when try_number > 0 then 'airflow' end, case when try_number > 0 then 1000 + h end,
    case when h % 10 = 2 then 'LocalExecutor' end, null,
    began - interval '2 seconds', began - interval '3.5 seconds',
    case when map_index >= 0 then 'file_' || map_index || '.csv – ü' end,
    case when dag_id = $3 and run_after < now() - interval '20 days' then null
      when h < 200 and "position" = "count" - 1 then latest.id else created_dag_version_id end,
    case when end_date is not null and updated_at is distinct from end_date then updated_at
      else coalesce(began + took, began, updated_at) end
  from tried
  cross join lateral (
    select v.id from dag_version v where v.dag_id = tried.dag_id order by version_number desc limit 1) latest
  order by run_after, "position", map_index`;

/** A task that was removed from the DAG while its runs remain. */
export const insertRemoved = `
  insert into task_instance (id, dag_id, run_id, task_id, map_index, state, try_number, max_tries, operator,
    task_display_name, pool, pool_slots, queue, priority_weight, hostname, dag_version_id, updated_at)
  select uuidv7(run_after - now()), dag_id, run_id, 'retired_task', -1, 'removed', id % 2, 0, 'EmptyOperator', 'retired_task',
    'default_pool', 1, 'default', 1, '', created_dag_version_id, updated_at
  from dag_run where id % 40 = 2`;

const copied = `dag_id, run_id, task_id, map_index, max_tries, operator, custom_operator_name, task_display_name, pool,
  pool_slots, queue, priority_weight, hostname, unixname, executor, executor_config, rendered_map_index, dag_version_id`;

/**
 * Earlier attempts: failed with retries left, or successful and cleared. One in twenty is missing, as on upgraded
 * servers.
 */
export const insertEarlierAttempts = `
  insert into task_instance_history (task_instance_id, ${copied}, try_number, state, start_date, end_date, duration, pid,
    queued_dttm, scheduled_dttm, updated_at)
  select uuidv7(coalesce(start_date, now()) - now() - make_interval(secs => 100 * (try_number - n))), ${copied}, n,
    case when max_tries > try_number or try_number > 2 or (pid + n) % 3 > 0 then 'failed' else 'success' end,
    start_date - make_interval(secs => 100 * (try_number - n) + 0.5),
    start_date - make_interval(secs => 100 * (try_number - n) - 45.25), 45.75, pid - n,
    queued_dttm - make_interval(secs => 100 * (try_number - n)), null, end_date
  from task_instance, generate_series(1, try_number - 1) n
  where try_number > 1 and (pid + n) % 20 > 0`;

/** Since 3.4, a task instance that waits for its next attempt already has its number. Run before the next statement. */
export const numberNextAttempts = `
  update task_instance set try_number = try_number + 1 -- since 3.4
  where try_number > 0 and start_date is not null and (state is null or state = 'up_for_retry') -- since 3.4`;

/**
 * Waiting for a retry, or cleared and not yet scheduled: the history already has a row with the listed number; since 3.4,
 * with the number before.
 */
export const insertSharedNumbers = `
  insert into task_instance_history (task_instance_id, ${copied}, try_number, state, start_date, end_date, duration, pid,
    queued_dttm, scheduled_dttm, updated_at)
  select uuidv7(start_date - now()), ${copied},
    try_number, -- before 3.4
    try_number - 1, -- since 3.4
    case when state is null then 'success' else 'failed' end,
    start_date, end_date, duration, pid, queued_dttm, scheduled_dttm, end_date
  from task_instance where try_number > 0 and start_date is not null and (state is null or state = 'up_for_retry')`;

/** Skipped, then cleared and run: the history has an entry with number 0, which is not an attempt. */
export const insertSkippedThenCleared = `
  insert into task_instance_history (task_instance_id, ${copied}, try_number, state, start_date, end_date, duration, updated_at)
  select uuidv7(start_date - now() - interval '1 hour'), ${copied}, 0, 'skipped', start_date - interval '1 hour',
    start_date - interval '1 hour', 0, start_date
  from task_instance where state = 'success' and pid % 50 = 25`;

/** A user's note on one task instance in fifty. */
export const insertTaskNotes = `
  insert into task_instance_note (ti_id, user_id, content, created_at, updated_at)
  select id, 'admin', 'Why? ' || task_id || ' – 🚀', updated_at, updated_at
  from task_instance where pid % 50 = 11 and updated_at is not null`;

/**
 * Since 3.4, mapped task instances have a region, except for those from before an upgrade. Alternates between runs.
 */
export const insertRegions = `
  with places as ( -- since 3.4
    select uuidv7() id, dag_id, run_id, task_id from (select distinct dag_id, run_id, task_id from task_instance t -- since 3.4
      join dag_run r using (dag_id, run_id) where t.map_index >= 0 and r.id % 2 = 0) mapped -- since 3.4
  ), regions as ( -- since 3.4
    insert into dynamic_region (id, dag_id, run_id, node_id, family_root_id, path, created_at) -- since 3.4
    select id, dag_id, run_id, task_id, id, '', now() from places returning * -- since 3.4
  ) -- since 3.4
  update public.task_instance t set region_id = r.id from regions r -- since 3.4
  where (t.dag_id, t.run_id, t.task_id) = (r.dag_id, r.run_id, r.node_id) -- since 3.4`;
