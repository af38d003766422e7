/**
 * The statements that fill a seeded Airflow. Rows are computed by the database from the DAG's number (`i`), the run's
 * (`k`, 0 is the oldest) and a hash, so that the same seed gives the same world, and 20,000 rows take seconds.
 *
 * Invalid values make a whole page of the API fail with HTTP 500: `triggered_by` must be an enum name in capitals,
 * `context_carrier` has its own encoding, so it stays null, and `max_tries` must not be null.
 */

/** Three versions of every fifth DAG, as if its file had changed twice. */
export const insertVersions = `
  with source as (
    select m.dag_id, v.id version_id, v.bundle_name, n
    from dag m join dag_version v using (dag_id), generate_series(2, 3) n
    where m.dag_id = any($1) and v.version_number = 1
  ), versions as (
    insert into dag_version (id, version_number, dag_id, bundle_name, created_at, last_updated)
    select uuidv7(), n, dag_id, bundle_name, now() - make_interval(days => 10 - 3 * n), now() - make_interval(days => 10 - 3 * n)
    from source
    returning id, dag_id, created_at
  ), first as (
    select v.id, v.dag_id, v.created_at, s.version_id from versions v
    join (select distinct dag_id, version_id from source) s using (dag_id)
  ), code as (
    insert into dag_code (id, dag_id, fileloc, created_at, last_updated, source_code, source_code_hash, dag_version_id)
    select uuidv7(), f.dag_id, c.fileloc, f.created_at, f.created_at, c.source_code, c.source_code_hash, f.id
    from first f join dag_code c on c.dag_version_id = f.version_id
  )
  insert into serialized_dag (id, dag_id, data, data_compressed, created_at, last_updated, dag_hash, dag_version_id)
  select uuidv7(), f.dag_id, s.data, s.data_compressed, f.created_at, f.created_at, s.dag_hash, f.id
  from first f join serialized_dag s on s.dag_version_id = f.version_id`;

/** Earlier versions are older. */
export const ageFirstVersions = `
  update dag_version set created_at = created_at - interval '30 days', last_updated = last_updated - interval '30 days'
  where version_number = 1`;
export const ageFirstSerialized = `
  update serialized_dag s set created_at = s.created_at - interval '30 days', last_updated = s.last_updated - interval '30 days'
  from dag_version v where v.id = s.dag_version_id and v.version_number = 1`;

/**
 * Run ids that clients tend to get wrong. The API does not create most of them, but configuration and old data contain
 * them. A run with a slash cannot be addressed by its path at all.
 */
export const awkwardRunIds = [
  "with space",
  "with/slash",
  "100%25 percent%",
  "plus+plus",
  "ünïcödé_日本語",
  "rocket_🚀",
  "a&b;c?d#e=f",
  "quote'\"back\\slash",
  "50%2F50",
  "tilde~run",
  "pipe|under_score",
  "/leading/and/trailing/",
];

