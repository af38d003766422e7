import { inOrderOf, limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { defineQuestion } from "../question.ts";

/** With fewer a rate is meaningless. */
const ENOUGH = 10;

export const runOrigins = defineQuestion({
  name: "run_origins",
  sentence: "Why did things run?",
  limits:
    "Airflow records who triggered a run since 3.1. Dagster's runs tell by their tags; who launched one manually is known only if something set the tag user, as Dagster+ does. A re-executed run counts once, for its original trigger.",
  tables: ["airflow_dag_runs", "dagster_runs"],
  parameters: { ...staleParameter, ...limitParameter(200) },
  columns: {
    orchestrator: { type: "text", description: "airflow or dagster." },
    pipeline: { type: "text", description: "The pipeline that synced it." },
    origin: {
      type: "text",
      description:
        "scheduled, manual, backfill, asset_triggered, …; for Dagster scheduled, sensor, automation, backfill, manual.",
    },
    by: {
      type: "text",
      nullable: true,
      description: "What created it: timetable, rest_api, cli, ui, …; for Dagster the schedule, sensor or backfill.",
    },
    person: { type: "text", nullable: true, description: "Who triggered it, if known." },
    runs: { type: "integer", description: "Runs that succeeded or failed in the window." },
    share: { type: "number", unit: "%", description: "Share of all runs of this orchestrator." },
    failed: { type: "integer", description: "How many failed." },
    failed_percent: {
      type: "number",
      nullable: true,
      unit: "%",
      description: "Their share; null with fewer than 10 runs.",
    },
    jobs: { type: "integer", description: "Number of DAGs or jobs." },
    runs_before: { type: "integer", description: "Runs in the previous window." },
    daily: { type: "list", description: "Runs per day: [date, runs]." },
  },
  chart: { kind: "bars", label: "origin", value: "runs" },
  sql: ({ window, previous, dialect, days, values, parameters }) => `
    WITH days (day, day_from, day_to) AS (${values(
      days.map(({ from, to }, day) => [day, from, to]),
      3,
    )}),
    users AS (
      SELECT pipeline, run_id, ${dialect.member("tags", "user")} AS person FROM dagster_runs),
    caused AS (
      SELECT orchestrator, pipeline, name, job, ended, state, origin, triggered_by AS cause,
        triggering_user_name AS person
      FROM plain_runs r WHERE orchestrator = 'airflow' AND is_finished = 1 AND ${ofPresentDags("r", "name", parameters)}
      UNION ALL
      SELECT l.orchestrator, l.pipeline, l.name, l.job, l.ended, l.state, l.origin,
        coalesce(j.schedule_name, j.sensor_name, j.backfill), u.person
      FROM logical_runs l LEFT JOIN job_runs j ON j.pipeline = l.pipeline AND j.run_id = l.first_run_id
        LEFT JOIN users u ON u.pipeline = l.pipeline AND u.run_id = l.first_run_id
      WHERE l.state IN ('success', 'failed')),
    counted AS (
      SELECT orchestrator, pipeline, origin, coalesce(cause, '') AS cause, coalesce(person, '') AS person, job, state,
        coalesce(day, -1) AS day, CASE WHEN ${within("ended", window)} THEN 1 ELSE 0 END AS is_current
      FROM caused LEFT JOIN days ON ended >= day_from AND ended < day_to
      WHERE ended >= ${previous.from} AND ended < ${window.to})
    SELECT orchestrator, pipeline, origin, cause, person, job, day, sum(is_current) AS runs,
      sum(CASE WHEN state = 'failed' THEN is_current ELSE 0 END) AS failed, sum(1 - is_current) AS runs_before
    FROM counted GROUP BY orchestrator, pipeline, origin, cause, person, job, day`,
  finish(rows, { days, parameters }) {
    const sum = (of: typeof rows, what: string) => of.reduce((all, row) => all + Number(row[what]), 0);
    const totals = new Map(
      [...Map.groupBy(rows, ({ orchestrator }) => orchestrator)].map(([of, own]) => [of, sum(own, "runs")]),
    );
    const keys = ["orchestrator", "pipeline", "origin", "cause", "person"];
    const answer = [...Map.groupBy(rows, (row) => JSON.stringify(keys.map((key) => row[key]))).values()].map((own) => {
      const { orchestrator, pipeline, origin, cause, person } = own[0] as (typeof rows)[number];
      const [runs, failed] = [sum(own, "runs"), sum(own, "failed")];
      const current = own.filter((row) => Number(row.runs) > 0);
      const daily = [...Map.groupBy(current, ({ day }) => Number(day))].sort(([a], [b]) => a - b);
      return {
        ...{ orchestrator: String(orchestrator), pipeline: String(pipeline), origin: String(origin) },
        ...{ by: String(cause) || null, person: String(person) || null, runs, failed },
        share: (runs * 100) / Math.max(1, totals.get(orchestrator as string) ?? 0),
        failed_percent: runs >= ENOUGH ? (failed * 100) / runs : null,
        jobs: new Set(current.map(({ job }) => job)).size,
        runs_before: sum(own, "runs_before"),
        daily: daily.map(([day, own]) => [days[day]?.date as string, sum(own, "runs")]),
      };
    });
    return answer
      .filter(({ runs }) => runs > 0)
      .sort((a, b) => b.runs - a.runs || inOrderOf(a, b, ["origin", "by", "person", "orchestrator"]))
      .slice(0, parameters.limit);
  },
});
