import { type AirflowClient, dagRuns } from "@org/airflow-client";

/** What is tested: the ids of the runs that failed, oldest first. */
export async function failedRuns(airflow: AirflowClient): Promise<string[]> {
  const ids: string[] = [];
  for await (const run of dagRuns.list(airflow, { state: ["failed"] })) ids.push(run.dag_run_id);
  return ids;
}
