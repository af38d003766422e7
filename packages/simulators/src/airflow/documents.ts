import { formatShort, type Instant } from "../time.ts";
import type {
  DagVersion,
  SimulatedAttempt,
  SimulatedDag,
  SimulatedEvent,
  SimulatedRun,
  SimulatedTask,
  TaskDefinition,
} from "./records.ts";
import type { AirflowWorldVersion } from "./store.ts";

/** Thrown where a real server cannot serialize a row: the whole page becomes a bare 500. */
export class PoisonedRow extends Error {
  override readonly name = "PoisonedRow";
}

const text = (instant: Instant | null) => (instant === null ? null : formatShort(instant));

export function seconds(start: Instant | null, end: Instant | null): number | null {
  return start === null || end === null ? null : (end - start) / 1_000_000;
}

export function versionDocument(dag: SimulatedDag, version: DagVersion) {
  return {
    id: version.id,
    version_number: version.number,
    dag_id: dag.dagId,
    bundle_name: dag.bundleName,
    bundle_version: dag.bundleVersion,
    created_at: text(version.createdAt),
    dag_display_name: dag.displayName,
    bundle_url: null,
  };
}

export function dagDocument(dag: SimulatedDag, version: AirflowWorldVersion) {
  if (dag.poisoned) throw new PoisonedRow();
  const next = dag.nextRun;
  return {
    dag_id: dag.dagId,
    dag_display_name: dag.displayName,
    is_paused: dag.isPaused,
    is_stale: dag.isStale,
    last_parsed_time: text(dag.lastParsed),
    last_parse_duration: null,
    last_expired: null,
    bundle_name: dag.bundleName,
    bundle_version: dag.bundleVersion,
    relative_fileloc: dag.fileLocation.split("/").at(-1),
    fileloc: dag.fileLocation,
    description: dag.description,
    timetable_summary: dag.schedule,
    timetable_description: dag.scheduleInWords,
    timetable_partitioned: false,
    timetable_periodic: dag.schedule !== null,
    tags: [...dag.tags].sort().map((name) => ({ name, dag_id: dag.dagId, dag_display_name: dag.displayName })),
    max_active_tasks: dag.maxActiveTasks,
    max_active_runs: dag.maxActiveRuns,
    max_consecutive_failed_dag_runs: dag.maxConsecutiveFailedRuns,
    has_task_concurrency_limits: dag.hasTaskConcurrencyLimits,
    has_import_errors: dag.hasImportErrors,
    next_dagrun_logical_date: text(next?.logicalDate ?? null),
    next_dagrun_data_interval_start: text(next?.intervalStart ?? null),
    next_dagrun_data_interval_end: text(next?.intervalEnd ?? null),
    next_dagrun_run_after: text(next?.runAfter ?? null),
    allowed_run_types: null,
    owners: dag.owners,
    is_backfillable: dag.schedule !== null,
    file_token: Buffer.from(dag.fileLocation).toString("base64url"),
    ...(version !== "3.3" && { scheduling_state: dag.schedulingState }),
  };
}

/** @param timezone the server's default one: a real server returns that for every DAG */
export function dagDetailsDocument(dag: SimulatedDag, version: AirflowWorldVersion, timezone = "UTC") {
  let activeRuns = 0;
  for (const run of dag.runs.values()) if (run.state === "running") activeRuns += 1;
  return {
    ...dagDocument(dag, version),
    catchup: false,
    dag_run_timeout: null,
    asset_expression: null,
    doc_md: null,
    start_date: "2026-01-01T00:00:00Z",
    end_date: null,
    is_paused_upon_creation: null,
    params: {},
    render_template_as_native_obj: false,
    template_search_path: null,
    timezone,
    last_parsed: text(dag.lastParsed),
    default_args: {},
    rerun_with_latest_version: null,
    owner_links: {},
    is_favorite: false,
    active_runs_count: activeRuns,
    concurrency: dag.maxActiveTasks,
    latest_dag_version: versionDocument(dag, dag.versions.at(-1)!),
    ...(version !== "3.3" && { team_name: null }),
  };
}

/** A task as its DAG defines it. */
export function definitionDocument(task: TaskDefinition, next: TaskDefinition | undefined) {
  const operator = task.operator ?? "PythonOperator";
  const delay = { __type: "TimeDelta", days: 0, seconds: 300, microseconds: 0 };
  return {
    class_ref: { class_name: operator, module_path: "airflow.providers.standard.operators" },
    ...{ task_id: task.taskId, task_display_name: task.taskId, operator_name: operator, owner: "airflow" },
    ...{
      depends_on_past: false,
      wait_for_downstream: false,
      trigger_rule: "all_success",
      is_mapped: Boolean(task.mapped),
    },
    ...{ retries: task.retries ?? 0, retry_delay: delay, retry_exponential_backoff: 0, execution_timeout: null },
    ...{ pool: "default_pool", pool_slots: 1, queue: "default", priority_weight: 1, weight_rule: "downstream" },
    ...{ start_date: "2026-01-01T00:00:00Z", end_date: null, doc_md: null, params: {}, extra_links: [] },
    ...{ template_fields: [], ui_color: "#fff", ui_fgcolor: "#000" },
    downstream_task_ids: next ? [next.taskId] : [],
  };
}

