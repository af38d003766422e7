import { inOrderOf, jobColumns } from "../common.ts";
import { cronsOf, lastMoments, nextMoment } from "../cron.ts";
import { MINUTE, type Micros, SECOND } from "../moments.ts";
import { defineQuestion, type SqlRow } from "../question.ts";

export const missedRuns = defineQuestion({
  name: "missed_runs",
  sentence: "Which schedules did not run when they should?",
  limits:
    "Airflow reports when a DAG's next run is due. For Dagster it is computed from the cron expression, and a skipped tick looks like a failed one. A schedule that has never run since the start of the tables is omitted, because it may be new.",
  tables: ["airflow_dags", "dagster_schedules"],
  waitsFor: ["ticks"],
  parameters: {
    grace: { type: "number", default: 15, unit: "min", description: "Tolerated delay." },
  },
  columns: {
    ...jobColumns,
    schedule: {
      type: "text",
      nullable: true,
      description: "The DAG's timetable, or the schedule's name and expression.",
    },
    expected: { type: "moment", description: "When the first missed run was due." },
    late: { type: "number", unit: "s", description: "Time from then to the time of the data." },
    last_run: { type: "moment", nullable: true, description: "When its last run started, or was created." },
    reason: { type: "text", nullable: true, description: "The reason, if the tables tell it." },
  },
  chart: { kind: "table" },
  // A DAG at its limit of waiting or running runs gets no further one, so none is missed.
  sql: ({ asOf, parameters }) => `
    WITH of_dags AS (
      SELECT pipeline, name,
        sum(CASE WHEN state IN ('queued', 'running') AND origin <> 'backfill' AND purged_at IS NULL THEN 1 ELSE 0 END) AS active,
        max(CASE WHEN origin NOT IN ('manual', 'backfill') THEN coalesce(started, queued) END) AS last_run
      FROM plain_runs WHERE orchestrator = 'airflow' GROUP BY pipeline, name),
    of_schedules AS (
      SELECT pipeline, schedule_name, code_location, repository, max(queued) AS last_run
      FROM job_runs WHERE schedule_name IS NOT NULL AND is_rerun = 0
      GROUP BY pipeline, schedule_name, code_location, repository)
    SELECT 'airflow' AS orchestrator, d.pipeline, d.dag_id AS name, d.timetable_summary AS schedule, NULL AS cron, NULL AS timezone,
      d.next_dagrun_create_after AS expected, r.last_run,
      CASE WHEN d.has_import_errors = 1 THEN 'import error' END AS reason
    FROM airflow_dags d LEFT JOIN of_dags r ON r.pipeline = d.pipeline AND r.name = d.dag_id
    WHERE coalesce(d.is_paused, 0) = 0 AND coalesce(d.is_stale, 0) = 0
      AND coalesce(d.timetable_summary, '') <> '@continuous'
      AND d.next_dagrun_create_after < ${asOf} - ${parameters.grace} * ${MINUTE}
      AND (d.max_active_runs IS NULL OR coalesce(r.active, 0) < d.max_active_runs)
    UNION ALL
    SELECT 'dagster', s.pipeline, s.pipeline_name, s.name || ' (' || s.cron_schedule || ')', s.cron_schedule,
      s.execution_timezone, NULL, max(r.last_run), NULL
    FROM dagster_schedules s JOIN of_schedules r ON r.pipeline = s.pipeline AND r.schedule_name = s.name
      AND coalesce(r.code_location, s.code_location) = s.code_location AND coalesce(r.repository, s.repository) = s.repository
    WHERE s.status = 'RUNNING'
    GROUP BY s.pipeline, s.pipeline_name, s.name, s.cron_schedule, s.execution_timezone, s.code_location, s.repository`,
  finish: (rows, { asOf, parameters }) =>
    rows
      .flatMap((row): SqlRow[] => {
        const due =
          row.orchestrator === "airflow" ? Number(row.expected) : missed(row, asOf - parameters.grace * MINUTE);
        return due === undefined ? [] : [{ ...row, expected: due, late: (asOf - due) / SECOND }];
      })
      .sort((a, b) => Number(b.late) - Number(a.late) || inOrderOf(a, b, ["schedule", "name", "pipeline"])),
});

/** When the first missed run was due; only if the schedule's last two times before `until` created none. */
function missed({ cron, timezone, last_run }: SqlRow, until: Micros): Micros | undefined {
  const crons = cronsOf(cron as string, (timezone as string | null) ?? "UTC");
  if (!crons) return undefined;
  const earlier = lastMoments(crons, until, 2)[1];
  return earlier !== undefined && Number(last_run) < earlier ? nextMoment(crons, Number(last_run)) : undefined;
}
