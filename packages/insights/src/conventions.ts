/**
 * The definitions that all questions share. Each is a query that others refer to like a table; a question's statement
 * includes those that it uses. Times are microseconds since 1970, durations are seconds, flags are 0 and 1.
 *
 * - Deleted rows count nowhere. Purged ones count: they are history that the server discarded.
 * - An execution is an attempt that started: a row with a start and a number from 1. Placeholders are not, nor is a
 *   current row that waits for its next attempt and shows the dates of the previous one, which has had its own row
 *   since Airflow 3.4.
 * - A failed execution is one whose state is `failed`, or one that waits for a retry and has ended (`up_for_retry`),
 *   which is how some versions show it.
 * - A re-run is a run in which something was executed before the run's own start: it was cleared. It counts in
 *   outcomes, but not in how long or how late runs usually are.
 * - A duration is from start to end, never the server's own number. If the end is before the start, there is none.
 * - A Dagster run with an unknown end ended at its last change; it has no duration.
 * - A logical run of Dagster is a run with all its re-executions. Its outcome is the latest one's.
 * - Canceled is neither success nor failure.
 */
import type { Dialect } from "./dialect.ts";

const duration = (from: string, to: string) => `CASE WHEN ${to} >= ${from} THEN (${to} - ${from}) / 1000000.0 END`;

/** Dagster's statuses mapped to ours. All others have not started. No release writes SUSPENDED yet. */
const dagsterState = `CASE status WHEN 'SUCCESS' THEN 'success' WHEN 'FAILURE' THEN 'failed' WHEN 'CANCELED' THEN 'canceled'
  WHEN 'STARTED' THEN 'running' WHEN 'SUSPENDED' THEN 'running' WHEN 'CANCELING' THEN 'running' ELSE 'queued' END`;

/** Distinguish attempts by when they started, for lookups. */
const attemptColumns =
  "pipeline, dag_id, dag_run_id, task_id, map_index, coalesce(region_id, ''), coalesce(region_index, -1), start_date";

