import type { Value } from "@org/destination";
import { knownUntil } from "../as-of.ts";
import { inOrderOf, jobColumns, lineOf } from "../common.ts";
import { cronsOf, lastMoments, nextMoment } from "../cron.ts";
import { MINUTE, type Micros, SECOND } from "../moments.ts";
import { defineQuestion, type SqlRow } from "../question.ts";

export const missedRuns = defineQuestion({
  name: "missed_runs",
  sentence: "Which schedules did not run when they should?",
  limits:
    "Airflow reports when a DAG's next run is due. For Dagster it is computed from the cron expression. Without the stream ticks, a skipped tick looks like a failed one, so only a schedule that missed two times is listed, and one that has never run since the start of the tables is omitted, because it may be new. A schedule that was switched on again looks late until its first tick.",
  tables: ["airflow_dags", "dagster_schedules"],
  betterWith: ["dagster_ticks"],
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
      GROUP BY pipeline, schedule_name, code_location, repository),
    of_ticks AS (
      SELECT pipeline, instigator_id, min(timestamp) AS first_tick,
        max(CASE WHEN status <> 'FAILURE' THEN timestamp END) AS last_good,
        max(CASE WHEN status = 'FAILURE' THEN timestamp END) AS last_failed,
        max(CASE WHEN newest = 1 THEN error END) AS error
      FROM (SELECT t.*, row_number() OVER (PARTITION BY pipeline, instigator_id, status ORDER BY timestamp DESC, tick_id DESC) AS newest
        FROM dagster_ticks t WHERE instigator_type = 'SCHEDULE' AND timestamp <= ${asOf}) AS numbered
      GROUP BY pipeline, instigator_id)
    SELECT 'airflow' AS orchestrator, d.pipeline, d.dag_id AS name, d.timetable_summary AS schedule, NULL AS cron, NULL AS timezone,
      d.next_dagrun_create_after AS expected, r.last_run, NULL AS first_tick, NULL AS last_good, NULL AS last_failed,
      NULL AS error, CASE WHEN d.has_import_errors = 1 THEN 'import error' END AS reason
    FROM airflow_dags d LEFT JOIN of_dags r ON r.pipeline = d.pipeline AND r.name = d.dag_id
    WHERE coalesce(d.is_paused, 0) = 0 AND coalesce(d.is_stale, 0) = 0
      AND coalesce(d.timetable_summary, '') <> '@continuous'
      AND d.next_dagrun_create_after < ${asOf} - ${parameters.grace * MINUTE}
      AND (d.max_active_runs IS NULL OR coalesce(r.active, 0) < d.max_active_runs)
    UNION ALL
    SELECT 'dagster', s.pipeline, s.pipeline_name, s.name || ' (' || s.cron_schedule || ')', s.cron_schedule,
      s.execution_timezone, NULL, max(r.last_run), max(t.first_tick), max(t.last_good), max(t.last_failed), max(t.error), NULL
    FROM dagster_schedules s LEFT JOIN of_schedules r ON r.pipeline = s.pipeline AND r.schedule_name = s.name
      AND coalesce(r.code_location, s.code_location) = s.code_location AND coalesce(r.repository, s.repository) = s.repository
    LEFT JOIN of_ticks t ON t.pipeline = s.pipeline AND t.instigator_id = s.id
    WHERE s.status = 'RUNNING' AND (r.pipeline IS NOT NULL OR t.pipeline IS NOT NULL)
    GROUP BY s.pipeline, s.pipeline_name, s.name, s.cron_schedule, s.execution_timezone, s.code_location, s.repository`,
  finish(rows, { asOf, parameters, contents }) {
    const ticksUntil = knownUntil(contents, "dagster_ticks");
    const grace = parameters.grace * MINUTE;
    const missed = rows.flatMap((row): SqlRow[] => {
      const ticks = Math.min(asOf, ticksUntil.get(String(row.pipeline)) ?? 0);
      const found =
        row.orchestrator === "airflow"
          ? { expected: Number(row.expected), reason: row.reason ?? null }
          : missedSchedule(row, { asOf: asOf - grace, ticks: ticks - grace });
      return found ? [{ ...row, ...found, late: (asOf - found.expected) / SECOND }] : [];
    });
    return missed.sort((a, b) => Number(b.late) - Number(a.late) || inOrderOf(a, b, ["schedule", "name", "pipeline"]));
  },
});

interface Missed {
  readonly expected: Micros;
  readonly reason: Value;
}

/**
 * When the first missed run of a Dagster schedule was due. Each of its times has a tick; where ticks are not known, its
 * last two times must have created no run.
 *
 * @param until to when runs and ticks must have come
 */
function missedSchedule(row: SqlRow, until: { readonly asOf: Micros; readonly ticks: Micros }): Missed | undefined {
  const crons = cronsOf(row.cron as string, (row.timezone as string | null) ?? "UTC");
  if (!crons) return undefined;
  const time = (name: string) => (row[name] === null ? undefined : Number(row[name]));
  const [firstTick, lastFailed] = [time("first_tick"), time("last_failed")];
  const served = [time("last_run"), time("last_good")].filter((each) => each !== undefined);
  // Without any success, the first tick is what was missed first.
  const last = served.length > 0 ? Math.max(...served) : (firstTick as number) - 1;
  const expected = nextMoment(crons, last);
  if (expected === undefined) return undefined;
  const [latest] = firstTick === undefined ? [] : lastMoments(crons, until.ticks, 1);
  if (latest !== undefined && latest > last) {
    const hasFailed = lastFailed !== undefined && lastFailed > last;
    return { expected, reason: hasFailed ? `tick failed: ${lineOf(row.error) ?? "no message"}` : "no tick" };
  }
  const earlier = lastMoments(crons, until.asOf, 2)[1];
  return earlier !== undefined && last < earlier ? { expected, reason: null } : undefined;
}
