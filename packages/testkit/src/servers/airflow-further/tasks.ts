import type { FurtherTable } from "./table.ts";

export const dagVersions: FurtherTable = {
  truth: `
  select dag_id, version_number, id::text, created_at, bundle_name, bundle_version from dag_version`,
};

/** The tasks of each latest version, as the server keeps them serialized: without what has its default. */
const serialized = `
  latest as (select dag_id, max(version_number) as version_number from dag_version group by dag_id),
  serialized as (
    select v.dag_id, v.version_number, t -> '__var' as own, t -> '__var' -> 'partial_kwargs' as shared,
      s.data::jsonb -> 'client_defaults' -> 'tasks' as given, s.data::jsonb -> 'dag' as dag
    from latest join dag_version v using (dag_id, version_number) join serialized_dag s on s.dag_version_id = v.id,
      jsonb_array_elements(s.data::jsonb -> 'dag' -> 'tasks') t
  )`;

const setting = (name: string, otherwise = "null") =>
  `coalesce(own ->> '${name}', shared ->> '${name}', given ->> '${name}', ${otherwise})`;

export const tasks: FurtherTable = {
  truth: `
  with ${serialized}
  select dag_id, version_number, own ->> 'task_id' as task_id,
    coalesce(own ->> '_task_display_name', own ->> 'task_display_name', shared ->> 'task_display_name', own ->> 'task_id') as task_display_name,
    own ->> 'task_type' as operator, own ->> '_task_module' as operator_module,
    coalesce(own ->> '_operator_name', own ->> 'task_type') as operator_name, ${setting("owner", "'airflow'")} as owner,
    coalesce((own ->> '_is_mapped')::bool, false) as is_mapped, ${setting("trigger_rule", "'all_success'")} as trigger_rule,
    ${setting("depends_on_past", "'false'")}::bool as depends_on_past, ${setting("wait_for_downstream", "'false'")}::bool as wait_for_downstream,
    ${setting("retries", "'0'")}::int as retries, ${setting("retry_delay", "'300'")}::float8 as retry_delay,
    ${setting("retry_exponential_backoff", "'0'")}::float8 as retry_exponential_backoff, -- since 3.2
    case ${setting("retry_exponential_backoff", "'false'")}::bool when true then 2 else 0 end as retry_exponential_backoff, -- before 3.2
    ${setting("execution_timeout")}::float8 as execution_timeout, ${setting("pool", "'default_pool'")} as pool,
    ${setting("pool_slots", "'1'")}::int as pool_slots, ${setting("queue", "'default'")} as queue,
    ${setting("priority_weight", "'1'")}::int as priority_weight, ${setting("weight_rule", "'downstream'")} as weight_rule,
    to_timestamp(${setting("start_date", "dag ->> 'start_date'")}::float8) as start_date,
    to_timestamp(${setting("end_date", "dag ->> 'end_date'")}::float8) as end_date, own ->> 'doc_md' as doc_md
  from serialized`,
};

export const taskEdges: FurtherTable = {
  truth: `
  with ${serialized}
  select dag_id, version_number, own ->> 'task_id' as upstream_task_id, downstream_task_id
  from serialized, jsonb_array_elements_text(own -> 'downstream_task_ids') downstream_task_id`,
};
