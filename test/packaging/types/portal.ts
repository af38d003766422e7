/** A program of both clients as somebody with a public tsconfig writes it: without DOM, and with everything strict. */
import {
  type Backfill,
  createAirflowClient,
  type DagRun,
  dagRuns,
  type List,
  type Pool,
  taskInstances,
  type Variable,
} from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";

const maybe = undefined as string | undefined;
const limits = { signal: undefined, timeoutMs: undefined, retries: undefined };
const headers: readonly (readonly [string, string])[] = [["x-key", "value"]];

export const airflow = createAirflowClient({ url: "http://airflow.test", headers, ...limits });
export const dagster = createDagsterClient({ url: "http://dagster.test", headers: new Headers(), ...limits });

// @ts-expect-error A number is no headers: their type must not be any.
createAirflowClient({ url: "http://airflow.test", headers: 42 });
// @ts-expect-error Nor for the other client.
createDagsterClient({ url: "http://dagster.test", headers: 42 });

export async function screen(): Promise<readonly string[]> {
  const options = { dagId: maybe, run_id_pattern: maybe, state: ["failed"], orderBy: "-run_after", first: 20 } as const;
  const list: List<DagRun> = dagRuns.list(airflow, options, limits);
  const lines: string[] = [];
  for await (const run of list) {
    const { state } = await dagRuns.get(airflow, run);
    for await (const task of taskInstances.list(airflow, { run, start_date_gte: new Date() })) {
      const tries = await taskInstances.tries(airflow, task).toArray();
      lines.push(`${state} ${task.task_id} ${tries.length}`);
    }
  }
  return lines;
}

export const row = (one: Pool | Variable | Backfill): object => one;

export const misspelled = [
  // @ts-expect-error There is no such state.
  () => dagRuns.list(airflow, { state: ["faild"] }),
  // @ts-expect-error Servers cannot sort by it.
  () => dagRuns.list(airflow, { orderBy: "next_dagrun_run_after" }),
  // @ts-expect-error Nor is this a kind of run.
  () => dagRuns.list(airflow, { run_type: ["hourly"] }),
];
