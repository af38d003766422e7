import { formatSix, type Instant } from "../time.ts";
import { seconds, versionsOf } from "./documents.ts";
import type { SimulatedAttempt, SimulatedDag, SimulatedRun, SimulatedTask } from "./records.ts";
import type { AirflowStore, AirflowWorldVersion } from "./store.ts";

/** A row of one of the sync's tables, by column. */
export type TruthRow = { readonly [column: string]: unknown };

/** The expected content of the sync's tables after it, in any order. */
export interface AirflowRows {
  readonly airflow_dags: TruthRow[];
  readonly airflow_dag_runs: TruthRow[];
  readonly airflow_task_instances: TruthRow[];
}

const text = (instant: Instant | null | undefined) => (instant == null ? null : formatSix(instant));

/** Derives the rows from the world's content, not from its server's responses. */
export function airflowRows(world: AirflowStore): AirflowRows {
  return {
    airflow_dags: [...world.dags.values()].map((dag) => dagRow(dag, world)),
    airflow_dag_runs: world.runs().map((run) => runRow(run, world.version)),
    airflow_task_instances: world.tasks().flatMap((task) => attemptRows(task, world.version)),
  };
}

function dagRow(dag: SimulatedDag, { version, defaultTimezone }: AirflowStore): TruthRow {
  return {
    dag_id: dag.dagId,
    is_paused: dag.isPaused,
    is_active: !dag.isStale,
    owners: dag.owners.join(", "),
    tags: [...dag.tags].sort().join(", "),
    timezone: defaultTimezone,
    max_active_runs: dag.maxActiveRuns,
    default_view: null,
    next_dagrun_create_after: text(dag.nextRun?.runAfter),
    is_stale: dag.isStale,
    dag_display_name: dag.displayName,
    description: dag.description,
    max_active_tasks: dag.maxActiveTasks,
    max_consecutive_failed_dag_runs: dag.maxConsecutiveFailedRuns,
    next_dagrun_logical_date: text(dag.nextRun?.logicalDate),
    next_dagrun_data_interval_start: text(dag.nextRun?.intervalStart),
    next_dagrun_data_interval_end: text(dag.nextRun?.intervalEnd),
    timetable_summary: dag.schedule,
    timetable_description: dag.scheduleInWords,
    fileloc: dag.fileLocation,
    relative_fileloc: dag.fileLocation.split("/").at(-1),
    bundle_name: dag.bundleName,
    bundle_version: dag.bundleVersion,
    has_import_errors: dag.hasImportErrors,
    has_task_concurrency_limits: dag.hasTaskConcurrencyLimits,
    scheduling_state: version === "3.3" ? null : dag.schedulingState,
  };
}

function runRow(run: SimulatedRun, version: AirflowWorldVersion): TruthRow {
  return {
    dag_id: run.dag.dagId,
    dag_run_id: run.runId,
    run_type: run.runType,
    state: run.state,
    logical_date: text(run.logicalDate),
    start_date: text(run.startDate),
    end_date: text(run.endDate),
    external_trigger: run.runType === "manual",
    data_interval_start: text(run.intervalStart),
    data_interval_end: text(run.intervalEnd),
    run_after: formatSix(run.runAfter),
    queued_at: text(run.queuedAt),
    duration: seconds(run.startDate, run.endDate),
    conf: run.conf,
    note: run.note,
    triggered_by: run.triggeredBy,
    triggering_user_name: run.triggeringUser,
    bundle_version: run.bundleVersion,
    dag_versions: versionsOf(run).map((version) => version.number),
    partition_key: run.partitionKey,
    team_name: version === "3.3" ? null : run.dag.teamName,
    purged_at: null,
  };
}

/** The attempts of a task instance: the listed row, and from its history those with 1 <= number < the listed number. */
function attemptRows(task: SimulatedTask, version: AirflowWorldVersion): TruthRow[] {
  const earlier = task.history.filter(({ tryNumber }) => tryNumber >= 1 && tryNumber < task.tryNumber);
  return [
    ...earlier.map((attempt) => attemptRow(task, attempt, { latest: false, version })),
    attemptRow(task, task, { latest: true, version }),
  ];
}

function attemptRow(
  task: SimulatedTask,
  attempt: SimulatedAttempt,
  { latest, version }: { readonly latest: boolean; readonly version: AirflowWorldVersion },
): TruthRow {
  const { run, definition } = task;
  const isSaid = latest || version !== "3.3";
  return {
    dag_id: run.dag.dagId,
    dag_run_id: run.runId,
    task_id: definition.taskId,
    try_number: attempt.tryNumber,
    state: attempt.state,
    start_date: text(attempt.startDate),
    end_date: text(attempt.endDate),
    duration: seconds(attempt.startDate, attempt.endDate),
    operator: definition.operator ?? "PythonOperator",
    hostname: attempt.hostname,
    map_index: task.mapIndex,
    is_latest: latest,
    id: isSaid ? attempt.id : null,
    logical_date: text(run.logicalDate),
    run_after: formatSix(run.runAfter),
    task_display_name: definition.taskId,
    operator_name: definition.operator ?? "PythonOperator",
    max_tries: attempt.maxTries,
    pool: "default_pool",
    pool_slots: 1,
    queue: "default",
    priority_weight: 1,
    executor: null,
    queued_when: text(attempt.queuedWhen),
    scheduled_when: text(attempt.scheduledWhen),
    pid: attempt.pid,
    unixname: "airflow",
    rendered_map_index: latest ? task.renderedMapIndex : null,
    note: isSaid ? attempt.note : null,
    dag_version: attempt.version.number,
    region_id: task.region?.id ?? "",
    region_index: task.regionIndex,
    loop_id: definition.loop ?? null,
    iteration: task.iteration,
    state_reason: attempt.stateReason,
    team_name: version === "3.3" ? null : run.dag.teamName,
    purged_at: null,
  };
}