/** $1 DAGs as JSON `[{ dagId, index, stale }]`, $2 runs per DAG, $3 awkward run ids, $4 seed. */
export const insertRuns = `
  with base as (select date_trunc('hour', now()) - interval '1 hour' newest),
  grid as (
    select d.dag_id, d.i, d.stale, k, ($2 - k) age, d.i * 1000 + k + $4::bigint n, newest,
      newest - make_interval(hours => 6 * ($2 - k)) slot,
      case when k % 10 = 3 then 'manual' when k % 10 = 7 then 'manual' when k % 25 = 5 then 'backfill'
        when k % 20 = 9 then 'asset_triggered'
        when k % 40 = 19 then 'asset_materialization' -- since 3.2
        else 'scheduled' end run_type
    from base, generate_series(0, $2 - 1) k,
      jsonb_to_recordset($1::jsonb) as j("dagId" text, "index" int, "stale" bool),
      lateral (select j."dagId" dag_id, j."index" i, j."stale" stale) d
  ), dated as (
    select *,
      case when run_type = 'scheduled' then slot
        when run_type = 'backfill' then slot - interval '400 days'
        when k % 10 = 7 then slot + interval '1 hour 0.123456 seconds' end logical_date,
      case when run_type = 'scheduled' then slot + interval '6 hours' when k % 10 = 3 then slot
        else slot + interval '1 hour' end run_after,
      case when stale or age > 4 then case when n * 31 % 8 = 0 then 'failed' else 'success' end
        when age = 1 then (array['running', 'queued', 'success'])[i % 3 + 1]
        when age = 2 then (array['running', 'success', 'failed', 'queued'])[i % 4 + 1]
        else (array['running', 'success', 'running'])[(i + age) % 3 + 1] end state
    from grid
  ), timed as (
    select *,
      case when state <> 'queued' then run_after + make_interval(secs => n * 37 % 300)
        + (array[0, 123456, n * 7919 % 1000000])[k % 3 + 1] * interval '1 microsecond' end start_date,
      case when state in ('success', 'failed') then
        make_interval(secs => 240 + n * 53 % 900) + (n * 104729 % 1000000) * (k % 2) * interval '1 microsecond' end took
    from dated
  )
  insert into dag_run (dag_id, run_id, run_type, state, logical_date, run_after, queued_at, start_date, end_date,
    data_interval_start, data_interval_end, triggered_by, conf, bundle_version,
    triggering_user_name, -- since 3.1
    partition_key, created_at, -- since 3.2
    created_dag_version_id, clear_number, last_scheduling_decision, log_template_id, updated_at)
  select t.dag_id,
    case when k = 13 then ($3::text[])[i % cardinality($3::text[]) + 1]
      when run_type = 'scheduled' then 'scheduled__' || iso
      when run_type = 'backfill' then 'backfill__' || iso
      when run_type = 'manual' then 'manual__' || iso || '_' || k
      else run_type || '__' || iso || '_' || k end,
    run_type, state, logical_date, run_after, run_after + interval '1 second', start_date, start_date + took,
    case when logical_date is not null then logical_date end,
    case when logical_date is not null then logical_date + interval '6 hours' end,
    case run_type when 'scheduled' then 'TIMETABLE' when 'backfill' then 'BACKFILL' when 'manual'
      then (array['REST_API', 'UI', 'CLI', 'OPERATOR', 'TEST', null])[k / 10 % 6 + 1] else 'ASSET' end,
    case when run_type = 'manual' then jsonb_build_object('number', n, 'text', 'Grüße, "Welt" 🚀', 'ratio', 0.1,
        'nested', jsonb_build_object('list', jsonb_build_array(1, null, true, 'ü'), 'empty', '{}'::jsonb))
      when k % 17 = 0 then null else '{}'::jsonb end,
    case when k % 50 = 21 then 'a1b2c3d' end,
    case when run_type = 'manual' and k % 20 < 10 then 'admin' end, -- since 3.1
    case when k % 45 = 11 then 'eu|2026-01-0' || k % 9 end, run_after, -- since 3.2
    v.id, case when k % 30 = 8 then 2 else 0 end, start_date, (select max(id) from log_template),
    case when k % 33 = 1 then null when k % 12 = 4 then newest - interval '30 hours' + interval '0.25 seconds'
      else coalesce(start_date + took, start_date, run_after + interval '1 second') end
  from timed t
  cross join lateral (select to_char(coalesce(logical_date, run_after), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') iso) text
  cross join lateral (
    select id from dag_version v where v.dag_id = t.dag_id
    and v.version_number <= 1 + t.k * 3 / $2::int order by v.version_number desc limit 1) v
  order by k, i`;

/** A user's note on every fifteenth run. Newlines and non-Latin scripts must survive. */
export const insertRunNotes = `
  insert into dag_run_note (dag_run_id, user_id, content, created_at, updated_at)
  select id, 'admin', 'Checked: ' || run_type || E'\\nsecond line – "quoted", 日本語 🚀', run_after, run_after
  from dag_run where id % 15 = 6`;

/** A broken file. The server keeps its DAG, with an import error. $1 DAG id. */
export const insertImportError = `
  with broken as (update dag set has_import_errors = true where dag_id = $1 returning relative_fileloc, bundle_name)
  insert into import_error (timestamp, filename, bundle_name, stacktrace)
  select now(), relative_fileloc, bundle_name, 'SyntaxError: invalid syntax' from broken`;
