/** The demo's servers at many times of the day: only what is meant to be wrong is wrong, on later visits too. */
import { airflowIncidents } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { createWorlds } from "../scripts/demo/simulated.ts";

const minuteMs = 60_000;
const monday = Date.UTC(2026, 10, 30);
/** Spread over a week and all parts of an hour, with visits that are hours apart. */
const histories = Array.from({ length: 10 }, (_, index) => {
  const first = monday + index * 1007 * minuteMs;
  const visits = [first, first + (130 + index * 47) * minuteMs, first + (400 + index * 121) * minuteMs];
  return { since: new Date(first).toISOString(), visits };
});

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] as number;

/** Durations that our question on anomalies would show: far from the median of the 30 before them. */
function unusual(durations: readonly number[]): number[] {
  return durations.filter((seconds, index) => {
    const before = durations.slice(Math.max(0, index - 30), index);
    if (before.length < 10) return false;
    const usual = median(before);
    const spread = Math.max(median(before.map((each) => Math.abs(each - usual))), usual / 20, 1);
    return Math.abs(seconds - usual) >= 30 && (0.6745 * Math.abs(seconds - usual)) / spread >= 3.5;
  });
}

interface Timed {
  readonly dag: string;
  readonly name: string;
  readonly state: string;
  readonly start: number;
  readonly seconds: number;
}

/** Runs and task instances in order of their starts. */
function timed(rows: readonly Readonly<Record<string, unknown>>[]): Timed[] {
  const moment = (value: unknown) => Date.parse(String(value));
  return rows
    .filter(({ start_date, end_date }) => start_date !== null && end_date !== null)
    .map(({ dag_id, task_id = "", map_index = "", state, start_date, end_date }) => ({
      dag: String(dag_id),
      name: `${dag_id} ${task_id} ${map_index}`,
      state: String(state),
      start: moment(start_date),
      seconds: (moment(end_date) - moment(start_date)) / 1000,
    }))
    .sort((a, b) => a.start - b.start);
}

test.for(histories)(
  "in the demo visited since $since, nothing takes unusually long, and what is broken stays so",
  ({ visits }) => {
    const { broken, slower, flaky } = airflowIncidents((visits[0] as number) * 1000);
    const { airflow, dagster } = createWorlds(visits);
    const { airflow_dag_runs, airflow_task_instances } = airflow.rows();
    const runs = timed(airflow_dag_runs);
    // A cleared run that is set to success again takes no time.
    const usual = [...runs, ...timed(airflow_task_instances)].filter(
      ({ dag, state, seconds }) => state === "success" && seconds >= 1 && dag !== slower.dagId && dag !== flaky.dagId,
    );
    for (const [name, all] of Map.groupBy(usual, (each) => each.name)) {
      expect(unusual(all.map(({ seconds }) => seconds)), name).toEqual([]);
    }
    const jobs = dagster
      .rows()
      .dagster_runs.filter(({ status }) => status === "SUCCESS")
      .map(({ pipeline_name, start_time, end_time }) => ({
        dag_id: pipeline_name,
        start_date: start_time,
        end_date: end_time,
      }));
    for (const [job, runs] of Map.groupBy(timed(jobs), ({ dag }) => dag)) {
      expect(unusual(runs.map(({ seconds }) => seconds)), job).toEqual([]);
    }
    const ofBroken = runs.filter(({ dag }) => dag === broken.dagId);
    expect(ofBroken.slice(-3).map(({ state }) => state)).toEqual(["failed", "failed", "failed"]);
  },
);
