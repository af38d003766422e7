import { expect } from "vitest";
import { type AirflowTarget, get, knowsRegions, pathOf, runs, someRun } from "./airflow-target.ts";
import { type ContractCase, request } from "./request.ts";

const version = "bundle_name bundle_url bundle_version created_at dag_display_name dag_id id version_number";
const run =
  "bundle_version conf dag_display_name dag_id dag_run_id dag_versions data_interval_end data_interval_start duration " +
  "end_date last_scheduling_decision logical_date note partition_date partition_key queued_at run_after run_type " +
  "start_date state triggered_by triggering_user_name";
const attempt =
  "dag_display_name dag_id dag_run_id dag_version duration end_date executor executor_config hostname map_index " +
  "max_tries operator operator_name pid pool pool_slots priority_weight queue queued_when scheduled_when start_date " +
  "state task_display_name task_id try_number unixname";
const task = `${attempt} id logical_date note rendered_fields rendered_map_index run_after trigger triggerer_job`;
const dag =
  "allowed_run_types bundle_name bundle_version dag_display_name dag_id description file_token fileloc " +
  "has_import_errors has_task_concurrency_limits is_backfillable is_paused is_stale last_expired last_parse_duration " +
  "last_parsed_time max_active_runs max_active_tasks max_consecutive_failed_dag_runs next_dagrun_data_interval_end " +
  "next_dagrun_data_interval_start next_dagrun_logical_date next_dagrun_run_after owners relative_fileloc tags " +
  "timetable_description timetable_partitioned timetable_periodic timetable_summary";
const details =
  `${dag} active_runs_count asset_expression catchup concurrency dag_run_timeout default_args doc_md end_date ` +
  "is_favorite is_paused_upon_creation last_parsed latest_dag_version owner_links params " +
  "render_template_as_native_obj rerun_with_latest_version start_date template_search_path timezone";
const event =
  "dag_display_name dag_id event event_log_id extra logical_date map_index owner run_id task_display_name task_id " +
  "try_number when";

const keys = (names: string) => names.split(" ").sort();
/** The fields, including those added in 3.4 if the server has them. */
const keysOn = async (target: AirflowTarget, names: string, since34: string) =>
  keys((await knowsRegions(target)) ? `${names} ${since34}` : names);
const keysOf = (value: object) => Object.keys(value).sort();

/** The exact fields of responses. */
export const airflowShapeCases: readonly ContractCase<AirflowTarget>[] = [
  {
    name: "version and health need no login",
    run: async ({ url }) => {
      const said = await request(`${url}/api/v2/version`);
      expect(said.status).toBe(200);
      expect(keysOf(said.json)).toEqual(["git_version", "version"]);
      const health = await request(`${url}/api/v2/monitor/health`);
      expect(health.status).toBe(200);
      expect(health.json.metadatabase.status).toBe("healthy");
    },
  },
  {
    name: "responses are JSON, with a Date in whole seconds",
    run: async (target) => {
      const reply = await get(target, `${runs}?limit=1`);
      expect(reply.headers.get("content-type")).toBe("application/json");
      expect(reply.headers.get("date")).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    },
  },
  {
    name: "a DAG, its details and its versions have these fields",
    run: async (target) => {
      const list = await get(target, "/api/v2/dags?limit=1");
      expect(keysOf(list.json)).toEqual(["dags", "total_entries"]);
      const listed = await keysOn(target, dag, "scheduling_state");
      expect(keysOf(list.json.dags[0])).toEqual(listed);
      const id = encodeURIComponent(list.json.dags[0].dag_id);
      expect(keysOf((await get(target, `/api/v2/dags/${id}`)).json)).toEqual(listed);
      const detailed = (await get(target, `/api/v2/dags/${id}/details`)).json;
      expect(keysOf(detailed)).toEqual(await keysOn(target, details, "scheduling_state team_name"));
      expect(detailed.timezone).toEqual(expect.any(String));
      const versions = await get(target, "/api/v2/dags/~/dagVersions?limit=1");
      expect(keysOf(versions.json)).toEqual(["dag_versions", "total_entries"]);
      expect(keysOf(versions.json.dag_versions[0])).toEqual(keys(version));
      const own = await get(target, `/api/v2/dags/${id}/dagVersions`);
      expect(own.json.dag_versions).toContainEqual(detailed.latest_dag_version);
    },
  },
  {
    name: "a run has these fields, and its versions theirs",
    run: async (target) => {
      const found = await someRun(target);
      expect(keysOf(found)).toEqual(await keysOn(target, run, "team_name"));
      const [used] = found.dag_versions as unknown as [object];
      expect(keysOf(used)).toEqual(keys(version));
      expect((await get(target, pathOf(found))).json).toEqual(found);
    },
  },
  {
    name: "a task instance has these fields; its tries lack those of the run, and before 3.4 the id",
    run: async (target) => {
      const runPath = pathOf(await someRun(target));
      const [found] = (await get(target, `${runPath}/taskInstances?limit=1`)).json.task_instances;
      expect(keysOf(found)).toEqual(await keysOn(target, task, "in_loop loop_iteration state_reason team_name"));
      expect(found.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      const { task_id, map_index } = found;
      for (const path of [`${task_id}/${map_index}/tries`, `${task_id}/tries?map_index=${map_index}`]) {
        const tries = await get(target, `${runPath}/taskInstances/${path}`);
        expect(keysOf(tries.json)).toEqual(["task_instances", "total_entries"]);
        expect(tries.json.total_entries).toBe(tries.json.task_instances.length);
        const tried = await keysOn(target, attempt, "id loop_iteration note state_reason");
        expect(keysOf(tries.json.task_instances[0])).toEqual(tried);
      }
    },
  },
  {
    name: "dagStats counts the runs of every DAG by state, in one response",
    run: async (target) => {
      const stats = (await get(target, "/api/v2/dagStats")).json;
      expect(stats.total_entries).toBe(stats.dags.length);
      expect(keysOf(stats.dags[0])).toEqual(["dag_display_name", "dag_id", "stats"]);
      let all = 0;
      for (const one of stats.dags) {
        expect(one.stats.map((entry: { state: string }) => entry.state).sort()).toEqual([
          "failed",
          "queued",
          "running",
          "success",
        ]);
        for (const { count } of one.stats) all += count;
      }
      expect(all).toBe((await get(target, `${runs}?limit=0`)).json.total_entries);
    },
  },
  {
    name: "the audit log has these fields, is sorted by id, and ignores a cursor",
    run: async (target) => {
      const newest = await get(target, "/api/v2/eventLogs?order_by=-id&limit=2&cursor=garbage");
      expect(keysOf(newest.json)).toEqual(["event_logs", "total_entries"]);
      const [first, second] = newest.json.event_logs;
      expect(keysOf(first)).toEqual(await keysOn(target, event, "owner_display_name task_instance_id team_name"));
      expect(first.event_log_id).toBeGreaterThan(second.event_log_id);
      // Ids do not grow with the time if rows were added by hand.
      const [latest] = (await get(target, "/api/v2/eventLogs?order_by=-when&limit=1")).json.event_logs;
      const later = encodeURIComponent(latest.when);
      expect((await get(target, `/api/v2/eventLogs?after=${later}`)).json.event_logs).toEqual([]);
      const before = (await get(target, `/api/v2/eventLogs?before=${later}&limit=0`)).json.total_entries;
      expect(before).toBeLessThan(newest.json.total_entries);
    },
  },
];
