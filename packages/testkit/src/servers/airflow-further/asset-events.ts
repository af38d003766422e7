import type { FurtherTable } from "./table.ts";

/** Several in one moment; each third one without a source, as through the API. */
const insertAssetEvents = `
  insert into asset_event (asset_id, extra, source_dag_id, source_task_id, source_run_id, source_map_index,
    source_task_instance_id, -- since 3.4
    partition_key, -- since 3.2
    timestamp)
  select s.id, jsonb_build_object('rows', n), case when n % 3 > 0 then t.dag_id end, case when n % 3 > 0 then t.task_id end,
    case when n % 3 > 0 then t.run_id end, case when n % 3 > 0 then t.map_index else -1 end,
    case when n % 3 > 0 then t.id end, -- since 3.4
    case when n % 5 = 0 then 'eu|' || n end, -- since 3.2
    now() - interval '1 hour' - make_interval(mins => 30 * (n / 4))
  from (select *, (row_number() over (order by dag_id, run_id, task_id, map_index))::int n from task_instance limit 130) t
  join asset s on s.id = (select min(id) from asset) + n % 3`;

/** A run that is connected with its events later. */
const laterRun = `select max(id) from dag_run where run_type = 'asset_triggered' and start_date is not null and run_id not like '%/%'`;

const insertEventRuns = `
  insert into dagrun_asset_event (dag_run_id, event_id)
  select r.id, e.id from dag_run r join asset_event e on e.id % 7 = r.id % 7
  where r.run_type = 'asset_triggered' and r.start_date is not null and r.id <> (${laterRun})`;

export const assetEvents: FurtherTable = {
  truth: `
  select e.id as asset_event_id, e.asset_id, s.name as asset_name, s.uri as asset_uri, s."group" as asset_group_name, e.timestamp,
    e.source_dag_id, e.source_run_id as source_dag_run_id, e.source_task_id, e.source_map_index, e.extra,
    e.source_task_instance_id::text as source_task_instance_id, -- since 3.4
    null as source_task_instance_id, -- before 3.4
    e.partition_key -- since 3.2
    null as partition_key -- before 3.2
  from asset_event e join asset s on s.id = e.asset_id`,
  seed: [insertAssetEvents],
  change: [
    "insert into asset_event (asset_id, extra, source_map_index, timestamp) select min(id), '{}', -1, now() from asset",
  ],
};

export const assetEventRuns: FurtherTable = {
  truth: `
  select x.event_id as asset_event_id, r.dag_id, r.run_id as dag_run_id from dagrun_asset_event x join dag_run r on r.id = x.dag_run_id`,
  seed: [insertEventRuns],
  change: [
    // A run that an old event led to.
    `insert into dagrun_asset_event (dag_run_id, event_id) select (${laterRun}), min(id) from asset_event`,
    `update dag_run set updated_at = now() where id = (${laterRun})`,
  ],
};