/** The versions that a run's task instances used, ascending. */
export function versionsOf(run: SimulatedRun): DagVersion[] {
  const versions = new Set(run.tasks.map((task) => task.version));
  return [...versions].sort((a, b) => a.number - b.number);
}

export function runDocument(run: SimulatedRun, version: AirflowWorldVersion) {
  if (run.poisoned) throw new PoisonedRow(run.runId);
  return {
    dag_run_id: run.runId,
    dag_id: run.dag.dagId,
    logical_date: text(run.logicalDate),
    queued_at: text(run.queuedAt),
    start_date: text(run.startDate),
    end_date: text(run.endDate),
    duration: seconds(run.startDate, run.endDate),
    data_interval_start: text(run.intervalStart),
    data_interval_end: text(run.intervalEnd),
    run_after: formatShort(run.runAfter),
    last_scheduling_decision: text(run.lastSchedulingDecision),
    run_type: run.runType,
    state: run.state,
    triggered_by: run.triggeredBy,
    triggering_user_name: run.triggeringUser,
    conf: run.conf,
    note: run.note,
    dag_versions: versionsOf(run).map((version) => versionDocument(run.dag, version)),
    bundle_version: run.bundleVersion,
    dag_display_name: run.dag.displayName,
    partition_key: run.partitionKey,
    partition_date: null,
    ...(version !== "3.3" && { team_name: run.dag.teamName }),
  };
}

/** The fields of every attempt, as `/tries` returns it. */
export function attemptDocument(task: SimulatedTask, attempt: SimulatedAttempt, version: AirflowWorldVersion) {
  const { run, definition, region, iteration } = task;
  return {
    ...(version !== "3.3" && {
      id: attempt.id,
      note: attempt.note,
      state_reason: attempt.stateReason,
      loop_iteration: definition.loop === undefined ? null : { loop_id: definition.loop, iteration },
      ...(region && { region_id: region.id, region_index: task.regionIndex }),
    }),
    task_id: definition.taskId,
    dag_id: run.dag.dagId,
    dag_run_id: run.runId,
    map_index: task.mapIndex,
    start_date: text(attempt.startDate),
    end_date: text(attempt.endDate),
    duration: seconds(attempt.startDate, attempt.endDate),
    state: attempt.state,
    try_number: attempt.tryNumber,
    max_tries: attempt.maxTries,
    task_display_name: definition.taskId,
    dag_display_name: run.dag.displayName,
    hostname: attempt.hostname,
    unixname: "airflow",
    pool: "default_pool",
    pool_slots: 1,
    queue: "default",
    priority_weight: 1,
    operator: definition.operator ?? "PythonOperator",
    operator_name: definition.operator ?? "PythonOperator",
    queued_when: text(attempt.queuedWhen),
    scheduled_when: text(attempt.scheduledWhen),
    pid: attempt.pid,
    executor: null,
    executor_config: "{}",
    dag_version: versionDocument(run.dag, attempt.version),
  };
}

export function taskDocument(task: SimulatedTask, version: AirflowWorldVersion) {
  if (task.poisoned) throw new PoisonedRow(task.id);
  return {
    id: task.id,
    ...attemptDocument(task, task, version),
    ...(version !== "3.3" && { in_loop: task.definition.loop !== undefined, team_name: task.run.dag.teamName }),
    logical_date: text(task.run.logicalDate),
    run_after: formatShort(task.run.runAfter),
    note: task.note,
    rendered_map_index: task.renderedMapIndex,
    rendered_fields: {},
    trigger: null,
    triggerer_job: null,
  };
}

export function eventDocument(event: SimulatedEvent, version: AirflowWorldVersion) {
  return {
    event_log_id: event.id,
    when: formatShort(event.when),
    dag_id: event.dagId,
    task_id: event.taskId,
    run_id: event.runId,
    map_index: event.mapIndex,
    try_number: null,
    event: event.event,
    logical_date: null,
    owner: event.owner,
    extra: event.extra,
    dag_display_name: event.dagId,
    task_display_name: event.taskId,
    ...(version !== "3.3" && { owner_display_name: event.owner, task_instance_id: null, team_name: null }),
  };
}
