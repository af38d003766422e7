import { inOrderOf, limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { defineQuestion, type SqlRow } from "../question.ts";

export const dagChanges = defineQuestion({
  name: "dag_changes",
  sentence: "Which DAGs change, and how often?",
  limits:
    "Airflow only keeps a version once it has run, so several changes between two runs are one version. A DAG with many versions a day is often written differently at each parse.",
  tables: ["airflow_dag_versions"],
  days: 30,
  parameters: {
    many: {
      type: "number",
      default: 3,
      unit: "versions",
      whole: true,
      description: "More versions than this on one day are conspicuous.",
    },
    ...staleParameter,
    ...limitParameter(200),
  },
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    dag: { type: "text", description: "The DAG." },
    bundle: { type: "text", nullable: true, description: "The bundle of its latest version." },
    versions: { type: "integer", description: "Versions created in the window." },
    days: { type: "integer", description: "Days on which some were." },
    most_per_day: { type: "integer", description: "Most versions on one day." },
    busiest_day: { type: "text", description: "That day, in the time zone." },
    unstable: { type: "flag", description: "Whether that is conspicuous." },
    first: { type: "moment", description: "The first of them." },
    last: { type: "moment", description: "The last of them." },
    version: { type: "integer", description: "The number of the latest one." },
    bundle_version: { type: "text", nullable: true, description: "The bundle's version of the latest one." },
  },
  isFinding: ({ unstable }) => unstable,
  chart: { kind: "bars", label: "dag", value: "versions" },
  sql: ({ window, days, parameters, values }) => `
    WITH days (date, day_from, day_to) AS (${values(
      days.map(({ date, from, to }) => [date, from, to]),
      3,
    )})
    SELECT v.pipeline, v.dag_id AS dag, d.date, count(*) AS versions, min(v.created_at) AS first, max(v.created_at) AS last,
      max(v.version_number) AS version
    FROM airflow_dag_versions v JOIN days d ON v.created_at >= d.day_from AND v.created_at < d.day_to
    WHERE ${within("v.created_at", window)} AND ${ofPresentDags("v", "dag_id", parameters)}
    GROUP BY v.pipeline, v.dag_id, d.date`,
  async finish(rows, { parameters, query }) {
    const latest = await query(
      () => `SELECT v.pipeline, v.dag_id AS dag, v.version_number AS version, v.bundle_name AS bundle, v.bundle_version
        FROM airflow_dag_versions v JOIN (SELECT pipeline, dag_id, max(version_number) AS latest FROM airflow_dag_versions
          GROUP BY pipeline, dag_id) AS l ON l.pipeline = v.pipeline AND l.dag_id = v.dag_id AND l.latest = v.version_number`,
    );
    const keyOf = ({ pipeline, dag }: SqlRow) => JSON.stringify([pipeline, dag]);
    const latestOf = new Map(latest.map((row) => [keyOf(row), row]));
    const changes = [...Map.groupBy(rows, keyOf)].map(([key, own]) => {
      const busiest = own.reduce((a, b) => (busier(b, a) ? b : a));
      const times = (name: "first" | "last") => own.map((row) => Number(row[name]));
      const most = Number(busiest.versions);
      return {
        ...(latestOf.get(key) as SqlRow),
        versions: own.reduce((sum, row) => sum + Number(row.versions), 0),
        days: own.length,
        most_per_day: most,
        busiest_day: String(busiest.date),
        unstable: most > parameters.many,
        first: Math.min(...times("first")),
        last: Math.max(...times("last")),
      };
    });
    return changes
      .sort((a, b) => b.versions - a.versions || inOrderOf(a, b, ["dag", "pipeline"]))
      .slice(0, parameters.limit);
  },
});

/** Whether a day has more versions, or as many and came earlier. */
function busier(a: SqlRow, b: SqlRow): boolean {
  const [own, other] = [Number(a.versions), Number(b.versions)];
  return own > other || (own === other && String(a.date) < String(b.date));
}
