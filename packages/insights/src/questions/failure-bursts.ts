import { ofPresentDags, staleParameter, within } from "../common.ts";
import { MINUTE, SECOND } from "../moments.ts";
import { type Asking, defineQuestion, type SqlRow } from "../question.ts";

/** Two DAGs are a pair from this many common bursts, and this share of each one's bursts. */
const PAIRED = 3;
const SHARE = 50;
/** The number of names in a row. */
const LISTED = 20;

/** Failed attempts of tasks and failed Dagster runs, with the number of their burst. */
const numbered = ({
  window,
  parameters,
}: Pick<Asking, "window"> & { readonly parameters: { readonly gap: number; readonly include_stale: boolean } }) => `
    failures AS (
      SELECT pipeline, dag_id AS job, dag_id AS name, task_id AS task, hostname, pool, operator, ended
      FROM executions e WHERE is_failed = 1 AND ${within("ended", window)} AND ${ofPresentDags("e", "dag_id", parameters)}
      UNION ALL
      SELECT pipeline, job, name, NULL, NULL, NULL, NULL, ended
      FROM job_runs WHERE state = 'failed' AND ${within("ended", window)}),
    gaps AS (
      SELECT f.*, CASE WHEN ended - lag(ended) OVER (ORDER BY ended) <= ${parameters.gap * MINUTE} THEN 0 ELSE 1 END AS is_new
      FROM failures f),
    numbered AS (SELECT g.*, sum(is_new) OVER (ORDER BY ended) AS burst FROM gaps g)`;

/** What nearly all failures of a burst share. */
const common = (column: string) =>
  `max(CASE WHEN ${column}_count >= 0.8 * burst_count AND ${column} <> '' THEN ${column} END) AS ${column}`;

export const failureBursts = defineQuestion({
  name: "failure_bursts",
  sentence: "Which failures were one incident?",
  limits:
    "Failures form a burst because they are close in time, which says nothing about their cause. If something fails all the time, bursts merge. For Dagster, only runs are known, not steps.",
  tables: ["airflow_task_instances", "dagster_runs"],
  parameters: {
    gap: { type: "number", default: 10, unit: "min", description: "A longer time without failures ends a burst." },
    min: {
      type: "number",
      default: 3,
      unit: "DAGs",
      whole: true,
      least: 1,
      description: "Minimum number of DAGs and jobs in a burst.",
    },
    ...staleParameter,
    limit: {
      type: "number",
      default: 200,
      unit: "rows",
      whole: true,
      least: 1,
      description: "Maximum number of bursts (the largest), and of pairs.",
    },
  },
  columns: {
    kind: { type: "text", description: "burst, or pair (two that fail in the same bursts)." },
    start: { type: "moment", description: "The first failure." },
    end: { type: "moment", description: "The last one." },
    length: { type: "number", unit: "s", description: "From the first to the last failure." },
    names: { type: "list", description: "The DAGs and jobs, at most 20." },
    dags: { type: "integer", description: "How many there are." },
    bursts: { type: "integer", description: "1, or how many bursts a pair shares." },
    share: {
      type: "number",
      nullable: true,
      unit: "%",
      description: "For a pair: share of the bursts of the one that has more.",
    },
    tasks: { type: "integer", nullable: true, description: "Tasks that failed." },
    executions: { type: "integer", nullable: true, description: "Failed attempts, and failed Dagster runs." },
    hostname: { type: "text", nullable: true, description: "The host of at least 80 % of them." },
    pool: { type: "text", nullable: true, description: "The pool of at least 80 % of them." },
    operator: { type: "text", nullable: true, description: "The operator of at least 80 % of them." },
  },
  chart: { kind: "gantt", label: "kind", start: "start", length: "length" },
  sql: (asking) => `
    WITH ${numbered(asking)},
    counted AS (
      SELECT n.*, count(*) OVER (PARTITION BY burst) AS burst_count,
        ${["hostname", "pool", "operator"].map((name) => `count(*) OVER (PARTITION BY burst, ${name}) AS ${name}_count`).join(", ")}
      FROM numbered n)
    SELECT 'burst' AS kind, burst, min(ended) AS start, max(ended) AS end_, 1 AS bursts, NULL AS share,
      count(DISTINCT pipeline || '/' || job) AS dags, count(DISTINCT pipeline || '/' || job || '/' || task) AS tasks,
      count(*) AS executions, ${["hostname", "pool", "operator"].map(common).join(", ")}
    FROM counted GROUP BY burst HAVING count(DISTINCT pipeline || '/' || job) >= ${asking.parameters.min}
    ORDER BY dags DESC, burst LIMIT ${asking.parameters.limit}`,
  async finish(rows, { query, parameters }) {
    const members = await query(
      (asking) => `
      WITH ${numbered(asking)}
      SELECT burst, pipeline, job, name, min(ended) AS first, max(ended) AS last FROM numbered
      GROUP BY burst, pipeline, job, name ORDER BY burst, name, pipeline, job`,
    );
    const bursts = new Map<number, SqlRow[]>();
    for (const row of members) {
      const burst = bursts.get(Number(row.burst));
      if (burst) burst.push(row);
      else bursts.set(Number(row.burst), [row]);
    }
    const named = rows.map((row) => {
      const names = (bursts.get(Number(row.burst)) ?? []).slice(0, LISTED).map(({ name }) => String(name));
      return {
        ...row,
        start: Number(row.start),
        end: Number(row.end_),
        length: (Number(row.end_) - Number(row.start)) / SECOND,
        names,
      };
    });
    named.sort((a, b) => Number(a.start) - Number(b.start));
    return [...named, ...pairsOf([...bursts.values()]).slice(0, parameters.limit)];
  },
});

interface Pair {
  readonly names: [string, string];
  readonly keys: [string, string];
  readonly start: number;
  end: number;
  bursts: number;
}

function pairsOf(bursts: readonly (readonly SqlRow[])[]): readonly SqlRow[] {
  const keyOf = ({ pipeline, job }: SqlRow) => JSON.stringify([pipeline, job]);
  const counts = new Map<string, number>();
  for (const row of bursts.flat()) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  const pairs = new Map<string, Pair>();
  for (const burst of bursts) {
    // Only these can be in enough bursts. Otherwise a burst of everything would make a million pairs.
    const often = burst.filter((row) => (counts.get(keyOf(row)) as number) >= PAIRED);
    for (const [index, a] of often.entries()) {
      for (const b of often.slice(index + 1)) {
        const keys: [string, string] = [keyOf(a), keyOf(b)];
        const [start, end] = [Math.min(Number(a.first), Number(b.first)), Math.max(Number(a.last), Number(b.last))];
        const pair = pairs.get(keys.join()) ?? { names: [String(a.name), String(b.name)], keys, start, end, bursts: 0 };
        pair.bursts++;
        pair.end = end;
        pairs.set(keys.join(), pair);
      }
    }
  }
  const nothing = { tasks: null, executions: null, hostname: null, pool: null, operator: null };
  return [...pairs.values()]
    .map(({ keys, ...pair }): SqlRow => {
      const share = (pair.bursts * 100) / Math.max(...keys.map((key) => counts.get(key) as number));
      return { kind: "pair", dags: 2, share, length: (pair.end - pair.start) / SECOND, ...nothing, ...pair };
    })
    .filter(({ bursts, share }) => Number(bursts) >= PAIRED && Number(share) > SHARE)
    .sort((a, b) => Number(b.bursts) - Number(a.bursts) || String(a.names).localeCompare(String(b.names)));
}
