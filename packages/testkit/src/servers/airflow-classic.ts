/**
 * Since 3.4 Airflow keeps every attempt in `task_instance`, and calls the map index otherwise. What fills and changes
 * these databases was written for the two tables of before; here they are, as views on the one, in front of it for a
 * role of its own. Truth is taken from the server's own table, `public.task_instance`.
 */
import { openDatabase } from "./database.ts";

/** The role whose statements find the tables of before. */
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
  // What is inserted is no present attempt. A plain null would mean the table's own default.
  `alter view classic.task_instance_history alter working_set set default nullif(true, true)`,
  `alter view classic.task_instance_history alter archived_reason set default 'legacy'`,
  `alter role ${classicRole} set search_path = classic, public`,
];

/** Makes the views in a database of 3.4 or later. @param url how its owner reaches it */
export async function makeClassicTables(url: string): Promise<void> {
  const database = openDatabase(url);
  try {
    for (const statement of statements) await database.query(statement);
  } finally {
    await database.close();
  }
}
