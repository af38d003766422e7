import { DateTime } from "luxon";
import { inOrderOf, jobColumns, limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { DAY, type Micros, type Window } from "../moments.ts";
import { type Asking, defineQuestion, type ParameterSet, type SqlRow } from "../question.ts";

const parameters = { ...staleParameter, ...limitParameter(200) } as const satisfies ParameterSet;
type Own = Asking<typeof parameters>;

/** Hours of the night: from 22 to 7. */
const isNight = (hour: number) => hour >= 22 || hour < 7;
const kinds = ["rerun", "manual", "marked", "note"] as const;

export const manualInterventions = defineQuestion({
  name: "manual_interventions",
  sentence: "Where do people have to intervene?",
  limits:
    "Only a run's own data is counted: that it was re-executed and when last; and for a run marked as a success, that its last task had failed. Who cleared something is known from the stream event_logs. The tables do not tell when a note was written, or who re-executed a Dagster run.",
  tables: ["airflow_dag_runs", "dagster_runs"],
  betterWith: ["airflow_event_logs"],
  days: 28,
  parameters,
  columns: {
    ...jobColumns,
    total: { type: "integer", description: "Total." },
    reruns: { type: "integer", description: "Runs that someone cleared or re-executed, by the time of that." },
    manual_after_failure: {
      type: "integer",
      description: "Runs that someone started within 24 hours after a failure of the same DAG or job.",
    },
    marked_success: {
      type: "integer",
      description: "Runs marked as a success although their last task failed and nothing ran after it.",
    },
    notes: { type: "integer", description: "Runs that ended in the window and have a note." },
    at_night: { type: "integer", description: "Reruns and manual runs between 22:00 and 7:00, in the time zone." },
    people: { type: "text", nullable: true, description: "Who started manual runs, and how many." },
    cleared_by: { type: "text", nullable: true, description: "Who cleared runs or tasks, and how often (Airflow)." },
    last: { type: "moment", description: "Time of the last one." },
    hours: { type: "list", description: "Reruns and manual runs by the hour of the day, 0 to 23." },
  },
  chart: { kind: "bars", label: "name", value: "total", parts: ["reruns", "manual_after_failure", "marked_success"] },
  sql: ({ window, parameters }) => {
    const found = (kind: (typeof kinds)[number], at: string, person: string, of: string) => `
      SELECT '${kind}' AS kind, r.orchestrator, r.pipeline, r.name, r.job, ${at} AS moment, ${person} AS person ${of}`;
    const present = ofPresentDags("r", "name", parameters);
    const nobody = "NULL";
    const afterFailure = (runs: string, person: string) =>
      found(
        "manual",
        "r.moment",
        `max(${person})`,
        `FROM (SELECT e.*, coalesce(queued, started) AS moment FROM ${runs} e WHERE origin = 'manual') AS r
        JOIN ${runs} f ON f.pipeline = r.pipeline AND f.job = r.job AND f.state = 'failed' AND f.run_id <> r.run_id
        WHERE r.moment - f.ended BETWEEN 0 AND ${DAY} AND ${present}
        GROUP BY r.orchestrator, r.pipeline, r.name, r.job, r.run_id, r.moment`,
      );
    return `
    WITH last_tasks AS (
      SELECT pipeline, dag_id, dag_run_id, is_failed,
        row_number() OVER (PARTITION BY pipeline, dag_id, dag_run_id ORDER BY ended DESC, is_failed, task_id) AS place
      FROM executions WHERE ended IS NOT NULL),
    first_runs AS (SELECT * FROM job_runs WHERE is_rerun = 0),
    found AS (
      ${found("rerun", "coalesce(r.queued, r.started, r.ended)", nobody, `FROM dag_runs r WHERE r.is_rerun = 1 AND ${present}`)}
      UNION ALL ${found("rerun", "r.queued", nobody, "FROM job_runs r WHERE r.is_rerun = 1 AND r.is_retry = 0")}
      UNION ALL ${afterFailure("dag_runs", "r.triggering_user_name")}
      UNION ALL ${afterFailure("first_runs", nobody)}
      UNION ALL ${found(
        "marked",
        "r.ended",
        nobody,
        `FROM dag_runs r JOIN last_tasks t ON t.pipeline = r.pipeline AND t.dag_id = r.job AND t.dag_run_id = r.run_id
        WHERE t.place = 1 AND t.is_failed = 1 AND r.state = 'success' AND ${present}`,
      )}
      UNION ALL ${found("note", "r.ended", nobody, `FROM dag_runs r WHERE coalesce(r.note, '') <> '' AND ${present}`)})
    SELECT kind, orchestrator, pipeline, name, job, moment, person FROM found
    WHERE ${within("moment", window)} ORDER BY name, pipeline, job, moment`;
  },
  finish: async (rows, asking) => {
    const clears = Map.groupBy(await asking.query(() => clearsSql(asking.window)), (row) => ofDag(row));
    const byJob = Map.groupBy(rows, ({ orchestrator, pipeline, job }) => JSON.stringify([orchestrator, pipeline, job]));
    const answer = [...byJob.values()].map((own) => {
      const { orchestrator, pipeline, job } = own[0] as SqlRow;
      const events = orchestrator === "airflow" ? clears.get(ofDag({ pipeline: pipeline!, job: job! })) : undefined;
      return { ...jobOf(own, asking), cleared_by: namesOf((events ?? []).map(({ owner }) => owner)) };
    });
    answer.sort((a, b) => b.total - a.total || inOrderOf(a, b, ["name", "pipeline"]));
    return answer.slice(0, asking.parameters.limit);
  },
});

function ofDag({ pipeline, job }: SqlRow): string {
  return JSON.stringify([pipeline, job]);
}

/** Airflow's UI previews what would be cleared by a dry run, which is logged as well. */
function clearsSql(window: Window): string {
  return `SELECT pipeline, dag_id AS job, owner FROM airflow_event_logs
    WHERE event LIKE '%clear%' AND owner IS NOT NULL AND dag_id IS NOT NULL AND ${within("logged_at", window)}
      AND replace(coalesce(extra, ''), ' ', '') NOT LIKE '%"dry_run":true%'`;
}

/** Names with how often each occurs, the most frequent first. */
function namesOf(names: readonly unknown[]): string | null {
  const people = Map.groupBy(
    names.filter((name) => name !== null && name !== ""),
    String,
  );
  const named = [...people].sort(([a, own], [b, other]) => other.length - own.length || (a < b ? -1 : 1));
  return named.map(([who, own]) => `${who} (${own.length})`).join(", ") || null;
}

function jobOf(own: readonly SqlRow[], { timezone }: Own) {
  const { orchestrator, pipeline, name } = own[0] as SqlRow;
  const count = (kind: (typeof kinds)[number]) => own.filter((row) => row.kind === kind).length;
  const hours = Array.from({ length: 24 }, () => 0);
  for (const { kind, moment } of own) {
    if (kind !== "rerun" && kind !== "manual") continue;
    const { hour } = DateTime.fromMillis(Number(moment) / 1000, { zone: timezone });
    hours[hour] = (hours[hour] as number) + 1;
  }
  return {
    ...{ orchestrator: String(orchestrator), pipeline: String(pipeline), name: String(name), total: own.length },
    ...{
      reruns: count("rerun"),
      manual_after_failure: count("manual"),
      marked_success: count("marked"),
      notes: count("note"),
    },
    at_night: hours.reduce((sum, times, hour) => (isNight(hour) ? sum + times : sum), 0),
    people: namesOf(own.map(({ person }) => person)),
    last: Math.max(...own.map(({ moment }) => Number(moment))) as Micros,
    hours,
  };
}
