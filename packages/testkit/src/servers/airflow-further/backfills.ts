import type { FurtherTable } from "./table.ts";

const insertBackfills = `
  insert into backfill (dag_id, from_date, to_date, dag_run_conf, is_paused, reprocess_behavior, max_active_runs, created_at,
    completed_at, updated_at)
  select dag_id, '2025-01-01Z', '2025-02-01T12:00:00.5Z', jsonb_build_object('n', n), n % 2 = 0,
    (array['none', 'failed', 'completed'])[n % 3 + 1], n, now() - make_interval(hours => n),
    case when n % 8 > 0 then now() - make_interval(mins => n) end, now() - make_interval(mins => n)
  from (select dag_id, (row_number() over (order by dag_id))::int n from dag where not is_stale) d where n % 4 < 2`;

export const backfills: FurtherTable = {
  truth: `
  select id as backfill_id, dag_id, from_date, to_date, reprocess_behavior, max_active_runs, is_paused, dag_run_conf, created_at,
    completed_at, updated_at
  from backfill`,
  seed: [insertBackfills],
  change: [
    "update backfill set completed_at = now(), updated_at = now() where id = (select max(id) from backfill where completed_at is null)",
  ],
};
