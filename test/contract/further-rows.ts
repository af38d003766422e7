import { type AirflowWorld, type FurtherRow, pool, taskDocument } from "@org/simulators/internal";

const iso = (hour: number) => new Date(Date.UTC(2026, 10, 20, hour)).toISOString();
const three = [1, 2, 3] as const;

/** Fills the lists of a simulated Airflow that only opt-in streams read. */
export function addFurtherRows(world: AirflowWorld): void {
  const { further } = world;
  const tasks = world.tasks();
  for (const n of three) {
    further.pools.push(pool(`pool ${n}`, n));
    further.connections.push({ ...connection, connection_id: `connection ${n}` });
    further.variables.push({
      key: `variable ${n}`,
      value: "",
      description: null,
      is_encrypted: false,
      team_name: null,
    });
    further.import_errors.push({ ...importError, import_error_id: n, timestamp: iso(n) });
    further.assets.push({ ...asset, id: n, name: `asset ${n}`, uri: `s3://${n}` });
    further.asset_events.push({ ...assetEvent, id: n, timestamp: iso(n) });
    further.jobs.push({ ...job, id: n, end_date: n === 3 ? null : iso(n), latest_heartbeat: iso(n) });
    further.hitl_details.push({
      ...{ ...detail, created_at: iso(n), response_received: n === 1 },
      task_instance: taskDocument(tasks[n]!, world.version),
    });
  }
}

const connection: FurtherRow = {
  ...{ conn_type: "http", description: null, host: null, login: null, schema: null, port: null, password: null },
  ...{ extra: null, team_name: null },
};
const importError: FurtherRow = {
  ...{ filename: "a.py", bundle_name: "dags", stack_trace: "Traceback", file_token: "token", source_reference: null },
};
const asset: FurtherRow = {
  ...{ group: "asset", extra: {}, last_asset_event: null, watchers: [], created_at: iso(0), updated_at: iso(0) },
  ...{ aliases: [], producing_tasks: [], consuming_tasks: [], scheduled_dags: [] },
};
const assetEvent: FurtherRow = {
  ...{ asset_id: 1, name: "orders", uri: "s3://orders", group: "asset", extra: {}, partition_key: null },
  ...{ source_dag_id: null, source_run_id: null, source_task_id: null, source_map_index: -1, created_dagruns: [] },
  source_task_instance_id: null,
};
const job: FurtherRow = {
  ...{ dag_id: null, job_type: "SchedulerJob", state: "running", hostname: "h", unixname: "u", executor_class: null },
  ...{ start_date: iso(0), dag_display_name: null, bundle_names: [], team_names: [] },
};
const detail: FurtherRow = {
  ...{ options: ["yes"], subject: "Go on?", body: null, defaults: null, multiple: false, params: {}, params_input: {} },
  ...{ responded_at: null, responded_by_user: null, assigned_users: [], chosen_options: null },
};
