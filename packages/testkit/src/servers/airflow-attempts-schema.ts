/** The log's tables and triggers, and how to read a logged version, for both ways in which Airflow stores attempts. */
import { isAtLeast } from "./for-version.ts";

/** What is logged: runs, current attempts, and earlier ones. */
export type Kind = "dag_run" | "task_instance" | "task_instance_history";

/** A way to store attempts. */
export interface LogSchema {
  /** Statements that start the log. */
  readonly create: string;
  /** By kind: the row type of a logged version, and its columns under our tables' names. */
  readonly kinds: Readonly<Record<Kind, { readonly type: string; readonly columns: string }>>;
}

export function logSchemaOf(version: string): LogSchema {
  return isAtLeast(version, "3.4") ? inOneTable : inTwoTables;
}

// Qualified names, so that triggers find these functions under any search_path.
const createLog = `
  create table version_log (
    n bigserial primary key, xid xid8 not null default pg_current_xact_id(),
    kind text not null, key jsonb not null, gone boolean not null, content jsonb not null);
  create index on version_log (kind, key, n);

  -- A row whose key changes is gone under the old one.
  create function log_change(old_kind text, old_key jsonb, old_row jsonb, new_kind text, new_key jsonb, new_row jsonb)
  returns void language plpgsql set search_path from current as $$
  begin
    if old_key is not null and (old_kind, old_key) is distinct from (new_kind, new_key) then
      insert into version_log (kind, key, gone, content) values (old_kind, old_key, true, old_row);
    end if;
    if new_key is not null then
      insert into version_log (kind, key, gone, content) values (new_kind, new_key, false, new_row);
    end if;
  end $$;

  -- Arguments: the parts of the key, as expressions of a row called t.
  create function log_version() returns trigger language plpgsql set timezone = 'UTC' set search_path from current as $$
  declare
    old_key jsonb; new_key jsonb; key text := format('select jsonb_build_array(%s) from (select ($1).*) t', tg_argv[0]);
  begin
    if tg_op <> 'INSERT' then execute key into old_key using old; end if;
    if tg_op <> 'DELETE' then execute key into new_key using new; end if;
    perform log_change(tg_table_name, old_key, to_jsonb(old), tg_table_name, new_key, to_jsonb(new));
    return null;
  end $$;
  create trigger log_version after insert or update or delete on dag_run
    for each row execute function log_version('t.dag_id, t.run_id');`;

const runColumns = `t.dag_id, t.run_id as dag_run_id, t.run_type, t.state, t.logical_date, t.start_date, t.end_date,
  t.data_interval_start, t.data_interval_end, t.run_after, t.queued_at, t.conf`;

const attemptColumns = `t.dag_id, t.run_id as dag_run_id, t.task_id, t.try_number, t.state, t.start_date, t.end_date,
  t.duration, t.operator, t.hostname, coalesce(nullif(t.task_display_name, ''), t.task_id) as task_display_name, t.max_tries,
  t.pool, t.pool_slots, t.queue, t.priority_weight, t.executor, t.queued_dttm as queued_when,
  t.scheduled_dttm as scheduled_when, t.pid, t.unixname,
  (select version_number from dag_version where id = t.dag_version_id) as dag_version`;

const place = "t.dag_id, t.run_id, t.task_id, t.map_index, '', -1";

const inTwoTables: LogSchema = {
  create: `${createLog}
  create trigger log_version after insert or update or delete on task_instance
    for each row execute function log_version($$${place}$$);
  create trigger log_version after insert or update or delete on task_instance_history
    for each row execute function log_version($$${place}, t.try_number$$);`,
  kinds: {
    dag_run: { type: "dag_run", columns: runColumns },
    task_instance: {
      type: "task_instance",
      columns: `${attemptColumns}, t.map_index, '' as region_id, -1 as region_index, true as is_latest, t.id::text,
        coalesce(t.rendered_map_index, case when t.map_index >= 0 then t.map_index::text end) as rendered_map_index`,
    },
    task_instance_history: {
      type: "task_instance_history",
      columns: `${attemptColumns}, t.map_index, '' as region_id, -1 as region_index, false as is_latest, null as id,
        null as rendered_map_index`,
    },
  },
};