/** By the names under which statements use them. Each may refer to tables and to those before it. */
export const conventions: Readonly<Record<string, (dialect: Dialect) => string>> = {
  /** Attempts of Airflow's tasks that started. */
  executions: () => `
    SELECT pipeline, dag_id, dag_run_id, task_id, map_index, coalesce(region_id, '') AS region_id,
      coalesce(region_index, -1) AS region_index, loop_id, iteration, try_number, is_latest, state,
      CASE WHEN state = 'failed' OR (state = 'up_for_retry' AND end_date IS NOT NULL) THEN 1 ELSE 0 END AS is_failed,
      run_after, scheduled_when AS scheduled, queued_when AS queued, start_date AS started, end_date AS ended,
      ${duration("start_date", "end_date")} AS duration, ${duration("queued_when", "start_date")} AS queue_wait,
      ${duration("scheduled_when", "queued_when")} AS schedule_wait, max_tries, pool, coalesce(pool_slots, 1) AS pool_slots,
      queue, executor, operator, hostname, rendered_map_index, dag_version, purged_at
    FROM airflow_task_instances WHERE start_date IS NOT NULL AND try_number >= 1
      AND NOT (is_latest = 1 AND (state IS NULL OR state IN ('up_for_retry', 'scheduled', 'queued'))
        AND (${attemptColumns}) IN (SELECT ${attemptColumns} FROM airflow_task_instances
          WHERE is_latest = 0 AND start_date IS NOT NULL))`,

  /** Per Airflow run, what its executions show. */
  run_executions: () => `
    SELECT pipeline, dag_id, dag_run_id, min(started) AS first_execution, max(ended) AS last_execution,
      count(*) AS executions, sum(is_failed) AS failed_executions
    FROM executions GROUP BY pipeline, dag_id, dag_run_id`,

  /** Airflow's runs. */
  dag_runs: () => `
    SELECT 'airflow' AS orchestrator, r.pipeline, r.dag_id AS name, r.dag_id AS job, r.dag_run_id AS run_id,
      coalesce(r.state, 'queued') AS state, r.run_type AS origin, r.run_after, r.logical_date, r.queued_at AS queued,
      r.start_date AS started, r.end_date AS ended, ${duration("r.start_date", "r.end_date")} AS duration,
      CASE WHEN r.state IN ('success', 'failed') THEN 1 ELSE 0 END AS is_finished,
      CASE WHEN e.first_execution < r.start_date OR (r.start_date IS NULL AND e.first_execution IS NOT NULL) THEN 1 ELSE 0 END AS is_rerun,
      e.first_execution, coalesce(e.executions, 0) AS executions, coalesce(e.failed_executions, 0) AS failed_executions,
      r.triggered_by, r.triggering_user_name, r.note, r.purged_at
    FROM airflow_dag_runs r LEFT JOIN run_executions e
      ON e.pipeline = r.pipeline AND e.dag_id = r.dag_id AND e.dag_run_id = r.dag_run_id`,

  /** Dagster's runs, individually. `job` distinguishes jobs of one name in several code locations. */
  job_runs: ({ member }) => `
    SELECT 'dagster' AS orchestrator, pipeline,
      CASE WHEN pipeline_name = '__ASSET_JOB' THEN '(asset runs)' ELSE pipeline_name END AS name,
      coalesce(code_location, '') || '/' || coalesce(repository, '') || '/' || pipeline_name AS job,
      run_id, coalesce(root_run_id, run_id) AS root_run_id, parent_run_id, status, ${dagsterState} AS state,
      CASE WHEN ${member("tags", "dagster/backfill")} IS NOT NULL THEN 'backfill'
        WHEN ${member("tags", "dagster/schedule_name")} IS NOT NULL THEN 'scheduled'
        WHEN ${member("tags", "dagster/sensor_name")} IS NOT NULL THEN 'sensor'
        WHEN ${member("tags", "dagster/from_automation_condition")} IS NOT NULL THEN 'automation'
        ELSE 'manual' END AS origin,
      ${member("tags", "dagster/schedule_name")} AS schedule_name,
      ${member("tags", "dagster/sensor_name")} AS sensor_name,
      ${member("tags", "dagster/backfill")} AS backfill, ${member("tags", "dagster/partition")} AS partition_key,
      CASE WHEN parent_run_id IS NULL THEN 0 ELSE 1 END AS is_rerun,
      CASE WHEN ${member("tags", "dagster/retry_number")} IS NULL THEN 0 ELSE 1 END AS is_retry,
      coalesce(creation_time, start_time, update_time) AS queued, start_time AS started,
      coalesce(end_time, CASE WHEN status IN ('SUCCESS', 'FAILURE', 'CANCELED') THEN update_time END) AS ended,
      update_time AS updated, ${duration("start_time", "end_time")} AS duration,
      CASE WHEN status IN ('SUCCESS', 'FAILURE', 'CANCELED') THEN 1 ELSE 0 END AS is_finished,
      code_location, repository
    FROM dagster_runs`,

  /** Dagster's logical runs: started by their first run, ended and named by the latest one. */
  logical_runs: () => `
    SELECT orchestrator, pipeline, name, job, root_run_id AS run_id, first_run_id, run_id AS last_run_id, state, first_origin AS origin,
      first_queued AS queued, first_started AS started, ended,
      ${duration("first_started", "ended")} AS duration, is_finished, attempts, attempts - 1 AS reruns, reruns_by_hand,
      code_location, repository
    FROM (SELECT j.*,
        row_number() OVER (PARTITION BY pipeline, root_run_id ORDER BY coalesce(queued, 0) DESC, run_id DESC) AS newest,
        count(*) OVER (PARTITION BY pipeline, root_run_id) AS attempts,
        sum(CASE WHEN is_rerun = 1 AND is_retry = 0 THEN 1 ELSE 0 END) OVER (PARTITION BY pipeline, root_run_id) AS reruns_by_hand,
        min(queued) OVER (PARTITION BY pipeline, root_run_id) AS first_queued,
        min(started) OVER (PARTITION BY pipeline, root_run_id) AS first_started,
        first_value(origin) OVER (PARTITION BY pipeline, root_run_id ORDER BY coalesce(queued, 0), run_id) AS first_origin,
        first_value(run_id) OVER (PARTITION BY pipeline, root_run_id ORDER BY coalesce(queued, 0), run_id) AS first_run_id
      FROM job_runs j) AS numbered
    WHERE newest = 1`,

  /**
   * Runs of both orchestrators in one form: Airflow's runs, and Dagster's logical runs. `is_rerun` is 1 if something
   * was executed again.
   */
  runs: () => `
    SELECT orchestrator, pipeline, name, job, run_id, state, origin, run_after, queued, started, ended, duration,
      is_finished, is_rerun, purged_at
    FROM dag_runs
    UNION ALL
    SELECT orchestrator, pipeline, name, job, run_id, state, origin, queued, queued, started, ended, duration,
      is_finished, CASE WHEN reruns > 0 THEN 1 ELSE 0 END, NULL
    FROM logical_runs`,

  /** The same without what executions show of Airflow's runs: cheap if re-runs do not matter. */
  plain_runs: () => `
    SELECT 'airflow' AS orchestrator, pipeline, dag_id AS name, dag_id AS job, dag_run_id AS run_id,
      coalesce(state, 'queued') AS state, run_type AS origin, run_after, queued_at AS queued, start_date AS started,
      end_date AS ended, ${duration("start_date", "end_date")} AS duration,
      CASE WHEN state IN ('success', 'failed') THEN 1 ELSE 0 END AS is_finished, triggered_by,
      triggering_user_name, purged_at
    FROM airflow_dag_runs
    UNION ALL
    SELECT orchestrator, pipeline, name, job, run_id, state, origin, queued, queued, started, ended, duration, is_finished,
      NULL, NULL, NULL
    FROM logical_runs`,

  /**
   * How long runs, and Airflow's tasks, took: one row per finished run, with an empty `task`, and per task instance.
   * `duration` is null where it says nothing about the usual: for failures, which may be fast, and for re-runs. A
   * task's last attempt counts in a re-run too: unlike the run, it has its own start.
   */
  timings: () => `
    SELECT orchestrator, pipeline, name, job, '' AS task, run_id, state, started, ended,
      CASE WHEN state = 'success' AND is_rerun = 0 THEN duration END AS duration
    FROM runs WHERE state IN ('success', 'failed')
    UNION ALL
    SELECT 'airflow', pipeline, dag_id, dag_id, task_id, dag_run_id, state, started, ended,
      CASE WHEN state = 'success' THEN duration END
    FROM executions WHERE is_latest = 1 AND state IN ('success', 'failed')`,

  /** What is known about a DAG or a job. Jobs have neither owners nor pauses here. */
  jobs: () => `
    SELECT 'airflow' AS orchestrator, pipeline, dag_id AS name, dag_id AS job, owners, tags, is_paused, is_stale,
      timetable_summary AS schedule, max_active_runs
    FROM airflow_dags`,
};
