/**
 * Since 3.4, Airflow stores every attempt in `task_instance`, and has renamed the map index. The statements that fill and
 * change these databases were written for the two older tables. This recreates those as views, for a separate role. The
 * truth is read from the server's own table, `public.task_instance`.
 */
import { openDatabase } from "./database.ts";

/** The role whose statements see the older tables. */
export const classicRole = "classic";

const shared = `task_id, dag_id, run_id, region_index as map_index, start_date, end_date, duration, state, try_number,
  max_tries, hostname, unixname, pool, pool_slots, queue, priority_weight, operator, custom_operator_name, queued_dttm,
  scheduled_dttm, queued_by_job_id, last_heartbeat_at, pid, executor, executor_config, updated_at, rendered_map_index,
  task_display_name, dag_version_id`;

const statements = [
  `create role ${classicRole} superuser login`,
  `create schema classic`,
  `create view classic.task_instance as select id, ${shared} from public.task_instance where working_set`,
  `create view classic.task_instance_history as
   select id as task_instance_id, ${shared}, working_set, archived_reason from public.task_instance where working_set is null`,
  // Inserted rows are not current attempts. A plain null would select the table's default.
  `alter view classic.task_instance_history alter working_set set default nullif(true, true)`,
  `alter view classic.task_instance_history alter archived_reason set default 'legacy'`,
  `alter role ${classicRole} set search_path = classic, public`,
];

/** Creates the views in a database of 3.4 or later. @param url its owner's URL */
export async function makeClassicTables(url: string): Promise<void> {
  const database = openDatabase(url);
  try {
    for (const statement of statements) await database.query(statement);
  } finally {
    await database.close();
  }
}
