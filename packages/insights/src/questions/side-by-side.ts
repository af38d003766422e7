import { limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import { InsightsError } from "../errors.ts";
import { SECOND } from "../moments.ts";
import { type AnswerColumn, defineQuestion, type SqlRow } from "../question.ts";

const ENOUGH_FOR_P95 = 3;
const ENOUGH_FOR_LANDING = 5;

const text = (description: string) => ({ type: "text", description }) as const satisfies AnswerColumn;
const count = (description: string) => ({ type: "integer", description }) as const satisfies AnswerColumn;
const number = (unit: string, description: string) =>
  ({ type: "number", nullable: true, unit, description }) as const satisfies AnswerColumn;

export const sideBySide = defineQuestion({
  name: "side_by_side",
  sentence: "How do Airflow and Dagster compare for work that runs on both?",
  limits: "Pairs are matched by name. Whether they do the same work is unknown.",
  tables: ["airflow_dag_runs", "dagster_runs"],
  parameters: {
    pairs: {
      type: "list",
      default: [],
      description:
        "Pairs of a DAG and a job, as { airflow, dagster }. Default: those whose names differ at most in case and in -, ., / and _.",
    },
    ...staleParameter,
    ...limitParameter(200),
  },
  columns: {
    name: text("The pair's DAG; (all) for everything on either side."),
    airflow: text("The DAG."),
    dagster: text("The job."),
    airflow_runs: count("The DAG's runs that ended in the window."),
    dagster_runs: count("The job's runs; re-executions count once."),
    airflow_rate: number("%", "Share of successes among those that succeeded or failed."),
    dagster_rate: number("%", "The same for the job."),
    airflow_median: number("s", "Median duration of successes that were not re-runs."),
    dagster_median: number("s", "The same for the job."),
    airflow_p95: number("s", "Their 95th percentile; null with fewer than 3."),
    dagster_p95: number("s", "The same for the job."),
    airflow_landing_p90: number(
      "s",
      "Time after they were due by which 90 % of scheduled runs had succeeded; null with fewer than 5.",
    ),
    dagster_landing_p90: number("s", "The same for the job, after its runs were created."),
  },
  chart: { kind: "dumbbell", label: "name", before: "airflow_median", after: "dagster_median" },
  sql: ({ window, parameters }) => `
    WITH finished AS (
      SELECT orchestrator, name, state, CASE WHEN state = 'success' AND is_rerun = 0 THEN duration END AS took,
        CASE WHEN state = 'success' AND is_rerun = 0 AND origin = 'scheduled' AND ended >= run_after
          THEN (ended - run_after) / ${SECOND}.0 END AS landing
      FROM runs r WHERE is_finished = 1 AND ${within("ended", window)} AND ${ofPresentDags("r", "name", parameters)}),
    twice AS (
      SELECT f.*, 0 AS is_total FROM finished f
      UNION ALL SELECT orchestrator, '', state, took, landing, 1 FROM finished),
    measured AS (
      SELECT t.*, ${ranked("took", ["orchestrator", "name", "is_total"])},
        ${ranked("landing", ["orchestrator", "name", "is_total"])}
      FROM twice t)
    SELECT orchestrator, name, is_total, count(*) AS runs, sum(CASE WHEN state = 'success' THEN 1 ELSE 0 END) AS succeeded,
      sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS failed, ${percentile(50, "took")} AS median,
      CASE WHEN count(took) >= ${ENOUGH_FOR_P95} THEN ${percentile(95, "took")} END AS p95,
      CASE WHEN count(landing) >= ${ENOUGH_FOR_LANDING} THEN ${percentile(90, "landing")} END AS landing_p90
    FROM measured GROUP BY orchestrator, name, is_total ORDER BY name, orchestrator`,
  finish: (rows, { parameters }) => {
    const sides = new Map(
      rows.map((row) => [sideKey(String(row.orchestrator), Number(row.is_total) ? null : String(row.name)), row]),
    );
    const given = parameters.pairs.map(pairOf);
    const pairs = given.length > 0 ? given : sameNames(rows);
    const compared = pairs.map((pair) => ({
      name: pair.airflow,
      ...pair,
      ...sidesOf(sides, pair.airflow, pair.dagster),
    }));
    const all = { name: "(all)", airflow: "(all)", dagster: "(all)", ...sidesOf(sides, null, null) };
    return [all, ...compared].slice(0, parameters.limit) as readonly SqlRow[];
  },
});

interface Pair {
  readonly airflow: string;
  readonly dagster: string;
}

function pairOf(value: unknown, index: number): Pair {
  const { airflow, dagster } = (typeof value === "object" && value !== null ? value : {}) as Partial<Pair>;
  if (typeof airflow === "string" && typeof dagster === "string") return { airflow, dagster };
  throw new InsightsError(
    "INVALID_PARAMETER",
    `side_by_side: pairs[${index}] must name a DAG and a job: { airflow: "daily_sales", dagster: "sales" }.`,
  );
}

function sameNames(rows: readonly SqlRow[]): readonly Pair[] {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[-./]/g, "_");
  const namesOf = (orchestrator: string) =>
    rows.filter((row) => row.orchestrator === orchestrator && !Number(row.is_total)).map(({ name }) => String(name));
  const jobs = Map.groupBy(namesOf("dagster"), plain);
  return namesOf("airflow").flatMap((airflow) =>
    (jobs.get(plain(airflow)) ?? []).map((dagster) => ({ airflow, dagster })),
  );
}

/** @param name null for all of them */
function sideKey(orchestrator: string, name: string | null): string {
  return JSON.stringify([orchestrator, name]);
}

function sidesOf(sides: ReadonlyMap<string, SqlRow>, airflow: string | null, dagster: string | null) {
  const columns = Object.entries({ airflow, dagster }).flatMap(([orchestrator, name]) => {
    const side = sides.get(sideKey(orchestrator, name));
    const decided = Number(side?.succeeded ?? 0) + Number(side?.failed ?? 0);
    return Object.entries({
      runs: side?.runs ?? 0,
      rate: side && decided > 0 ? (100 * Number(side.succeeded)) / decided : null,
      median: side?.median ?? null,
      p95: side?.p95 ?? null,
      landing_p90: side?.landing_p90 ?? null,
    }).map(([measure, value]) => [`${orchestrator}_${measure}`, value]);
  });
  return Object.fromEntries(columns);
}
