import { jobColumns, limitParameter, ofPresentDags, staleParameter } from "../common.ts";
import { SECOND } from "../moments.ts";
import { defineQuestion } from "../question.ts";

export const stuckWaiting = defineQuestion({
  name: "stuck_waiting",
  sentence: "What is waiting and not starting?",
  limits:
    "The cause is the best match. Without the stream pools, a full pool is one of two possible causes. A backfill has its own limits, which are not in the tables.",
  tables: ["airflow_dag_runs", "airflow_task_instances", "dagster_runs"],
  betterWith: ["airflow_pools"],
  parameters: {
    min: { type: "number", default: 600, unit: "s", description: "Minimum waiting time." },
    ...staleParameter,
    ...limitParameter(200),
  },
  columns: {
    ...jobColumns,
    run_id: { type: "text", description: "The run." },
    task: { type: "text", nullable: true, description: "The task; null for the run itself." },
    map_index: { type: "integer", nullable: true, description: "The task's index; -1 if it is not mapped." },
    state: { type: "text", description: "The state (or Dagster's status) in which it waits." },
    since: { type: "moment", description: "When it entered that state." },
    waiting: { type: "number", unit: "s", description: "Time from then to the time of the data." },
    pool: { type: "text", nullable: true, description: "The task's pool." },
    queue: { type: "text", nullable: true, description: "The task's queue." },
    cause: {
      type: "text",
      description:
        "paused, max_active_runs reached, max_active_tasks reached, pool full, pool full or scheduler (if pools are not known), scheduler, executor; for Dagster run queue, launcher.",
    },
  },
  chart: { kind: "table" },
  sql: ({ asOf, parameters }) => `
    WITH active_runs AS (
      SELECT pipeline, name, count(*) AS active FROM plain_runs
      WHERE orchestrator = 'airflow' AND state = 'running' AND origin <> 'backfill' AND purged_at IS NULL GROUP BY pipeline, name),
    active_tasks AS (
      SELECT pipeline, dag_id, dag_run_id, count(*) AS active FROM airflow_task_instances
      WHERE state IN ('queued', 'running', 'restarting') AND is_latest = 1 AND purged_at IS NULL
      GROUP BY pipeline, dag_id, dag_run_id),
    waiting AS (
      SELECT 'airflow' AS orchestrator, t.pipeline, t.dag_id AS name, t.dag_run_id AS run_id, t.task_id AS task, t.map_index,
        t.state, CASE WHEN t.state = 'queued' THEN coalesce(t.queued_when, t.scheduled_when) ELSE t.scheduled_when END AS since,
        t.pool, t.queue,
        CASE WHEN t.state = 'queued' THEN 'executor' WHEN d.is_paused = 1 THEN 'paused'
          WHEN a.active >= d.max_active_tasks THEN 'max_active_tasks reached' WHEN p.slots IS NULL THEN 'pool full or scheduler'
          WHEN p.slots >= 0 AND p.occupied_slots + coalesce(t.pool_slots, 1) > p.slots THEN 'pool full' ELSE 'scheduler' END AS cause
      FROM airflow_task_instances t
        LEFT JOIN airflow_dags d ON d.pipeline = t.pipeline AND d.dag_id = t.dag_id
        LEFT JOIN airflow_pools p ON p.pipeline = t.pipeline AND p.name = t.pool
        LEFT JOIN active_tasks a ON a.pipeline = t.pipeline AND a.dag_id = t.dag_id AND a.dag_run_id = t.dag_run_id
      WHERE t.state IN ('queued', 'scheduled') AND t.is_latest = 1 AND t.purged_at IS NULL
      UNION ALL
      SELECT r.orchestrator, r.pipeline, r.name, r.run_id, NULL, NULL, r.state, coalesce(r.queued, r.run_after), NULL, NULL,
        CASE WHEN d.is_paused = 1 THEN 'paused'
          WHEN r.origin <> 'backfill' AND a.active >= d.max_active_runs THEN 'max_active_runs reached' ELSE 'scheduler' END
      FROM plain_runs r
        LEFT JOIN airflow_dags d ON d.pipeline = r.pipeline AND d.dag_id = r.name
        LEFT JOIN active_runs a ON a.pipeline = r.pipeline AND a.name = r.name
      WHERE r.orchestrator = 'airflow' AND r.state = 'queued' AND r.purged_at IS NULL
      UNION ALL
      SELECT orchestrator, pipeline, name, run_id, NULL, NULL, status, coalesce(updated, queued), NULL, NULL,
        CASE WHEN status = 'QUEUED' THEN 'run queue' ELSE 'launcher' END
      FROM job_runs WHERE state = 'queued')
    SELECT orchestrator, pipeline, name, run_id, task, map_index, state, since, (${asOf} - since) * 1.0 / ${SECOND} AS waiting,
      pool, queue, cause
    FROM waiting w WHERE since IS NOT NULL AND ${asOf} - since >= ${parameters.min * SECOND}
      AND ${ofPresentDags("w", "name", parameters)}
    ORDER BY since, name, run_id, coalesce(task, ''), map_index, pipeline LIMIT ${parameters.limit}`,
});
