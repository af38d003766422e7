/**
 * Every version of a row that the server ever held, logged by its own database: the oracle for what a sync may store
 * while the scheduler works. A moment is a snapshot of PostgreSQL, so what was visible then is known to the
 * transaction, whatever any clock says.
 */
import type { AirflowServer } from "./airflow.ts";
import type { QueryRow } from "./database.ts";

type Queries = Pick<AirflowServer, "query">;

const createLog = `
  create table version_log (
    n bigserial primary key, xid xid8 not null default pg_current_xact_id(),
    kind text not null, key jsonb not null, gone boolean not null, content jsonb not null);
  create index on version_log (kind, key, n);

  -- Arguments: the names of the key's columns. A row whose key changes is gone under the old one.
  create function log_version() returns trigger language plpgsql set timezone = 'UTC' as $$
  declare
    old_key jsonb; new_key jsonb;
  begin
    if tg_op <> 'INSERT' then
      select jsonb_agg(to_jsonb(old) -> name order by position) into old_key
      from unnest(tg_argv) with ordinality arguments(name, position);
    end if;
    if tg_op <> 'DELETE' then
      select jsonb_agg(to_jsonb(new) -> name order by position) into new_key
      from unnest(tg_argv) with ordinality arguments(name, position);
    end if;
    if old_key is distinct from new_key and old_key is not null then
      insert into version_log (kind, key, gone, content) values (tg_table_name, old_key, true, to_jsonb(old));
    end if;
    if new_key is not null then
      insert into version_log (kind, key, gone, content) values (tg_table_name, new_key, false, to_jsonb(new));
    end if;
    return null;
  end $$;

  create trigger log_version after insert or update or delete on dag_run
    for each row execute function log_version('dag_id', 'run_id');
  create trigger log_version after insert or update or delete on task_instance
    for each row execute function log_version('dag_id', 'run_id', 'task_id', 'map_index');
  create trigger log_version after insert or update or delete on task_instance_history
    for each row execute function log_version('dag_id', 'run_id', 'task_id', 'map_index', 'try_number');`;

const runColumns = `dag_id, run_id as dag_run_id, run_type, state, logical_date, start_date, end_date,
  data_interval_start, data_interval_end, run_after, queued_at, conf`;

const attemptColumns = `dag_id, run_id as dag_run_id, task_id, map_index, try_number, state, start_date, end_date,
  duration, operator, hostname, coalesce(nullif(task_display_name, ''), task_id) as task_display_name, max_tries, pool,
  pool_slots, queue, priority_weight, executor, queued_dttm as queued_when, scheduled_dttm as scheduled_when, pid,
  unixname, (select version_number from dag_version where id = dag_version_id) as dag_version`;

/** The columns of the three tables, as ours call them, from a logged version. What their joins add is left out. */
const columns = {
  dag_run: runColumns,
  task_instance: `${attemptColumns}, true as is_latest, id::text,
    coalesce(rendered_map_index, case when map_index >= 0 then map_index::text end) as rendered_map_index`,
  task_instance_history: `${attemptColumns}, false as is_latest, null as id, null as rendered_map_index`,
};

export type Kind = keyof typeof columns;

/** A row's version that was in force at some time between two moments. */
export interface Version {
  /** The key as JSON. */
  readonly key: string;
  /** Whether this is no version but the row's end. */
  readonly gone: boolean;
  /** Whether it was in force at the first moment already. */
  readonly wasThere: boolean;
  readonly content: QueryRow;
}

/** Logs every version from now on; the tables must be empty. */
export async function logVersions(server: Queries): Promise<void> {
  await server.query(createLog);
}

/** What is visible now, for `versionsBetween`. */
export async function moment(server: Queries): Promise<string> {
  const [row] = await server.query<{ now: string }>("select pg_current_snapshot()::text as now");
  return String(row?.now);
}

/** By key, in order: the version in force at the first moment, and all that came by the second. */
export async function versionsBetween(
  server: Queries,
  kind: Kind,
  from: string,
  to: string,
): Promise<Map<string, Version[]>> {
  const rows = await server.query(
    `with visible as (
       select n, key, gone, content, pg_visible_in_snapshot(xid, $2::pg_snapshot) was_there
       from version_log where kind = $1 and pg_visible_in_snapshot(xid, $3::pg_snapshot)
     ), numbered as (
       select *, max(n) filter (where was_there) over (partition by key) in_force from visible
     )
     select key::text "$key", gone "$gone", was_there "$wasThere", columns.* from numbered
     cross join lateral (select ${columns[kind]} from jsonb_populate_record(null::${kind}, content)) columns
     where not was_there or n = in_force order by n`,
    [kind, from, to],
  );
  const versions = rows.map(({ $key, $gone, $wasThere, ...content }) => {
    const key = JSON.stringify(JSON.parse(String($key)));
    return { key, gone: $gone === true, wasThere: $wasThere === true, content };
  });
  return Map.groupBy(versions, ({ key }) => key);
}

/** All versions that a row of a key ever had. */
export async function everyVersion(server: Queries, kind: Kind, key: readonly unknown[]): Promise<QueryRow[]> {
  return server.query(
    `select columns.* from version_log
     cross join lateral (select ${columns[kind]} from jsonb_populate_record(null::${kind}, content)) columns
     where kind = $1 and key = $2::jsonb and not gone order by n`,
    [kind, JSON.stringify(key)],
  );
}
