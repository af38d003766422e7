import type { FurtherTable } from "./table.ts";

const insertJobs = `
  insert into job (state, job_type, start_date, end_date, latest_heartbeat, executor_class, hostname, unixname)
  select case when n % 3 = 0 then 'success' when n % 7 = 5 then 'failed' else 'running' end,
    (array['SchedulerJob', 'TriggererJob', 'DagProcessorJob'])[n % 3 + 1], now() - make_interval(hours => n),
    case when n % 3 = 0 or n % 7 = 5 then now() - make_interval(mins => n) end, now() - make_interval(mins => n),
    'LocalExecutor', 'host-' || n, 'airflow'
  from generate_series(1, 12) n`;

export const jobs: FurtherTable = {
  truth: `
  select id as job_id, job_type, state, hostname, unixname, executor_class, dag_id, start_date, end_date, latest_heartbeat,
    to_jsonb(bundle_names) as bundle_names, '[]'::jsonb as team_names -- since 3.4
    null as bundle_names, null as team_names -- before 3.4
  from job
  where state = 'running' -- before 3.2`,
  seed: [insertJobs],
  change: [
    "update job set state = 'failed', end_date = now() where id = (select max(id) from job where state = 'running')",
    `insert into job (state, job_type, start_date, latest_heartbeat, hostname)
     values ('running', 'SchedulerJob', now(), now() - interval '1 hour', 'new')`,
  ],
};

const component = (name: string, type: string) => `
  select '${name}', 'unhealthy',
    'down', (select max(latest_heartbeat) from job where job_type = '${type}' and end_date is null) -- since 3.4
    null, (select latest_heartbeat from job where job_type = '${type}' order by state <> 'running', latest_heartbeat desc limit 1) -- before 3.4`;

/** None of the jobs has had a heartbeat lately. */
export const health: FurtherTable = {
  truth: `select 'metadatabase' as component, 'healthy' as status, null as detailed_status, null::timestamptz as latest_heartbeat
    union all ${component("scheduler", "SchedulerJob")}
    union all ${component("triggerer", "TriggererJob")}
    union all ${component("dag_processor", "DagProcessorJob")}
  `,
};
