import { jobColumns, limitParameter, ofPresentDags, staleParameter, wilson, within } from "../common.ts";
import { defineQuestion } from "../question.ts";

/** With fewer runs a change of the rate is meaningless. */
const ENOUGH_RUNS = 10;

export const successRate = defineQuestion({
  name: "success_rate",
  sentence: "How often does each DAG or job succeed, and is that changing?",
  tables: ["airflow_dag_runs", "dagster_runs"],
  parameters: { ...staleParameter, ...limitParameter(1000) },
  columns: {
    ...jobColumns,
    runs: { type: "integer", description: "Runs that ended in the window, including canceled ones." },
    succeeded: { type: "integer", description: "How many succeeded." },
    failed: { type: "integer", description: "How many failed." },
    canceled: { type: "integer", description: "How many were canceled, which is neither success nor failure." },
    running: { type: "integer", description: "Runs that have started and not ended." },
    rate: {
      type: "number",
      nullable: true,
      unit: "%",
      description: "Share of successes among those that succeeded or failed.",
    },
    low: {
      type: "number",
      nullable: true,
      unit: "%",
      description: "Lower bound of the rate's 95 % interval (Wilson).",
    },
    high: { type: "number", nullable: true, unit: "%", description: "Upper bound." },
    previous_rate: { type: "number", nullable: true, unit: "%", description: "Rate in the previous window." },
    change: {
      type: "number",
      nullable: true,
      unit: "points",
      description: "Difference of the two; null with fewer than 10 runs in either, or if their intervals overlap.",
    },
  },
  chart: { kind: "bars", label: "name", value: "rate" },
  sql: ({ window, previous, parameters }) => `
    SELECT orchestrator, pipeline, name, job,
      sum(is_current) AS runs,
      sum(CASE WHEN state = 'success' THEN is_current ELSE 0 END) AS succeeded,
      sum(CASE WHEN state = 'failed' THEN is_current ELSE 0 END) AS failed,
      sum(CASE WHEN state = 'canceled' THEN is_current ELSE 0 END) AS canceled,
      sum(CASE WHEN state = 'running' THEN 1 ELSE 0 END) AS running,
      sum(CASE WHEN state = 'success' THEN is_previous ELSE 0 END) AS succeeded_before,
      sum(CASE WHEN state = 'failed' THEN is_previous ELSE 0 END) AS failed_before
    FROM (SELECT r.*,
        CASE WHEN is_finished = 1 AND ${within("ended", window)} THEN 1 ELSE 0 END AS is_current,
        CASE WHEN is_finished = 1 AND ${within("ended", previous)} THEN 1 ELSE 0 END AS is_previous
      FROM plain_runs r WHERE ${ofPresentDags("r", "name", parameters)}) AS counted
    GROUP BY orchestrator, pipeline, name, job
    HAVING sum(is_current) + sum(CASE WHEN state = 'running' THEN 1 ELSE 0 END) > 0
    ORDER BY failed DESC, runs DESC, name, pipeline, job LIMIT ${parameters.limit}`,
  finish: (rows) =>
    rows.map((row) => {
      const [now, before] = [
        rateOf(Number(row.succeeded), Number(row.failed)),
        rateOf(Number(row.succeeded_before), Number(row.failed_before)),
      ];
      const { rate = null, low = null, high = null } = now ?? {};
      return { ...row, rate, low, high, previous_rate: before?.rate ?? null, change: changeOf(now, before) };
    }),
});

interface Rate {
  readonly trials: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

function rateOf(succeeded: number, failed: number): Rate | undefined {
  const trials = succeeded + failed;
  return trials === 0 ? undefined : { trials, rate: (succeeded / trials) * 100, ...wilson(succeeded, trials) };
}

function changeOf(now: Rate | undefined, before: Rate | undefined): number | null {
  if (!now || !before || now.trials < ENOUGH_RUNS || before.trials < ENOUGH_RUNS) return null;
  return now.low > before.high || now.high < before.low ? now.rate - before.rate : null;
}
