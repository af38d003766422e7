import { ofPresentDags, ofRegularRuns, staleParameter, within } from "../common.ts";
import { percentile, ranked } from "../dialect.ts";
import type { Micros, Window } from "../moments.ts";
import { defineQuestion, type SqlRow } from "../question.ts";

/** With fewer waits a 95th percentile is meaningless. */
const ENOUGH_WAITS = 5;

export const keyNumbers = defineQuestion({
  name: "key_numbers",
  sentence: "How are things going, in five numbers?",
  limits:
    "Tasks of Dagster's runs are not in the tables: its hours are those of whole runs, and its waits those of runs.",
  tables: ["airflow_dag_runs", "airflow_task_instances", "dagster_runs"],
  parameters: { ...staleParameter },
  columns: {
    number: { type: "text", description: "success rate, failing, queue wait (p95), execution hours or retry hours." },
    value: { type: "number", nullable: true, description: "Value in the window; for failing, at its end." },
    before: { type: "number", nullable: true, description: "Value in the previous window." },
    change: { type: "number", nullable: true, description: "Difference of the two." },
    unit: { type: "text", description: "Unit: %, jobs, s or h." },
    meaning: { type: "text", description: "Meaning, as a sentence." },
  },
  chart: { kind: "stats" },
  sql: ({ window, previous, asOf, parameters }) => {
    const numbersOf = ({ from, to }: Window, isLast: boolean) => {
      const ended = within("ended", { from, to });
      return `SELECT ${isLast ? 1 : 0} AS is_current, counted.*, waits.*, failing.*, worked.* FROM
        (SELECT sum(CASE WHEN state = 'success' THEN 1 ELSE 0 END) AS succeeded, sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS failed
          FROM plain_runs r WHERE ${ended} AND ${ofPresentDags("r", "name", parameters)}) AS counted,
        (SELECT ${percentile(95, "wait")} AS wait, count(*) AS waits FROM
          (SELECT w.wait, ${ranked("wait", [])} FROM waited w WHERE ${within("started", { from, to })}) AS sorted) AS waits,
        (SELECT count(*) AS failing FROM (${latest(isLast && to >= asOf ? undefined : to)}) AS last_runs
          WHERE place = 1 AND state = 'failed') AS failing,
        (SELECT sum(duration) AS worked, sum(CASE WHEN is_failed = 1 THEN duration END) AS lost FROM work WHERE ${ended}) AS worked`;
    };
    const latest = (before: Micros | undefined) => `SELECT state, row_number() OVER (
        PARTITION BY orchestrator, pipeline, job ORDER BY ended DESC, run_id DESC) AS place
      FROM plain_runs r WHERE state IN ('success', 'failed') AND ended IS NOT NULL ${before === undefined ? "" : `AND ended < ${before}`}
        AND ${ofRegularRuns("r", { all_types: false })} AND ${ofPresentDags("r", "name", parameters)}`;
    return `
      WITH waited AS (
        SELECT started, queue_wait AS wait FROM executions e WHERE queue_wait IS NOT NULL AND ${ofPresentDags("e", "dag_id", parameters)}
        UNION ALL
        SELECT started, (started - queued) / 1000000.0 FROM job_runs WHERE started >= queued),
      work AS (
        SELECT ended, duration, is_failed FROM executions e WHERE ${ofPresentDags("e", "dag_id", parameters)}
        UNION ALL
        SELECT ended, duration, CASE WHEN state = 'failed' THEN 1 ELSE 0 END FROM job_runs)
      ${numbersOf(window, true)} UNION ALL ${numbersOf(previous, false)}`;
  },
  finish: (rows) => {
    const of = (isCurrent: boolean) => rows.find((row) => (Number(row.is_current) === 1) === isCurrent) ?? {};
    const [now, before] = [of(true), of(false)];
    return numbers.map(({ number, unit, meaning, read }) => {
      const [value, earlier] = [read(now), read(before)];
      const change = value === null || earlier === null ? null : value - earlier;
      return { number, value, before: earlier, change, unit, meaning };
    });
  },
});

const hours = (seconds: unknown) => Number(seconds ?? 0) / 3600;

/** In the order in which they are shown. */
const numbers = [
  {
    number: "success rate",
    unit: "%",
    meaning: "Share of successes among runs that succeeded or failed.",
    read: ({ succeeded, failed }: SqlRow) => {
      const all = Number(succeeded ?? 0) + Number(failed ?? 0);
      return all === 0 ? null : (Number(succeeded) * 100) / all;
    },
  },
  {
    number: "failing",
    unit: "jobs",
    meaning: "DAGs and jobs whose last run failed.",
    read: ({ failing }: SqlRow) => Number(failing ?? 0),
  },
  {
    number: "queue wait (p95)",
    unit: "s",
    meaning: "95 % of tasks and Dagster runs waited no longer than this to start.",
    read: ({ wait, waits }: SqlRow) => (Number(waits ?? 0) < ENOUGH_WAITS ? null : Number(wait)),
  },
  {
    number: "execution hours",
    unit: "h",
    meaning: "Total running time of tasks and Dagster runs.",
    read: ({ worked }: SqlRow) => hours(worked),
  },
  {
    number: "retry hours",
    unit: "h",
    meaning: "The part of it spent in failed attempts.",
    read: ({ lost }: SqlRow) => hours(lost),
  },
];
