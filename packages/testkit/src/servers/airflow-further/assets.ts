import { sinceVersion } from "../for-version.ts";
import type { FurtherTable } from "./table.ts";

const insertAssets = `
  with made as (
    insert into asset (name, uri, "group", extra, created_at, updated_at) values
      ('made by hand', 's3://bucket/by/hand', 'asset', '{"owner": "é", "n": 1.5}', now() - interval '9 days', now() - interval '3 days'),
      ('not active', 's3://bucket/not/active', 'team', '{}', now() - interval '9 days', now() - interval '3 days')
    returning id, name, uri
  )
  insert into asset_active (name, uri) select name, uri from made where name = 'made by hand'`;

const insertAliases = [
  `insert into asset_alias (name, "group") values ('zeta', 'asset'), ('alpha', 'asset')`,
  `insert into asset_alias_asset (alias_id, asset_id) select a.id, s.id from asset_alias a, asset s where s.name = 'made by hand'`,
];

const reference = (table: string, task: number) => `
  insert into ${table} (asset_id, dag_id, task_id, created_at, updated_at)
  select s.id, t.dag_id, min(t.task_id), now() - interval '5 days', now() - interval '4 days'
  from asset s, (select dag_id, task_id, (row_number() over (partition by dag_id order by task_id))::int n from task_instance group by 1, 2) t
  where t.n = ${task} and s.name <> 's3://bucket/clicks' and length(t.dag_id) % 2 = 0 group by s.id, t.dag_id`;

const activeAsset = `asset s join asset_active using (name, uri)`;

export const assets: FurtherTable = {
  truth: `
  select s.id as asset_id, s.name, s.uri, s."group" as group_name, s.extra, s.created_at, s.updated_at,
    coalesce((select jsonb_agg(a.name order by a.name collate "C") from asset_alias_asset x join asset_alias a on a.id = x.alias_id
      where x.asset_id = s.id), '[]') as aliases,
    coalesce((select jsonb_agg(w.name order by w.name collate "C") from asset_watcher w where w.asset_id = s.id), '[]') as watchers -- since 3.2
    null as watchers -- before 3.2
  from ${activeAsset}`,
  seed: [insertAssets, ...insertAliases],
  change: [
    // Assets change when a file is parsed.
    "update dag set last_parsed_time = now() where dag_id = (select min(dag_id) from dag)",
    "delete from asset_active where name = 'made by hand'",
    `update asset set updated_at = now(), extra = '{"new": true}' where name = 's3://bucket/orders'`,
  ],
};

export const assetEdges: FurtherTable = {
  truth: `
  select asset_id, 'produced_by' as relation, dag_id, task_id, r.created_at, r.updated_at from task_outlet_asset_reference r
    join ${activeAsset} on s.id = r.asset_id
  union all select asset_id, 'consumed_by', dag_id, task_id, r.created_at, r.updated_at from task_inlet_asset_reference r -- since 3.1
    join ${activeAsset} on s.id = r.asset_id -- since 3.1
  union all select asset_id, 'schedules', dag_id, '', r.created_at, r.updated_at from dag_schedule_asset_reference r
    join ${activeAsset} on s.id = r.asset_id`,
  seed: [
    reference("task_outlet_asset_reference", 1),
    ...sinceVersion("3.1", reference("task_inlet_asset_reference", 2)),
  ],
  change: ["delete from task_outlet_asset_reference where asset_id = (select min(id) from asset)"],
};