const indexIn34 =
  "(place_of(t) ->> 3)::int as map_index, place_of(t) ->> 4 as region_id, (place_of(t) ->> 5)::int as region_index";

/**
 * Since 3.4, a replaced attempt stays in its table and becomes part of the history. Its task instance is only gone if no
 * new attempt takes its place before the commit, as for later iterations when a loop is cleared.
 */
const inOneTable: LogSchema = {
  create: `${createLog}
  -- Regions go with their run; what was in them is asked for later.
  create table region_log (id uuid primary key, node_id text not null);
  create function log_region() returns trigger language plpgsql set search_path from current as $$
  begin
    insert into region_log values (new.id, new.node_id);
    return null;
  end $$;
  create trigger log_region after insert on dynamic_region for each row execute function log_region();

  create function place_of(t public.task_instance) returns jsonb language sql stable set search_path from current as $$
    select jsonb_build_array(t.dag_id, t.run_id, t.task_id,
      case when not has_region or exists (select from region_log where id = t.region_id and node_id = t.task_id)
        then t.region_index else -1 end,
      case when has_region then t.region_id::text else '' end, case when has_region then t.region_index else -1 end)
    from (select t.region_id <> '00000000-0000-0000-0000-000000000000' as has_region) about $$;
  create function kind_of(t public.task_instance) returns text language sql as $$
    select case when t.working_set then 'task_instance' else 'task_instance_history' end $$;
  create function key_of(t public.task_instance) returns jsonb language sql stable set search_path from current as $$
    select case when t.working_set then place_of(t) else place_of(t) || to_jsonb(t.try_number) end $$;

  create function log_attempt() returns trigger language plpgsql set timezone = 'UTC' set search_path from current as $$
  declare
    is_replaced boolean := tg_op = 'UPDATE' and old.working_set and not coalesce(new.working_set, false);
    old_key jsonb; new_key jsonb; old_kind text; new_kind text;
  begin
    if tg_op <> 'INSERT' and not is_replaced then old_key := key_of(old); old_kind := kind_of(old); end if;
    if tg_op <> 'DELETE' then new_key := key_of(new); new_kind := kind_of(new); end if;
    perform log_change(old_kind, old_key, to_jsonb(old), new_kind, new_key, to_jsonb(new));
    return null;
  end $$;
  create trigger log_attempt after insert or update or delete on public.task_instance
    for each row execute function log_attempt();

  create function log_vacant() returns trigger language plpgsql set timezone = 'UTC' set search_path from current as $$
  begin
    if not exists (select from public.task_instance t where t.working_set and t.dag_id = old.dag_id and t.run_id = old.run_id
        and t.task_id = old.task_id and t.region_id = old.region_id and t.region_index = old.region_index) then
      perform log_change('task_instance', place_of(old), to_jsonb(old), null, null, null);
    end if;
    return null;
  end $$;
  create constraint trigger log_vacant after update on public.task_instance deferrable initially deferred
    for each row when (old.working_set and new.working_set is null) execute function log_vacant();`,
  kinds: {
    dag_run: { type: "dag_run", columns: runColumns },
    task_instance: {
      type: "public.task_instance",
      columns: `${attemptColumns}, ${indexIn34}, true as is_latest, t.id::text,
        coalesce(t.rendered_map_index, nullif(place_of(t) ->> 3, '-1')) as rendered_map_index`,
    },
    task_instance_history: {
      type: "public.task_instance",
      columns: `${attemptColumns}, ${indexIn34}, false as is_latest, t.id::text, null as rendered_map_index`,
    },
  },
};
