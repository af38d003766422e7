import pg from "pg";
import type { AirflowServer } from "./airflow.ts";

const largeRun = "large";

/** Creates a run of a mapped task with this many running instances. 20,000 take a second. */
export async function insertLargeRun(server: AirflowServer, instances: number): Promise<void> {
  await server.query(
    `with template as (
       select r.* from dag_run r join task_instance t using (dag_id, run_id)
       where t.task_id = 'process' and t.map_index = 0 order by r.id limit 1)
     insert into dag_run select x.* from template t, jsonb_populate_record(null::dag_run, to_jsonb(t) || jsonb_build_object(
       'id', nextval('dag_run_id_seq'), 'run_id', $1::text, 'run_type', 'manual', 'state', 'running', 'logical_date', null,
       'end_date', null, 'run_after', clock_timestamp(), 'updated_at', clock_timestamp())) x`,
    [largeRun],
  );
  await server.query(
    `with template as (
       select t.* from task_instance t join dag_run r using (dag_id) where r.run_id = $1 and t.task_id = 'process'
         and t.map_index = 0 order by t.run_id limit 1)
     insert into task_instance select x.* from template t, generate_series(0, $2::int - 1) n,
       jsonb_populate_record(null::task_instance, to_jsonb(t) || jsonb_build_object('id', uuidv7(), 'run_id', $1::text,
         'map_index', n, 'state', 'running', 'try_number', 1, 'end_date', null, 'rendered_map_index', null,
         'updated_at', clock_timestamp())) x`,
    [largeRun, instances],
  );
}

/** Creates DAGs as rows only, without files, each with a version. */
export async function insertDags(server: Pick<AirflowServer, "query">, from: number, to: number): Promise<void> {
  await server.query(
    `with template as (select m.*, v.id version from dag m join dag_version v using (dag_id)
       where v.version_number = 1 and m.dag_id like 'billing%' order by m.dag_id limit 1),
     named as (select 'many_' || lpad(n::text, 5, '0') id, uuidv7() version from generate_series($1::int, $2::int - 1) n
       where not exists (select 1 from dag where dag_id = 'many_' || lpad(n::text, 5, '0'))),
     dags as (insert into dag select x.* from template t, named,
       jsonb_populate_record(null::dag, to_jsonb(t) || jsonb_build_object('dag_id', named.id, 'dag_display_name', null,
         'last_parsed_time', clock_timestamp())) x returning dag_id),
     versions as (insert into dag_version select x.* from template t, named, dag_version v,
       jsonb_populate_record(null::dag_version, to_jsonb(v) || jsonb_build_object('id', named.version, 'dag_id', named.id,
         'created_at', clock_timestamp(), 'last_updated', clock_timestamp())) x where v.id = t.version returning id)
     insert into serialized_dag select x.* from template t, named, serialized_dag s,
       jsonb_populate_record(null::serialized_dag, to_jsonb(s) || jsonb_build_object('id', uuidv7(), 'dag_id', named.id,
         'dag_version_id', named.version)) x where s.dag_version_id = t.version`,
    [from, to],
  );
}

const deleteDags = `
  with gone as (select dag_id from dag where dag_id like 'many\\_%' order by md5(dag_id || $1) limit $2::int),
  serialized as (delete from serialized_dag where dag_version_id in (
    select id from dag_version v join gone using (dag_id)) returning id),
  versions as (delete from dag_version where dag_id in (select dag_id from gone) returning id)
  delete from dag where dag_id in (select dag_id from gone) returning dag_id`;

/** Changes to the large run: parts of it end, all of it ends at once, it shrinks and grows, and is retried. */
const runSteps = [
  `update task_instance set state = 'success', end_date = clock_timestamp(), updated_at = clock_timestamp()
   where run_id = 'large' and map_index % 40 = $1::int % 40`,
  `update task_instance set hostname = 'moved-' || $1::text, updated_at = now() where run_id = 'large' and map_index % 3 = $1::int % 3`,
  `update task_instance set state = null, try_number = 0, id = uuidv7(), updated_at = clock_timestamp()
   where run_id = 'large' and map_index % 50 = $1::int % 50`,
  `delete from task_instance where run_id = 'large' and map_index % 200 = $1::int % 200`,
];

/** Changes the large run, and 1 % of the DAGs each time, until stopped. */
export function startLargeWriter(server: AirflowServer, what: { readonly dags: number }): { stop(): Promise<number> } {
  let stopped = false;
  let changes = 0;
  const work = async () => {
    const client = new pg.Client({ connectionString: server.databaseUrl });
    await client.connect();
    try {
      while (!stopped) {
        changes += 1;
        if (what.dags === 0) await client.query(runSteps[changes % runSteps.length]!, [changes]);
        else {
          await client.query(deleteDags, [String(changes), Math.ceil(what.dags / 500)]);
          const from = (changes * 7_919) % what.dags;
          await insertDags(
            { query: async (sql, parameters) => (await client.query(sql, parameters)).rows as never },
            from,
            from + 20,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
    } finally {
      await client.end();
    }
  };
  const done = work();
  done.catch(() => {});
  return {
    async stop() {
      stopped = true;
      await done;
      return changes;
    },
  };
}

/** Creates a history of finished runs for each of those DAGs, an hour apart, with two task instances each. */
export async function insertHistory(server: Pick<AirflowServer, "query">, runsPerDag: number): Promise<void> {
  await server.query(
    `with template as (select r.* from dag_run r where dag_id like 'billing%' and state = 'success' order by id limit 1)
     insert into dag_run select x.* from template t, dag m join dag_version v using (dag_id), generate_series(1, $1::int) n,
       lateral (select now() - make_interval(hours => n) as began) times,
       jsonb_populate_record(null::dag_run, to_jsonb(t) || jsonb_build_object('id', nextval('dag_run_id_seq'), 'dag_id', m.dag_id,
         'run_id', 'old_' || n, 'run_type', 'manual', 'logical_date', null, 'created_dag_version_id', v.id, 'run_after', began,
         'start_date', began, 'end_date', began + interval '5 minutes', 'updated_at', began + interval '5 minutes')) x
     where m.dag_id like 'many\\_%'`,
    [runsPerDag],
  );
  // Without it, the database scans all runs for each task instance.
  await server.query("analyze");
  await server.query(
    `with template as (select t.* from task_instance t where dag_id like 'billing%' and task_id = 'report'
       and state = 'success' and try_number = 1 order by run_id limit 1)
     insert into task_instance select x.* from template t, dag_run r, unnest(array['list_files', 'report']) task,
       jsonb_populate_record(null::task_instance, to_jsonb(t) || jsonb_build_object('id', uuidv7(), 'dag_id', r.dag_id,
         'run_id', r.run_id, 'task_id', task, 'task_display_name', task, 'dag_version_id', r.created_dag_version_id,
         'start_date', r.start_date, 'end_date', r.end_date, 'updated_at', r.updated_at)) x
     where r.dag_id like 'many\\_%'`,
  );
  await server.query("analyze");
}
